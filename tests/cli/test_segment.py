import csv
import json
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from napari_drpnet.base.segmentation import CARBON, ICE
from napari_drpnet.formats import read_class_map, read_mask, read_segmentation

OUT = ("--out", "out", "--diameter", 36)
ALL = ("--format", "mrc,tif,png,npz,overlay", "--full-size")


@pytest.fixture
def segment(drpnet, write_dirty, use_toy_segmenter):
    """A function that segments the folder of two micrographs."""
    for seed in range(2):
        write_dirty(f"in/m{seed}.mrc", seed)
    return lambda *arguments, **code: drpnet("segment", "in", *OUT, *arguments, **code)


def test_masks_and_classes_are_written_and_told(segment):
    shown = segment().stdout.splitlines()
    assert shown[0].startswith("in/m0.mrc   16.9% dirty: background 53.4%, particle 29.7%, ice 0.0")
    assert shown[2].startswith("Segmented 2 micrographs in")
    assert shown[2].count("(") == 2  # of the device, and of the one network
    assert shown[3].startswith("On average ")
    mask = read_mask("out/m0_mask.mrc", (160, 160))
    classes = read_class_map("out/m0_classes.png")
    assert mask.shape == classes.shape == (80, 80)
    assert np.array_equal(mask, np.isin(classes, (ICE, CARBON)))
    assert not mask[:, :58].any()
    assert mask[:, 62:].mean() > 0.6  # the middle of the film is found only in part
    with mrcfile.open("out/m0_mask.mrc") as file:
        assert file.data.dtype == np.int8
        assert file.voxel_size.x == pytest.approx(4)
    assert {path.name for path in Path("out").iterdir() if path.is_file()} == {
        *(f"m{k}{end}" for k in range(2) for end in ("_mask.mrc", "_classes.png")),
        *("summary.csv", "summary.json"),
    }


def test_every_kind_of_file(segment):
    segment(*ALL)
    small = read_mask("out/m1_mask.mrc", (160, 160))
    with mrcfile.open("out/m1.mrc") as file:
        assert file.data.dtype == np.float32
        assert np.array_equal(file.data[::2, ::2] > 0.5, small)
    warp = read_mask("out/m1.tif", (160, 160), flip_rows=True)
    assert warp.shape == (40, 40)
    assert np.mean((warp > 0) == small[::2, ::2]) > 0.9
    segmentation = read_segmentation("out/m1_segmentation.npz")
    assert np.array_equal(segmentation.class_map, read_class_map("out/m1_classes.png"))
    assert Path("out/m1_overlay.png").stat().st_size > 1000


def test_the_table_and_the_summary_have_the_classes(segment):
    shown = json.loads(segment("--json").stdout)
    first = shown["micrographs"][0]
    assert first["dirty_area"] == pytest.approx(first["shares"]["carbon"])
    assert first["accepted"] == first["above_threshold"] == 0
    assert shown["networks"]["segmenter"]["name"] == "default"
    assert shown["index"] is None
    assert "picks" not in {each["topic"] for each in shown["advice"]}
    with open("out/summary.csv", newline="") as file:
        row = next(csv.DictReader(file))
    assert float(row["dirty_area"]) == pytest.approx(first["dirty_area"], abs=1e-5)
    assert sum(float(row[name]) for name in first["shares"]) == pytest.approx(1, abs=1e-4)


def test_a_mask_of_nearly_all_is_told(segment):
    shown = segment("--dirt-probability", 0)
    assert "100.0% dirty" in shown.stdout
    assert "100% of the micrograph is dirt. It may be a frame" in shown.stdout + shown.stderr
    assert "rejected for lying on it" not in shown.stdout + shown.stderr


def test_resume_and_overwrite(segment):
    segment()
    assert "continue with --resume" in segment(code=2).stderr
    shown = segment("--resume").stdout
    assert "Segmented 0 micrographs" in shown
    assert "2 more were finished before" in shown
    Path("out/m0_mask.mrc").unlink()
    assert "Segmented 1 micrograph in" in segment("--resume").stdout
    assert "Segmented 2 micrographs in" in segment("--overwrite").stdout


def test_other_files_replace_the_earlier_ones(segment):
    segment()
    segment("--resume", "--format", "npz", "--dirt-probability", 0.9)
    assert sorted(path.name for path in Path("out").glob("m0*")) == ["m0_segmentation.npz"]


def test_a_mask_never_replaces_a_micrograph(drpnet, segment):
    before = Path("in/m0.mrc").read_bytes()
    for more in ("--resume", "--overwrite"):
        shown = drpnet(
            "segment", "in", "--out", "in", "--diameter", 36, "--full-size", more, code=2
        )
        assert "in/m0.mrc is a micrograph, which its mask would replace" in shown.stderr
    assert Path("in/m0.mrc").read_bytes() == before


def test_masks_are_no_micrographs(drpnet, segment):
    inside = ("segment", ".", "--out", "in/masks", "--diameter", 36, *ALL)
    assert "Segmented 2 micrographs" in drpnet(*inside).stdout
    shown = drpnet(*inside, "--resume").stdout
    assert "Segmented 0 micrographs" in shown
    assert "2 more were finished before" in shown
    assert "Segmented 2 micrographs" in drpnet("segment", "in", *inside[2:], "--resume").stdout


def test_picks_are_not_replaced_by_masks_nor_masks_by_picks(drpnet, segment):
    drpnet("pick", "in", *OUT)
    for more in ((), ("--resume",), ("--overwrite",)):
        shown = segment(*more, code=2).stderr
        assert "out has picks, which masks would replace: use another output folder" in shown
    assert len(list(Path("out").glob("*_autopick.star"))) == 2
    drpnet("segment", "in", "--out", "masks", *OUT[2:])
    shown = drpnet("pick", "in", "--out", "masks", *OUT[2:], "--overwrite", code=2).stderr
    assert "masks has masks, which picks would replace" in shown


def test_other_weights_are_refused(segment, toy_weights):
    detector = toy_weights / "detector-default.safetensors"
    assert "Give segmenter weights" in segment("--segmenter", detector, code=1).stderr
    assert "no segmenter weights of this name" in segment("--segmenter", "gone", code=1).stderr
    assert not Path("out").exists()


def test_unknown_files_are_refused(segment):
    shown = segment("--format", "mrc,jpg", code=2).stderr
    assert "'mrc,jpg' is not one or several of mrc, tif, png, npz, overlay" in shown


def test_good_and_bad_files_together(segment):
    Path("in/bad.mrc").write_text("bad")
    shown = segment(code=1)
    assert "in/bad.mrc  FAILED" in shown.stdout
    assert "Segmented 2 micrographs" in shown.stdout


@pytest.mark.slow
def test_several_processes_segment(segment):
    assert "Segmented 2 micrographs" in segment("--workers", 2).stdout
    assert len(list(Path("out").glob("m?_mask.mrc"))) == 2
