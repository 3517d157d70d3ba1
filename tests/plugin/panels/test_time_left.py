import pytest

pytest.importorskip("qtpy")

from napari_drpnet.plugin.panels.time_left import TimeLeft
from napari_drpnet.project.jobs.lanes import JobStatus


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def after(clock):
    """A function that tells what is said some seconds later."""
    time_left = TimeLeft(clock)

    def describe(seconds, done, total=10, stage="training"):
        clock.now += seconds
        return time_left.describe(JobStatus("train", "running", stage, done, total))

    return describe


def test_it_goes_on_as_fast_as_it_went(after):
    assert after(0, 0) == ""
    assert after(4, 2) == "16 s left"
    assert after(1, 5) == "5 s left"


def test_long_times_are_in_minutes(after):
    after(0, 0)
    assert after(60, 1) == "9 min left"


def test_it_counts_from_where_it_began_to_look(after):
    after(0, 5)
    assert after(3, 8) == "2 s left"


def test_another_stage_has_another_pace(after):
    after(0, 0)
    assert after(2, 1) == "18 s left"
    assert after(2, 2, stage="reading") == ""
    assert after(1, 6, stage="reading") == "1 s left"


def test_the_same_again_begins_anew(after):
    after(0, 0)
    after(9, 9)
    assert after(100, 0) == ""
    assert after(1, 1) == "9 s left"


def test_in_the_first_moment_nobody_can_tell(after):
    after(0, 0)
    assert after(0.1, 1) == ""
    assert after(5, 0, total=0) == ""
