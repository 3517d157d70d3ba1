import numpy as np
import pytest

from napari_drpnet.formats import Coordinates, write_coordinates
from napari_drpnet.project.controllers.other_picks import Agreement
from napari_drpnet.project.points.marks import Mark


def some(centers):
    """The picks of another program: one is missing, and two are far from any particle."""
    return np.concatenate([centers[1:], [[2.0, 2.0], [3.0, 157.0]]])


@pytest.fixture
def folder(tmp_path, discs):
    """Picks of another program, one file for each of the first two of three micrographs."""
    for path, centers in list(discs.items())[:2]:
        theirs = some(centers)
        coordinates = Coordinates(theirs, np.ones(len(theirs)), box_size_px=18)
        write_coordinates(tmp_path / "theirs" / f"{path.stem}.cbox", coordinates, (160, 160))
    return tmp_path / "theirs"


@pytest.fixture
def file(tmp_path, discs):
    """The same in one table of Topaz."""
    first, second = list(discs)[:2]
    theirs = [some(discs[first]), some(discs[second])]
    names = (first.name,) * len(theirs[0]) + (second.name,) * len(theirs[1])
    centers = np.concatenate(theirs)
    path = tmp_path / "topaz.txt"
    write_coordinates(path, Coordinates(centers, np.ones(len(centers)), names), (160, 160))
    return path


@pytest.mark.parametrize("source", ["folder", "file"])
def test_agreed_and_only_one_of_both_are_counted(picked, source, request):
    others = picked.session.other_picks
    others.load(request.getfixturevalue(source))
    picked.finish()
    assert others.result == Agreement(agreed=15, only_ours=1, only_theirs=2)
    assert len(others.marks.places(Mark.AGREED)) == 15
    assert np.round(others.marks.places(Mark.ONLY_THEIRS)).tolist() == [[2, 2], [3, 157]]


def test_it_follows_cuts_and_micrographs(picked, folder):
    others = picked.session.other_picks
    others.load(folder)
    picked.session.change("classifier", accept=0.9)  # all have 0.73
    picked.finish()
    assert others.result == Agreement(0, 0, 17)
    picked.session.undo()
    picked.session.step(1)
    picked.finish()
    assert others.result is None  # not picked yet, but theirs are drawn
    assert len(others.marks.places(Mark.ONLY_THEIRS)) == 17
    picked.pick()
    assert others.result == Agreement(15, 1, 2)
    picked.session.step(1)
    picked.pick()
    assert (others.here_yx, others.result, others.marks) == (None, None, None)


def test_they_become_no_labels_and_are_not_exported(picked, folder, tmp_path):
    session = picked.session
    step = session.history.undo_step
    session.other_picks.load(folder)
    picked.finish()
    session.exporter.export(tmp_path / "out", session.exporter.choice, only_current=True)
    session.other_picks.forget()
    picked.finish()
    assert session.history.undo_step is step
    assert session.project.labels(session.current.id) == ()
    assert session.current.accepted_count == 16
    assert (session.other_picks.source, session.other_picks.marks) == (None, None)


def test_truth_and_other_picks_are_independent(picked, folder):
    session = picked.session
    session.other_picks.load(folder)
    session.comparison.load(folder)
    picked.finish()
    session.comparison.forget()
    assert session.other_picks.result is not None
    assert session.comparison.result is None


def test_picks_of_other_micrographs_are_refused_by_name(picked, tmp_path):
    write_coordinates(tmp_path / "x" / "else.csv", Coordinates(np.ones((1, 2)), np.ones(1)))
    picked.session.other_picks.load(tmp_path / "x")
    picked.finish()
    assert "has no picks of these micrographs; the first in it is else" in picked.texts()[0]
    assert picked.session.failures["other picks"]


def test_they_go_with_the_project(picked, folder, tmp_path):
    picked.session.other_picks.load(folder)
    picked.finish()
    assert picked.session.open_project(tmp_path / "other")
    assert picked.session.other_picks.source is None
