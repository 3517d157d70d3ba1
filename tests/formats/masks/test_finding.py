from pathlib import Path

import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats import find_mask
from napari_drpnet.formats.masks.finding import MASK_ENDINGS


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


@pytest.mark.parametrize("ending", MASK_ENDINGS)
@pytest.mark.parametrize("name", ["m1", "m1.mrc", "m1.mrc.gz", "m1.TIFF", "Movies/a/m1.mrc"])
def test_masks_of_every_program_are_found(tmp_path, ending, name):
    touch(tmp_path / f"m1{ending}", tmp_path / f"m10{ending}", tmp_path / f"m{ending}")
    assert find_mask(tmp_path, name) == tmp_path / f"m1{ending}"


def test_the_first_of_the_endings_is_preferred(tmp_path):
    touch(*(tmp_path / f"m1{ending}" for ending in MASK_ENDINGS))
    for ending in MASK_ENDINGS:
        assert find_mask(tmp_path, "m1.mrc").name == f"m1{ending}"
        (tmp_path / f"m1{ending}").unlink()


def test_sub_folders_are_mirrored_and_the_nearest_place_is_preferred(tmp_path):
    name = "MotionCorr/job002/Movies/a/m1.mrc"
    places = ["MotionCorr/job002/Movies/a", "job002/Movies/a", "Movies/a", "a", "."]
    touch(*(tmp_path / place / "m1.png" for place in places))
    for place in places:
        assert find_mask(tmp_path, name) == tmp_path / place / "m1.png"
        (tmp_path / place / "m1.png").unlink()


def test_an_absolute_name_is_looked_for_below_the_folder(tmp_path):
    touch(tmp_path / "masks" / "m1.png", tmp_path / "m1.png")
    assert find_mask(tmp_path / "masks", str(tmp_path / "m1.mrc")) == tmp_path / "masks" / "m1.png"


@pytest.mark.parametrize("name", ["../m1.mrc", "a/../../m1.mrc", "..", "a\\..\\..\\m1", "m1\0.mrc"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    touch(tmp_path / "m1.mrc", tmp_path / "masks" / "m1.mrc", tmp_path / "masks" / "a" / "m1.mrc")
    with pytest.raises(InputFileError, match="leads out of this folder"):
        find_mask(tmp_path / "masks", name)


@pytest.mark.parametrize("name", ["m2.mrc", "b/m1x.mrc", "", "/", "."])
def test_a_missing_mask_is_named_with_a_remedy(tmp_path, name):
    touch(tmp_path / "m1.mrc", tmp_path / ".mrc")
    with pytest.raises(InputFileError, match=r"has no mask of .*Name it .*_mask\.mrc"):
        find_mask(tmp_path, name)


def test_folders_are_not_masks(tmp_path):
    Path(tmp_path, "m1.mrc").mkdir()
    with pytest.raises(InputFileError):
        find_mask(tmp_path, "m1")
