import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("qtpy")

from qtpy.QtCore import Qt

from napari_drpnet.plugin.panels.progress import JobProgress
from napari_drpnet.project.jobs.lanes import JobStatus


@pytest.fixture
def progress(qtbot):
    progress = JobProgress()
    qtbot.addWidget(progress)
    return progress


def test_it_is_there_while_there_is_work(progress, qtbot):
    assert progress.isHidden()
    progress.show_status("Picking", JobStatus("pick all", "running", "mic13.mrc", 12, 200))
    assert progress.isVisible()
    assert progress.label.text() == "Picking 13 of 200"
    assert progress.label.toolTip() == "mic13.mrc"
    assert (progress.bar.value(), progress.bar.maximum()) == (12, 200)
    with qtbot.waitSignal(progress.cancelled):
        qtbot.mouseClick(progress.cancel, Qt.MouseButton.LeftButton)
    progress.show_status("Picking", JobStatus("pick all", "idle"))
    assert progress.isHidden()


def test_the_room_for_the_text_does_not_grow_with_the_numbers(progress):
    progress.show_status("Picking", JobStatus("pick all", "running", "mic1.mrc", 0, 1000))
    width = progress.label.sizeHint().width(), progress.label.minimumWidth()
    progress.show_status("Picking", JobStatus("pick all", "running", "mic9.mrc", 999, 1000))
    assert progress.label.minimumWidth() == width[1] >= progress.label.sizeHint().width()


def test_work_without_parts_is_a_bar_that_moves(progress):
    progress.show_status("Opening", JobStatus("list", "waiting"))
    assert progress.label.text() == "Opening…"
    assert progress.bar.maximum() == 0
    progress.show_status("Opening", JobStatus("list", "running", "the sample micrograph"))
    assert progress.label.text() == "Opening the sample micrograph…"


def test_it_is_cancelled_once(progress):
    progress.show_status("Picking", JobStatus("pick all", "cancelling", "mic13.mrc", 12, 200))
    assert progress.label.text() == "Cancelling…"
    assert not progress.cancel.isEnabled()
    progress.show_status("Picking", JobStatus("pick all", "running", "mic1.mrc", 0, 200))
    assert progress.cancel.isEnabled()
