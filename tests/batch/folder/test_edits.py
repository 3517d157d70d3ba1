import os
from pathlib import Path

import pytest

from napari_drpnet.batch import Outputs
from napari_drpnet.batch.results.statistics import read_statistics
from napari_drpnet.formats import read_coordinates

pytestmark = pytest.mark.usefixtures("use_toy_weights")
PICKS = Path("out/sub/m1_autopick.star")


@pytest.fixture
def edit(pick):
    """A function that picks, replaces the rows of a file, and continues."""

    def edit(change, path=PICKS, **settings):
        pick(**settings)
        later = Path("out/.drpnet/sub/m1.json").stat().st_mtime_ns + 10**9
        path.write_text(change(path.read_text()))
        os.utime(path, ns=(later, later))
        return pick(existing="resume", **settings)

    return edit


def without_last_row(text):
    return "\n".join(text.rstrip().split("\n")[:-1]) + "\n"


def with_a_row_of_relion(text):
    return f"{text.rstrip()}\n 20.0 30.0 -999.0 2 -999.0 1\n"


def test_a_continued_run_counts_picks_that_were_removed(edit):
    report = edit(without_last_row)
    assert [picked.accepted for picked in report.picked] == [16, 15, 16]
    assert [picked.edited for picked in report.picked] == [False, True, False]
    assert report.picked[1].expected_f1 is None
    assert report.picked[0].expected_f1 is not None
    assert "in/sub/m1.mrc,15," in Path("out/summary.csv").read_text()
    assert [each.count for each in read_statistics(Path("out"))] == [16, 15, 16]
    assert len(read_coordinates(PICKS)) == 15


def test_picks_that_were_added_have_no_score(edit):
    unchanged, edited, _ = edit(with_a_row_of_relion).picked
    assert (edited.accepted, edited.above_threshold) == (17, 17)
    assert edited.mean_fom == pytest.approx(unchanged.mean_fom, abs=1e-5)


def test_no_pick_is_left(edit):
    edited = edit(lambda text: "").picked[1]
    assert (edited.accepted, edited.mean_fom, edited.fom_quantiles) == (0, None, ())


def test_of_several_files_the_newest_counts(edit):
    path = PICKS.with_suffix(".box")
    out = Outputs(Path("out"), (".star", ".box"))
    assert edit(without_last_row, path, out=out).picked[1].accepted == 15


@pytest.mark.parametrize("change", [str, lambda text: "nonsense"])
def test_a_copy_or_a_damaged_file_changes_no_number(edit, change):
    edited = edit(change).picked[1]
    assert (edited.accepted, edited.edited) == (16, False)
    assert edited.expected_f1 is not None
