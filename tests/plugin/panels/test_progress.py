import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("qtpy")

from qtpy.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_drpnet.plugin.panels.progress import JobProgress
from napari_drpnet.project.jobs.lanes import JobStatus

IDLE = JobStatus("train", "idle")
RUNNING = JobStatus("train", "running", "training", 2, 5)
CANCELLING = JobStatus("train", "cancelling", "training", 2, 5)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def window(qtbot, clock):
    """A window with the progress of a job, the button that starts it, and a field beside it."""
    window = QWidget()
    window.start, window.field = QPushButton("Train"), QLineEdit()
    window.progress = JobProgress((window.start,), clock=clock)
    layout = QVBoxLayout(window)
    layout.addWidget(window.progress)
    layout.addWidget(window.field)
    qtbot.addWidget(window)
    window.resize(400, 80)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    return window


@pytest.fixture
def progress(window):
    return window.progress


@pytest.fixture
def after(progress, clock):
    """A function that returns what the bar says some seconds later."""

    def describe(seconds, done, total=10, stage="training", verb=""):
        clock.now += seconds
        progress.show_status(JobStatus("train", "running", stage, done, total), verb)
        return progress.bar.text()

    return describe


# ---- buttons


def test_progress_takes_the_place_of_the_buttons_and_gives_it_back(window, progress):
    assert not progress.is_at_work
    progress.show_status(RUNNING)
    assert progress.is_at_work
    assert not window.start.isVisible()
    assert progress.cancel.isVisible()
    progress.show_status(IDLE)
    assert not progress.is_at_work
    assert window.start.isVisible()


def test_without_buttons_it_is_there_while_there_is_work(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    layout, progress = QVBoxLayout(window), JobProgress()
    layout.addWidget(progress)
    window.show()
    assert not progress.isVisible()
    progress.show_status(RUNNING)
    assert progress.isVisible()
    progress.show_status(IDLE)
    assert not progress.isVisible()


def test_a_job_is_cancelled_once(progress):
    progress.show_status(CANCELLING)
    assert progress.bar.text() == "Cancelling…"
    assert not progress.cancel.isEnabled()
    progress.show_status(RUNNING)
    assert progress.bar.text() == "training 40 %"
    assert progress.cancel.isEnabled()


def test_the_owner_may_bring_its_own_button(qtbot):
    cancel = QPushButton("Cancel training")
    cancel.setToolTip("The networks stay as they are")
    progress = JobProgress((QPushButton("Train"),), cancel)
    qtbot.addWidget(progress)
    assert progress.cancel is cancel
    assert (cancel.text(), cancel.toolTip()) == ("Cancel", "The networks stay as they are")


def test_the_keyboard_goes_with_the_buttons(window, progress, qtbot):
    window.start.setFocus()
    qtbot.waitUntil(window.start.hasFocus)
    progress.show_status(RUNNING)
    assert progress.cancel.hasFocus()
    progress.show_status(IDLE)
    assert window.start.hasFocus()


def test_the_keyboard_is_not_taken_from_elsewhere(window, progress, qtbot):
    window.start.setFocus()
    qtbot.waitUntil(window.start.hasFocus)
    window.field.setFocus()
    progress.show_status(RUNNING)
    assert window.field.hasFocus()
    progress.show_status(IDLE)
    assert window.field.hasFocus()


# ---- stage


def test_a_stage_is_named_with_the_share_that_is_done(progress):
    progress.show_status(RUNNING)
    assert progress.bar.text() == "training 40 %"
    assert progress.bar.toolTip() == "training"


def test_parts_are_counted_where_there_is_a_verb(progress):
    progress.show_status(JobStatus("pick all", "running", "mic13.mrc", 12, 2000), "Picking")
    assert progress.bar.text() == "Picking 13 of 2,000"
    assert progress.bar.toolTip() == "mic13.mrc"
    assert (progress.bar.value(), progress.bar.maximum()) == (12, 2000)
    progress.show_status(JobStatus("pick all", "running", "mic13.mrc", 2000, 2000), "Picking")
    assert progress.bar.text() == "Picking 2,000 of 2,000"


def test_work_without_parts_is_named(progress):
    progress.show_status(JobStatus("list", "waiting"))
    assert progress.bar.text() == "waiting…"
    progress.show_status(JobStatus("list", "running"))
    assert progress.bar.text() == "starting…"
    progress.show_status(JobStatus("list", "waiting"), "Opening")
    assert progress.bar.text() == "Opening…"
    progress.show_status(JobStatus("list", "running", "the sample micrograph"), "Opening")
    assert progress.bar.text() == "Opening the sample micrograph…"


def test_a_stage_without_room_is_in_the_tooltip_only(window, progress, after):
    window.resize(260, 80)
    stage = "looking at labels of many micrographs"
    after(0, 0, stage=stage)
    assert after(4, 2, stage=stage) == "20 %, 16 s left"
    assert progress.bar.toolTip() == stage


# ---- time left


def test_it_goes_on_as_fast_as_it_went(after):
    assert after(0, 0) == "training 0 %"
    assert after(4, 2) == "training 20 %, 16 s left"
    assert after(1, 5) == "training 50 %, 5 s left"


def test_long_times_are_in_minutes(after):
    after(0, 0)
    assert after(60, 1) == "training 10 %, 9 min left"


def test_it_counts_from_where_it_began_to_look(after):
    after(0, 5)
    assert after(3, 8) == "training 80 %, 2 s left"


def test_another_stage_has_another_pace(after):
    after(0, 0)
    assert after(2, 1) == "training 10 %, 18 s left"
    assert after(2, 2, stage="reading") == "reading 20 %"
    assert after(1, 6, stage="reading") == "reading 60 %, 1 s left"


def test_parts_that_are_counted_have_one_pace(after):
    after(0, 0, stage="mic1.mrc", verb="Picking")
    assert after(4, 2, stage="mic3.mrc", verb="Picking") == "Picking 3 of 10, 16 s left"


def test_the_same_again_begins_anew(after):
    after(0, 0)
    after(9, 9)
    assert after(100, 0) == "training 0 %"
    assert after(1, 1) == "training 10 %, 9 s left"


def test_at_the_end_of_a_stage_no_time_is_promised(after):
    after(0, 0)
    assert after(9, 9) == "training 90 %, 1 s left"
    for _ in range(2):
        assert after(5, 10) == "training, almost done…"


def test_in_the_first_moment_nobody_can_tell(after):
    after(0, 0)
    assert after(0.1, 1) == "training 10 %"
