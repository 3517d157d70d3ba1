import numpy as np
import pytest

from napari_drpnet.formats import Coordinates, write_coordinates


@pytest.fixture
def truth(tmp_path, discs):
    """The true centres of the first two micrographs, in files."""
    for path, centers in list(discs.items())[:2]:
        file = tmp_path / "truth" / f"{path.stem}.csv"
        file.parent.mkdir(exist_ok=True)
        write_coordinates(file, Coordinates(centers, np.ones(len(centers))), (160, 160))
    return tmp_path / "truth"


@pytest.fixture
def compared(picked, truth):
    picked.session.comparison.load(truth)
    picked.finish()
    return picked


def rates(desk):
    desk.finish()
    tally = desk.session.comparison.result.tally
    return tally.true_positives, tally.false_positives, tally.false_negatives


def test_it_follows_labels_and_cuts(compared):
    assert rates(compared) == (16, 0, 0)
    assert compared.session.comparison.result.median_centring_error_px < 3
    compared.current.set_label([0, 1], accepted=False)
    assert rates(compared) == (14, 0, 2)
    compared.current.add([[1.0, 1.0]])
    assert rates(compared) == (14, 1, 2)
    compared.session.change("classifier", accept=0.9)  # all have 0.73
    assert rates(compared) == (0, 1, 16)
    for _ in range(3):
        compared.session.undo()
    assert rates(compared) == (16, 0, 0)


def test_the_curve_is_of_all_that_the_threshold_leaves(compared):
    compared.current.set_label([0], accepted=False)
    compared.finish()
    curve = compared.session.comparison.result.curve
    assert compared.session.comparison.result.best is not None
    assert max(curve.recall) == 1.0


def test_another_micrograph_is_compared_with_its_own_truth(compared, discs):
    comparison, told = compared.session.comparison, []
    comparison.positions_changed.connect(lambda: told.append(comparison.truth_yx))
    compared.session.step(1)
    assert comparison.result is None  # it has no points yet
    np.testing.assert_allclose(told[-1], list(discs.values())[1], atol=0.01)
    compared.pick()
    assert rates(compared) == (16, 0, 0)
    compared.session.step(1)
    compared.pick()
    assert comparison.truth_yx is None
    assert comparison.result is None
    compared.session.step(-1)
    assert rates(compared) == (16, 0, 0)


def test_no_comparison_mixes_two_micrographs(compared):
    """While one is left for the other, points of one never meet the truth of the other."""
    compared.session.step(1)
    compared.pick()
    results = []
    comparison = compared.session.comparison
    comparison.changed.connect(lambda: results.append(comparison.result))
    for offset in (-1, 1, -1):
        compared.session.step(offset)
        compared.finish()
    found = [result.tally.true_positives for result in results if result]
    assert found
    assert set(found) == {16}


def test_truth_can_be_left_out_again(compared, truth):
    comparison = compared.session.comparison
    assert comparison.source == truth
    comparison.forget()
    assert (comparison.source, comparison.truth_yx, comparison.result) == (None, None, None)


def test_a_file_that_is_no_truth_is_told_and_changes_nothing(compared, truth, tmp_path):
    comparison = compared.session.comparison
    (tmp_path / "empty").mkdir()
    comparison.load(tmp_path / "empty")
    compared.finish()
    assert "no .star" in compared.texts()[0] or "file in this folder" in compared.texts()[0]
    assert comparison.source == truth
    assert rates(compared) == (16, 0, 0)


def test_truth_of_one_project_is_not_that_of_another(compared, tmp_path):
    assert compared.session.open_project(tmp_path / "other")
    assert compared.session.comparison.source is None
    assert compared.session.comparison.result is None


def test_without_truth_the_next_mistake_says_what_to_do(picked):
    picked.session.comparison.show_next_wrong()
    assert picked.texts("info") == ["Load the truth in the panel Compare, and press Pick."]
