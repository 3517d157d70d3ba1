import numpy as np
import pytest

from napari_drpnet.evaluation.precision_recall import Tally
from napari_drpnet.formats import Coordinates, write_coordinates


@pytest.fixture
def truth(tmp_path, discs):
    """The true centres of the first two of three micrographs, in files."""
    for path, centers in list(discs.items())[:2]:
        file = tmp_path / "truth" / f"{path.stem}.csv"
        write_coordinates(file, Coordinates(centers, np.ones(len(centers))))
    return tmp_path / "truth"


@pytest.fixture
def total(picked, truth):
    """A function that compares all, and returns the totals."""
    picked.session.comparison.load(truth)
    picked.finish()

    def compare_all():
        picked.session.totals.start()
        picked.finish()
        return picked.session.totals.totals

    return compare_all


def test_without_truth_or_picks_micrographs_are_left_out_and_counted(picked, total):
    totals = total()
    assert totals.tally == Tally(16, 0, 0)
    assert (totals.compared, totals.without_truth, totals.not_picked) == (1, 1, 1)
    picked.pick_all()
    assert total().tally == Tally(32, 0, 0)
    third = list(picked.project.micrographs)[2]
    picked.session.include([third], False)
    assert (total().excluded, total().without_truth) == (1, 0)


def test_they_follow_labels_and_cuts_of_all_micrographs(picked, total):
    picked.pick_all()
    picked.current.set_label([0, 1], accepted=False)
    picked.current.add([[1.0, 1.0]])
    assert total().tally == Tally(30, 1, 2)
    picked.session.step(1)
    picked.session.change("classifier", accept=0.9)  # all have 0.73
    assert total().tally == Tally(0, 1, 32)
    assert total().tally.rates.recall == 0


def test_picks_of_other_settings_count_and_are_said(picked, total):
    picked.session.change("particle", diameter_angstrom=40.0)
    assert total().outdated == 1
    assert total().tally.particles == 16


def test_they_say_when_they_are_out_of_date(picked, total):
    totals = picked.session.totals
    assert not totals.is_outdated
    total()
    assert not totals.is_outdated
    picked.current.set_label([0], accepted=False)
    assert totals.is_outdated
    picked.session.undo()
    assert not totals.is_outdated
    picked.session.step(1)
    picked.finish()
    assert not totals.is_outdated
    picked.pick()
    assert totals.is_outdated
    total()
    assert not totals.is_outdated


def test_they_go_with_the_truth(picked, total, truth):
    total()
    picked.session.step(1)
    assert picked.session.totals.totals is not None
    picked.session.comparison.forget()
    assert picked.session.totals.totals is None


def test_comparing_all_can_be_cancelled_and_changes_nothing(picked, total):
    before, step = total(), picked.session.history.undo_step
    picked.current.set_label([0], accepted=False)
    picked.session.undo()
    picked.session.totals.start()
    picked.session.totals.cancel()
    picked.finish()
    assert picked.session.totals.totals is before
    assert picked.session.history.undo_step is step


def test_without_a_project_it_says_what_to_do(desk):
    desk.session.totals.start()
    assert desk.texts("warning") == ["Give the particle diameter first."]
