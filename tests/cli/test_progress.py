import pytest

from napari_drpnet.cli.progress import MicrographBar


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_rate_and_time_left(clock):
    with MicrographBar(11, clock) as bar:
        assert bar.per_minute is None
        bar.advance(0, 11, "micrographs")
        clock.now = 30
        bar.finish_one()
        assert bar.per_minute == 2
        assert bar.seconds_left == 300


def test_what_was_finished_before_says_nothing_about_the_rate(clock):
    with MicrographBar(11, clock) as bar:
        for _ in range(5):
            bar.finish_one(earlier=True)
        assert bar.seconds_left is None
        bar.advance(1, 4, "distance map")
        clock.now = 6
        bar.finish_one()
        assert bar.per_minute == 10
        assert bar.seconds_left == 30


def test_without_an_end_there_is_a_rate_alone(clock):
    with MicrographBar(None, clock) as bar:
        bar.advance(1, 4, "distance map")
        clock.now = 60
        bar.finish_one()
        assert bar.per_minute == 1
        assert bar.seconds_left is None


@pytest.mark.parametrize(
    ("total", "line"),
    [(4, " 25% {} 1.0/4 micrographs, 2.0/min, 01:30 left "), (None, "1.0 micrographs, 2.0/min ")],
)
def test_the_line(clock, monkeypatch, total, line):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with MicrographBar(total, clock) as bar:
        bar.advance(0, 4, "micrographs")
        clock.now = 30
        bar.finish_one()
        before, _, after = line.rpartition("{}")
        assert str(bar._bar).startswith(before)
        assert str(bar._bar).endswith(after)
