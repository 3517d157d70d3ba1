import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("qtpy")

from qtpy.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_drpnet.plugin.panels.run_stack import RunStack
from napari_drpnet.project.jobs.lanes import JobStatus

IDLE = JobStatus("train", "idle")
RUNNING = JobStatus("train", "running", "training", 2, 5)


@pytest.fixture
def window(qtbot):
    """A window with a stack, its buttons, and a field beside it."""
    window = QWidget()
    window.start, window.cancel, window.field = QPushButton("Train"), QPushButton(), QLineEdit()
    window.stack = RunStack((window.start,), window.cancel)
    layout = QVBoxLayout(window)
    layout.addWidget(window.stack)
    layout.addWidget(window.field)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    return window


def test_progress_takes_the_place_of_the_buttons_and_gives_it_back(window):
    window.stack.show_status(RUNNING, "%p %, 3 s left")
    assert window.stack.is_at_work
    assert not window.start.isVisible()
    assert window.cancel.isVisible()
    assert window.stack.progress.text() == "40 %, 3 s left"
    window.stack.show_status(IDLE, "")
    assert not window.stack.is_at_work
    assert window.start.isVisible()


def test_who_has_cancelled_need_not_press_again(window):
    window.stack.show_status(JobStatus("train", "cancelling", "training", 2, 5), "")
    assert (window.cancel.text(), window.cancel.isEnabled()) == ("Cancelling…", False)
    window.stack.show_status(RUNNING, "")
    assert (window.cancel.text(), window.cancel.isEnabled()) == ("Cancel", True)


def test_the_keyboard_goes_with_the_buttons(window, qtbot):
    window.start.setFocus()
    qtbot.waitUntil(window.start.hasFocus)
    window.stack.show_status(RUNNING, "")
    assert window.cancel.hasFocus()
    window.stack.show_status(IDLE, "")
    assert window.start.hasFocus()


def test_the_keyboard_is_not_taken_from_elsewhere(window, qtbot):
    window.start.setFocus()
    qtbot.waitUntil(window.start.hasFocus)
    window.field.setFocus()
    window.stack.show_status(RUNNING, "")
    assert window.field.hasFocus()
    window.stack.show_status(IDLE, "")
    assert window.field.hasFocus()
