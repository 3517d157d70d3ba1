import os
from pathlib import Path

import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.batch import list_entries
from napari_drpnet.relion.star_tables import write_table


@pytest.fixture
def tree(tmp_path, monkeypatch):
    for name in ("a/x.mrc", "b/x.mrc", "b/y.tif", "b/c/z.mrc.gz"):
        (tmp_path / "Movies" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "Movies" / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def outputs(*sources, out="out"):
    return {entry.micrograph.name: entry.output.as_posix() for entry in list_entries(sources, out)}


def test_a_folder_is_mirrored(tree):
    assert outputs("Movies") == {
        "Movies/a/x.mrc": "a/x",
        "Movies/b/x.mrc": "b/x",
        "Movies/b/y.tif": "b/y",
        "Movies/b/c/z.mrc.gz": "b/c/z",
    }


def test_a_pattern_is_mirrored_below_its_fixed_part(tree):
    assert outputs("Movies/b/*/*") == {"Movies/b/c/z.mrc.gz": "c/z"}
    assert outputs("*/*/x.mrc") == {
        "Movies/a/x.mrc": "Movies/a/x",
        "Movies/b/x.mrc": "Movies/b/x",
    }


def test_a_folder_of_a_pattern_may_look_like_a_pattern(tree):
    (tree / "Movies").rename("Movies[1]")
    assert outputs("Movies[1]/b/*/*") == {"Movies[1]/b/c/z.mrc.gz": "c/z"}


def test_single_files_are_mirrored_below_their_common_parent(tree):
    assert outputs("Movies/a/x.mrc") == {"Movies/a/x.mrc": "x"}
    assert outputs("Movies/a/x.mrc", "Movies/b/x.mrc") == {
        "Movies/a/x.mrc": "a/x",
        "Movies/b/x.mrc": "b/x",
    }


def test_a_list_follows_the_rule_of_relion(tree):
    names = ["MotionCorr/job002/Movies/a/x.mrc", "Movies/b/x.mrc"]
    columns = {"rlnMicrographName": names, "rlnMicrographPixelSize": ["1.5", "1.5"]}
    write_table("micrographs.star", "micrographs", columns)
    assert outputs("micrographs.star") == {names[0]: "Movies/a/x", names[1]: "Movies/b/x"}
    sizes = {e.micrograph.pixel_size_angstrom for e in list_entries(["micrographs.star"], "out")}
    assert sizes == {1.5}


def test_a_missing_file_stays_in_the_batch_and_is_reported_there(tree):
    assert outputs("gone.mrc") == {"gone.mrc": "gone"}


def test_a_file_is_picked_once(tree):
    assert len(outputs("Movies/a", "Movies/a/x.mrc", Path("Movies/a").absolute())) == 1


def test_a_file_with_two_names_is_picked_once_under_the_first(tree):
    Path("Movies/b/link.mrc").symlink_to(Path("Movies/a/x.mrc").absolute())
    Path("links").symlink_to("Movies")
    assert set(outputs("Movies")) == {
        "Movies/a/x.mrc", "Movies/b/x.mrc", "Movies/b/y.tif", "Movies/b/c/z.mrc.gz",
    }  # fmt: skip
    (entry,) = (each for each in list_entries(["Movies"], "out") if each.links)
    assert entry.micrograph.name == "Movies/a/x.mrc"
    assert entry.links == (Path("Movies/b/link.mrc").absolute(),)
    assert set(outputs("links/a", "Movies/a")) == {"links/a/x.mrc"}


def test_two_micrographs_with_one_output_are_refused_by_name(tree):
    with pytest.raises(InputFileError, match=r"b/x\.mrc.*a/x\.mrc.*both be named x…"):
        outputs("Movies/a", "Movies/b")


def test_names_that_differ_in_the_suffix_collide_too(tree):
    Path("Movies/a/x.tif").touch()
    with pytest.raises(InputFileError, match="both"):
        outputs("Movies/a")


@pytest.mark.parametrize("source", ["Movies/nothing*", "empty"])
def test_nothing_found_is_an_error(tree, source):
    Path("empty").mkdir()
    with pytest.raises(InputFileError, match="no micrographs found"):
        outputs(source)


def test_previews_in_the_output_folder_are_not_micrographs(tree):
    Path("Movies/a/x_preview.png").touch()
    assert len(outputs("Movies/a", out="Movies/a")) == 1
    assert len(outputs("Movies/a", out="elsewhere")) == 2


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such names")
def test_a_name_with_a_line_end_is_refused_before_picking(tree):
    Path("Movies/a/x\ny.mrc").touch()
    with pytest.raises(InputFileError, match="line end"):
        list_entries(["Movies"], "out")


def test_pictures_beside_micrographs_are_left_out_and_named(tree):
    for name in ("x.jpg", "y.png", "only.jpg"):
        Path("Movies/b", name).touch()
    left_out = []
    names = [e.micrograph.path.name for e in list_entries(["Movies/b"], "out", left_out.append)]
    assert sorted(names) == ["only.jpg", "x.mrc", "y.tif", "z.mrc.gz"]
    assert sorted(left_out) == [Path("Movies/b/x.jpg"), Path("Movies/b/y.png")]


def test_a_picture_that_is_asked_for_is_not_left_out(tree):
    Path("Movies/b/x.jpg").touch()
    assert outputs("Movies/b/x.jpg") == {"Movies/b/x.jpg": "x"}
