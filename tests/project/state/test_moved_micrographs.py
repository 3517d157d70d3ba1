"""Micrographs whose files were moved, found again in a folder."""

import shutil
from pathlib import Path

import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.project.state.edits import MicrographEdit, MicrographRecord, Settings
from napari_drpnet.project.state.model import Project
from napari_drpnet.project.state.moved_micrographs import (
    find_moved,
    missing_micrographs,
    relocation,
    require_files,
)


def make_files(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def records_of(folder, *names):
    return [
        MicrographRecord(
            id=f"m{number:05d}",
            name=name,
            path=folder / name,
            output=str(Path(name).with_suffix("")),
            pixel_size_angstrom=None,
            defocus_angstrom=None,
        )
        for number, name in enumerate(names, start=1)
    ]


def project_of(records, star=None):
    project = Project(Settings(micrographs_star=star))
    project.apply(MicrographEdit(before=(), after=tuple(records)))
    return project


NAMES = ("Movies/g1/a.mrc", "Movies/g2/a.mrc", "Movies/g2/b.mrc")


@pytest.fixture
def records(tmp_path):
    """Three micrographs of which no file is there."""
    return records_of(tmp_path / "old", *NAMES)


def new_places(moved, folder):
    return {
        before.name: after.path.relative_to(folder).as_posix()
        for before, after in zip(moved.before, moved.after, strict=True)
    }


def test_a_tree_that_was_moved_is_found_whatever_its_first_folders(records, tmp_path):
    make_files(tmp_path / "new/disk/Data", *NAMES)
    moved = find_moved(records, tmp_path / "new")
    assert new_places(moved, tmp_path / "new/disk/Data") == {name: name for name in NAMES}
    for before, after in zip(moved.before, moved.after, strict=True):
        assert after == before.model_copy(update={"path": after.path})
    assert missing_micrographs(records) == records
    assert missing_micrographs(moved.after) == []


def test_files_without_their_folders_are_found_by_their_names_alone(records, tmp_path):
    make_files(tmp_path / "new", "a.mrc", "b.mrc", "b.tif")
    moved = find_moved(records, tmp_path / "new")
    assert new_places(moved, tmp_path / "new") == {"Movies/g2/b.mrc": "b.mrc"}
    assert moved.ambiguous == tuple(record.path for record in records[:2])
    assert moved.unknown == ()


def test_a_file_of_another_type_is_not_the_micrograph(records, tmp_path):
    make_files(tmp_path / "new", "g1/a.tif", "b.mrc.gz")
    moved = find_moved(records, tmp_path / "new")
    assert moved.after == ()
    assert moved.unknown == tuple(record.path for record in records)


def test_files_that_the_project_has_already_are_no_candidates(records, tmp_path):
    make_files(tmp_path / "old", NAMES[0])
    make_files(tmp_path / "old/later", "x/a.mrc")
    moved = find_moved(records, tmp_path / "old")
    assert new_places(moved, tmp_path / "old") == {NAMES[1]: "later/x/a.mrc"}


def test_a_name_that_is_the_old_path_follows_the_file(tmp_path):
    (record,) = records_of(tmp_path / "old", "a.mrc")
    record = record.model_copy(update={"name": record.path.as_posix()})
    make_files(tmp_path / "new", "a.mrc")
    (after,) = find_moved([record], tmp_path / "new").after
    assert after.name == (tmp_path / "new/a.mrc").as_posix()


def test_a_folder_that_is_not_there_is_named(records, tmp_path):
    with pytest.raises(InputFileError, match="there is no such file or folder"):
        find_moved(records, tmp_path / "nowhere")


@pytest.mark.parametrize("place", ["CtfFind/job003/micrographs_ctf.star", "micrographs.star"])
def test_the_list_of_relion_is_found_beside_the_micrographs(records, tmp_path, place):
    make_files(tmp_path / "new", *NAMES, place)
    project = project_of(records, tmp_path / "old" / place)
    settings = project.settings
    edit = relocation(find_moved(records, tmp_path / "new"), project)
    assert edit is not None
    project.apply(edit)
    assert project.settings.micrographs_star == tmp_path / "new" / place
    assert [record.path for record in project.micrographs.values()] == [
        tmp_path / "new" / name for name in NAMES
    ]
    project.apply(edit.inverse())
    assert list(project.micrographs.values()) == records
    assert project.settings == settings


def test_a_list_that_is_there_or_cannot_be_found_stays(records, tmp_path):
    make_files(tmp_path, "lists/here.star", "new/lists/here.star")
    make_files(tmp_path / "new", *NAMES)
    for star in ("old/gone.star", "lists/here.star"):
        project = project_of(records, tmp_path / star)
        edit = relocation(find_moved(records, tmp_path / "new"), project)
        assert edit is not None
        assert len(edit.edits) == 1


def test_without_anything_found_nothing_changes(records, tmp_path):
    (tmp_path / "new").mkdir()
    assert relocation(find_moved(records, tmp_path / "new"), project_of(records)) is None


def test_what_was_changed_while_files_were_looked_for_stays(records, tmp_path):
    make_files(tmp_path / "new", *NAMES)
    project = project_of(records)
    moved = find_moved(records, tmp_path / "new")
    excluded = records[0].model_copy(update={"included": False})
    project.apply(MicrographEdit(before=(records[0],), after=(excluded,)))
    edit = relocation(moved, project)
    assert edit is not None
    project.apply(edit)
    assert [record.included for record in project.micrographs.values()] == [False, True, True]


def test_files_that_are_needed_are_named(records, tmp_path):
    make_files(tmp_path / "old", *NAMES)
    require_files(records, "with --micrographs")
    shutil.rmtree(tmp_path / "old/Movies/g2")
    with pytest.raises(InputFileError, match=r"g2/a.mrc: this micrograph is missing \(and 1 more"):
        require_files(records, "with --micrographs")
