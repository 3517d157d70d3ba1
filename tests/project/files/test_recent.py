"""The list of projects that were opened last."""

from pathlib import Path

from napari_drpnet.project.files.recent import note_project, recent_projects


def test_the_last_project_comes_first_and_each_only_once(tmp_path):
    root = tmp_path / "projects"
    assert recent_projects(root) == ()
    for name in ("a", "b", "a"):
        note_project(root, tmp_path / name)
    assert recent_projects(root) == (tmp_path / "a", tmp_path / "b")


def test_ten_projects_are_kept(tmp_path):
    for number in range(12):
        note_project(tmp_path, Path(f"/data/{number}"))
    assert recent_projects(tmp_path) == tuple(Path(f"/data/{n}") for n in range(11, 1, -1))


def test_a_damaged_or_unwritable_list_is_no_obstacle(tmp_path):
    (tmp_path / "recent.json").write_text("[1")
    assert recent_projects(tmp_path) == ()
    (tmp_path / "file").write_text("")
    note_project(tmp_path / "file", tmp_path)
    assert recent_projects(tmp_path / "file") == ()
