"""Masks and class maps written from the window are those of `drpnet segment`."""

from pathlib import Path

import mrcfile
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from napari_drpnet.batch.folder.mask_files import MASK_FILES
from napari_drpnet.cli import main
from napari_drpnet.project.controllers import exporting
from napari_drpnet.project.files.export_options import ExportOptions

ALL = tuple(MASK_FILES)


@pytest.fixture
def dirty(tmp_path, write_dirty):
    """Two micrographs with a film on the right quarter, by path: their true centres."""
    paths = [tmp_path / "dirty" / f"dirty{k}.mrc" for k in range(2)]
    return {path: write_dirty(path, seed=k) for k, path in enumerate(paths)}


@pytest.fixture
def picked(desk, use_toy_segmenter, dirty):
    """A desk with both micrographs open, and the first one picked without a segmenter."""
    desk.open(next(iter(dirty)).parent)
    desk.pick()
    return desk


@pytest.fixture
def reports(picked):
    reports = []
    picked.session.exporter.finished.connect(reports.append)
    return reports


def export(desk, folder, masks=ALL, *, only_current=False):
    options = ExportOptions(masks=masks)
    desk.session.exporter.export(folder, options, only_current=only_current)
    desk.finish()


def content(path):
    """Everything in a file of pixels; MRC headers have the time in a label."""
    if path.suffix == ".mrc":
        with mrcfile.open(path) as file:
            return file.data.tobytes(), file.data.dtype, float(file.voxel_size.x)
    return path.read_bytes()


def files_in(folder):
    """The files of the segmentation in a folder, with their content."""
    files = [*folder.rglob("*_classes.png"), *folder.rglob("*_segmentation.npz")]
    return {file.relative_to(folder): file.read_bytes() for file in files}


LIMITS = {"dirt_probability": 0.3, "least_speck": 0.5}
FLAGS = ["--dirt-probability", "0.3", "--least-speck", "0.5"]


@pytest.mark.parametrize(("limits", "flags"), [({}, []), (LIMITS, FLAGS)])
def test_the_files_are_those_of_the_command(
    picked, reports, dirty, tmp_path, monkeypatch, limits, flags
):
    monkeypatch.chdir(tmp_path)
    picked.session.change("segmenter", **limits)
    export(picked, tmp_path / "window")
    assert reports[-1].failed == ()
    assert "The masks of 2 micrographs are written" in reports[-1].notes
    kinds = ",".join(kind for kind in ALL if kind != "full-size")
    arguments = ["segment", "dirty", "--out", "line", "--diameter", "36", "--device", "cpu"]
    result = CliRunner().invoke(main, [*arguments, "--format", kinds, "--full-size", *flags])
    assert result.exit_code == 0, result.output
    for record in picked.project.micrographs.values():
        for kind in ALL:
            name = f"{record.output}{MASK_FILES[kind].ending}"
            assert content(Path("window", name)) == content(Path("line", name)), name
            assert tmp_path / "window" / name in reports[-1].files


def test_they_are_the_same_after_picking_with_the_segmenter(picked, tmp_path):
    export(picked, tmp_path / "before", ("png", "npz"))
    picked.session.change("segmenter", segmenter="default")
    picked.pick_all()
    export(picked, tmp_path / "after", ("png", "npz"))
    before, after = files_in(tmp_path / "before"), files_in(tmp_path / "after")
    assert len(before) == 4
    assert before == after


def test_what_the_window_shows_is_what_is_written(picked, tmp_path):
    picked.session.segmenting.segment_current()
    picked.finish()
    export(picked, tmp_path / "out", ("png", "mrc"), only_current=True)
    shown = picked.session.segmenting.shown
    (png,), (mrc,) = ((tmp_path / "out").rglob(f"*{end}") for end in ("_classes.png", "_mask.mrc"))
    np.testing.assert_array_equal(np.array(Image.open(png)), shown.class_map)
    with mrcfile.open(mrc) as file:
        np.testing.assert_array_equal(file.data, shown.dirt.mask)


def test_a_micrograph_that_cannot_be_read_is_named_and_the_others_go_on(
    picked, reports, dirty, tmp_path
):
    last = list(dirty)[1]
    last.write_bytes(b"nothing")
    export(picked, tmp_path / "out", ("png",))
    assert len(list((tmp_path / "out").rglob("*_classes.png"))) == 1
    assert len(reports[-1].failed) == 1
    assert last.name in reports[-1].failed[0]
    assert "The masks of 1 micrograph are written" in reports[-1].notes


def test_no_mask_replaces_a_micrograph(picked, reports, dirty, tmp_path):
    first = next(iter(dirty))
    kept = first.read_bytes()
    folder = tmp_path / "out"
    export(picked, folder, ("png",))
    (written,) = folder.rglob(f"{first.stem}_classes.png")
    written.parent.joinpath(first.name).symlink_to(first)
    export(picked, folder, ("full-size",))
    assert first.read_bytes() == kept
    (failed,) = reports[-1].failed
    assert "a mask would replace this micrograph" in failed


def test_without_masks_nothing_is_segmented(picked, reports, tmp_path, gate_before):
    gate = gate_before(exporting, "segment_micrograph")
    export(picked, tmp_path / "out", ())
    assert not gate.reached.is_set()
    assert not list((tmp_path / "out").rglob("*_classes.png"))


def test_it_stops_when_it_is_cancelled(picked, tmp_path, gate_before):
    gate = gate_before(exporting, "segment_micrograph")
    gate.let_through = 1
    options = ExportOptions(masks=("png",))
    picked.session.exporter.export(tmp_path / "out", options, only_current=False)
    assert gate.reached.wait(100)
    picked.session.runner.cancel("export")
    gate.opened.set()
    picked.finish()
    assert len(list((tmp_path / "out").rglob("*_classes.png"))) == 1
