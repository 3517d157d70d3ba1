"""A project whose micrographs were moved is pointed to their new folder."""

import pytest


@pytest.fixture
def moved(new_desk, discs, tmp_path):
    """The project of three micrographs with picks and labels, and a new desk, after a move."""
    desk = new_desk()
    desk.open(*discs)
    desk.pick()
    desk.current.set_label([0, 1], accepted=False)
    desk.current.add([[3.0, 4.0]])
    desk.session.include(["m00003"], included=False)
    folder = desk.session.store.folder
    desk.close()
    (tmp_path / "discs").rename(tmp_path / "elsewhere")
    return folder


@pytest.fixture
def reopened(moved, new_desk):
    desk = new_desk()
    desk.missed = []
    desk.session.relocator.missed.connect(lambda *numbers: desk.missed.append(numbers))
    assert desk.session.open_project(moved)
    desk.finish()
    return desk


def kept(desk):
    """What must not change: labels, picks and settings."""
    stored = desk.session.store.load_candidates("m00001")
    return desk.project.labels("m00001"), stored.picks.centers_yx.tolist(), desk.project.settings


def test_missing_files_are_told_when_a_project_is_opened(reopened, new_desk, discs, tmp_path):
    assert reopened.missed == [(3, 3)]
    reopened.close()
    (tmp_path / "elsewhere").rename(tmp_path / "discs")
    desk = new_desk()
    desk.session.relocator.missed.connect(pytest.fail)
    desk.open(*discs)
    assert len(desk.project.micrographs) == 3


def test_without_an_answer_nothing_is_lost(reopened, new_desk, moved, tmp_path):
    before, state = kept(reopened), reopened.project.state
    reopened.close()
    desk = new_desk()
    assert desk.session.open_project(moved)
    desk.finish()
    assert (kept(desk), desk.project.state) == (before, state)


def test_all_is_kept_and_the_image_is_shown_again(reopened, new_desk, moved, tmp_path):
    before = kept(reopened)
    assert reopened.current.image is None
    reopened.session.relocator.find_in(tmp_path / "elsewhere")
    reopened.finish()
    assert reopened.texts("info") == ["3 moved micrographs found."]
    assert reopened.current.image is not None
    assert kept(reopened) == before
    assert reopened.session.summaries["m00001"].status == "picked"
    assert [record.included for record in reopened.project.micrographs.values()] == [1, 1, 0]
    assert reopened.session.history.undo_title == "Find moved micrographs"
    reopened.close()
    desk = new_desk()
    desk.session.relocator.missed.connect(pytest.fail)
    desk.session.open_project(moved)
    desk.finish()
    assert kept(desk) == before
    assert {record.path.parent for record in desk.project.micrographs.values()} == {
        tmp_path / "elsewhere"
    }


def test_it_is_one_undo_step(reopened, tmp_path):
    before = reopened.project.state
    reopened.session.relocator.find_in(tmp_path / "elsewhere")
    reopened.finish()
    reopened.session.undo()
    reopened.finish()
    assert reopened.project.state.micrographs == before.micrographs


def test_what_is_ambiguous_or_not_there_is_named(reopened, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "disc0.mrc").unlink()
    (elsewhere / "copy").mkdir()
    (elsewhere / "copy/disc1.mrc").write_bytes((elsewhere / "disc1.mrc").read_bytes())
    reopened.session.relocator.find_in(elsewhere)
    reopened.finish()
    assert reopened.texts("info") == ["1 moved micrograph found."]
    several, nothing = reopened.texts("warning")
    assert several.startswith("Several files may be disc1.mrc")
    assert nothing == "Not in that folder: disc0.mrc."
    reopened.session.relocator.find_in(elsewhere / "copy")
    reopened.finish()
    assert reopened.texts("info")[-1] == "1 moved micrograph found."


def test_a_folder_without_them_changes_nothing(reopened, tmp_path):
    before = reopened.project.state
    (tmp_path / "empty").mkdir()
    reopened.session.relocator.find_in(tmp_path / "empty")
    reopened.session.relocator.find_in(tmp_path / "empty")
    reopened.finish()
    assert reopened.project.state is before
    assert reopened.texts("warning") == ["Not in that folder: disc0.mrc, disc1.mrc, disc2.mrc."]
