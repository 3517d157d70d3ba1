from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats import Coordinates, read_coordinates, write_coordinates
from napari_drpnet.relion.lists import autopick_path, write_coords_suffix, write_index
from napari_drpnet.relion.star_tables import write_table

NAMES = ["MotionCorr/job002/Movies/a.mrc", "MotionCorr/job002/Movies/b.mrc"]


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A RELION project with the picks of two micrographs, 1 and 2 of them."""
    monkeypatch.chdir(tmp_path)
    write_table("list.star", "micrographs", {"rlnMicrographName": NAMES})
    for count, name in enumerate(NAMES, start=1):
        picks = Coordinates(np.full((count, 2), 10.0 * count), np.ones(count), box_size_px=8)
        write_coordinates(autopick_path(name, "Picks"), picks)
        write_coordinates(autopick_path(name, "Picks").with_suffix(".box"), picks)


def check(coordinates):
    assert coordinates.micrograph_names == (NAMES[0], NAMES[1], NAMES[1])
    np.testing.assert_array_equal(coordinates.centers_yx, [[10, 10], [20, 20], [20, 20]])


@pytest.mark.parametrize("suffix", [".star", ".box"])
@pytest.mark.parametrize("inside", [True, False])
def test_the_index_of_relion_4_and_5(suffix, inside, tmp_path, monkeypatch):
    files = [autopick_path(name, "Picks").with_suffix(suffix) for name in NAMES]
    write_index("Picks/autopick.star", zip(NAMES, files, strict=True))
    if not inside:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
    check(read_coordinates(tmp_path / "Picks" / "autopick.star"))


@pytest.mark.parametrize("ending", ["_autopick.star", "_autopick.box"])
def test_the_suffix_of_relion_3_1(ending):
    path = write_coords_suffix("Picks", ending, Path("list.star"))
    assert path == Path("Picks", f"coords_suffix{ending}")
    assert path.read_text() == "list.star\n"
    check(read_coordinates(path, "relion-index"))


def test_micrographs_that_were_not_picked_are_left_out_of_the_suffix():
    autopick_path(NAMES[0], "Picks").unlink()
    path = write_coords_suffix("Picks", "_autopick.star", "list.star")
    assert read_coordinates(path).micrograph_names == (NAMES[1], NAMES[1])


def test_an_empty_index():
    write_index("autopick.star", [])
    coordinates = read_coordinates("autopick.star")
    assert len(coordinates) == 0
    assert coordinates.micrograph_names == ()


def test_files_that_cannot_be_used():
    write_index("autopick.star", [("a.mrc", "Picks/gone.star")])
    with pytest.raises(InputFileError, match=r"gone\.star: cannot be read"):
        read_coordinates("autopick.star")
    Path("other.star").write_text("list.star\n")
    with pytest.raises(InputFileError, match="does not give the ending"):
        read_coordinates("other.star")
    Path("coords_suffix_autopick.star").write_text("gone.star\n")
    with pytest.raises(InputFileError, match=r"gone\.star: cannot be read"):
        read_coordinates("coords_suffix_autopick.star")
