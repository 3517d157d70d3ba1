from pathlib import Path

import pytest

from napari_drpnet.project.storage.folders import default_project_folder, projects_root


def test_the_environment_comes_before_the_preference(monkeypatch, tmp_path):
    monkeypatch.delenv("DRPNET_PROJECTS", raising=False)
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / name)
    assert projects_root(None) == tmp_path / "napari-drpnet" / "projects"
    assert projects_root("") == projects_root(None)
    assert projects_root("~/preferred") == Path.home() / "preferred"
    monkeypatch.setenv("DRPNET_PROJECTS", "/from/environment")
    assert projects_root("/preferred") == Path("/from/environment")


def test_the_same_sources_have_the_same_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    one, two = Path("b/x.mrc"), Path("a/y.mrc").absolute()
    folder = default_project_folder(tmp_path, [one, two])
    assert folder == default_project_folder(tmp_path, [two, one.absolute()])
    assert folder != default_project_folder(tmp_path, [one])
    assert folder.parent == tmp_path
    assert folder.name.startswith("y-")
    assert len(folder.name) == len("y-") + 8


def test_the_name_stays_the_same_from_version_to_version():
    folder = default_project_folder(Path("/root"), [Path("/data/Movies")])
    assert folder == Path("/root/Movies-3cb3d27d")


@pytest.mark.parametrize(
    ("source", "name"),
    [("/data/m*.mrc", "m_"), ("/", "project"), (f"/{'x' * 300}", "x" * 60), ("/a\udc80b", "a_b")],
)
def test_the_name_is_one_that_every_file_system_takes(source, name):
    assert default_project_folder(Path("/root"), [Path(source)]).name.rpartition("-")[0] == name
