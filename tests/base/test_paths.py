import pytest

from napari_drpnet.base.paths import is_inside, is_relative_inside


@pytest.mark.parametrize("path", ["a.star", "sub/a.star", "./a", "a..b/c.."])
def test_paths_below_a_folder(tmp_path, path):
    assert is_relative_inside(path)
    assert is_inside(tmp_path, path)


@pytest.mark.parametrize("path", ["", ".", "..", "../a", "sub/../../a", "a/..", "/etc/a", "a\0b"])
def test_paths_that_leave_a_folder(tmp_path, path):
    assert not is_relative_inside(path)
    assert not is_inside(tmp_path, path)


def test_links_to_folders_outside(tmp_path):
    folder, other = tmp_path / "out", tmp_path / "other"
    (folder / "sub").mkdir(parents=True)
    other.mkdir()
    (folder / "away").symlink_to(other)
    (folder / "here").symlink_to("sub")
    (folder / "round").symlink_to("round")
    (folder / "file.star").symlink_to(other / "file.star")
    (tmp_path / "link").symlink_to(folder)
    assert not is_inside(folder, "away/a.star")
    assert not is_inside(folder, "away/sub/a.star")
    assert not is_inside(folder, "round/a.star")
    assert is_inside(folder, "here/a.star")
    assert is_inside(folder, "file.star")  # only the link is replaced
    assert is_inside(tmp_path / "link", "sub/a.star")
