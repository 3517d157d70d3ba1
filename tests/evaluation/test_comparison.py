from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.evaluation.comparison import compare, read_positions
from napari_drpnet.formats import Coordinates, write_coordinates

TRUTH = [[50, 50], [150, 50], [250, 50], [350, 50]]


def write(path, count, names=None):
    rows = np.arange(2.0 * count).reshape(count, 2)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_coordinates(path, Coordinates(rows, np.ones(count), names, box_size_px=10.0))


def sizes(source, *names):
    return {
        name: len(centers) for name, centers in read_positions(Path(source), names, "truth").items()
    }


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_accepted_picks_are_counted_and_candidates_make_the_curve():
    candidates = [[53, 54], [150, 50], [250, 50], [700, 700]]
    accepted = [candidates[0], candidates[1], candidates[3]]
    result = compare(accepted, candidates, [0.9, 0.8, 0.7, 0.75], TRUTH, 40)
    assert (result.tally.true_positives, result.tally.picks, result.tally.particles) == (2, 3, 4)
    assert result.tally.rates.precision == pytest.approx(2 / 3)
    assert result.tally.rates.recall == 0.5
    assert result.median_centring_error_px == pytest.approx(2.5)  # of 5 and 0
    assert result.curve.thresholds.tolist() == [0.9, 0.8, 0.75, 0.7]
    assert result.curve.true_positives.tolist() == [1, 2, 2, 3]
    assert result.best.threshold == 0.7
    assert result.best.rates.f1 == pytest.approx(0.75)


@pytest.mark.parametrize(("distance", "right"), [(20, 1), (20.1, 0)])
def test_a_pair_is_at_most_half_a_diameter_apart(distance, right):
    pick = [[50 + distance, 50]]
    result = compare(pick, pick, [1.0], TRUTH, 40)
    assert result.tally.true_positives == right
    assert result.curve.true_positives.tolist() == [right]


def test_an_accepted_pick_need_not_be_a_candidate():
    """A person may add one."""
    result = compare(TRUTH, [], [], TRUTH, 40)
    assert result.tally.rates == (1, 1, 1)
    assert result.curve.thresholds.size == 0
    assert result.best is None


def test_nothing_picked_and_nothing_there():
    result = compare([], [], [], [], 40)
    assert result.tally.rates == (1, 1, 1)
    assert result.median_centring_error_px is None
    assert result.best is None


@pytest.mark.parametrize(
    ("scores", "diameter_px"), [([1.0], 40), ([1.0, np.nan], 40), ([1.0, 1.0], 0)]
)
def test_what_cannot_be_compared_is_refused(scores, diameter_px):
    with pytest.raises(ValueError, match=r"scores|diameter"):
        compare([], [[1, 2], [3, 4]], scores, TRUTH, diameter_px)


@pytest.mark.parametrize("suffix", [".star", ".csv", ".box"])
def test_truth_in_a_folder_is_found_by_name(suffix):
    write(f"truth/a{suffix}", 3)
    write(f"truth/sub/b_autopick{suffix}", 4)
    write(f"truth/c{suffix}", 5)
    names = ("in/a.mrc", "MotionCorr/job002/b.tif", "none.mrc")
    assert sizes("truth", *names) == {"in/a.mrc": 3, "MotionCorr/job002/b.tif": 4}


def test_positions_are_rows_then_columns():
    Path("truth.csv").write_text("x,y\n7,9.5\n")
    assert read_positions(Path("truth.csv"), ["a.mrc"], "truth")["a.mrc"].tolist() == [[9.5, 7]]


def test_one_file_and_one_micrograph_belong_together():
    write("yours.csv", 2)
    assert sizes("yours.csv", "in/mine.mrc") == {"in/mine.mrc": 2}


def test_one_file_about_one_of_many_micrographs():
    write("a.box", 2)
    assert sizes("a.box", "in/a.mrc", "in/b.mrc") == {"in/a.mrc": 2}


@pytest.mark.parametrize("suffix", [".star", ".csv"])
def test_a_file_may_hold_many_micrographs(suffix):
    write(f"all{suffix}", 3, ("m/a.mrc", "m/b.mrc", "m/a.mrc"))
    assert sizes(f"all{suffix}", "in/a.mrc", "in/b.mrc") == {"in/a.mrc": 2, "in/b.mrc": 1}
    assert sizes(f"all{suffix}", "in/a.mrc") == {"in/a.mrc": 2}


def test_equal_names_in_two_folders_keep_their_folders():
    for folder, count in (("g1", 1), ("g2", 2)):
        write(f"truth/{folder}/a.csv", count)
    assert sizes("truth", "g1/a.mrc", "g2/a.mrc") == {"g1/a.mrc": 1, "g2/a.mrc": 2}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere", "no such file"),
        ("empty", "no .csv, .cbox, .star"),
        ("truth", "no truth of these"),
    ],
)
def test_truth_that_is_not_there_is_an_error(source, message):
    Path("empty").mkdir()
    write("truth/b.csv", 1)
    with pytest.raises(InputFileError, match=message):
        read_positions(Path(source), ["a.mrc"], "truth")


def test_each_pick_is_right_or_wrong_and_each_particle_found_or_missed():
    truth = [[10.0, 10.0], [50.0, 50.0]]
    picks = [[10.0, 11.0], [90.0, 90.0], [10.0, 12.0]]
    result = compare(picks, picks, [3.0, 2.0, 1.0], truth, 20.0)
    assert result.is_right.tolist() == [True, False, False]
    assert result.is_found.tolist() == [True, False]
