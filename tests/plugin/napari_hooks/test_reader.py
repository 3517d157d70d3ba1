"""The reader: files onto layers of a viewer without a window."""

import bz2
import gzip

import mrcfile
import numpy as np
import pytest

npe2 = pytest.importorskip("npe2")

from napari.components import ViewerModel  # noqa: E402

from napari_drpnet.base.errors import InputFileError  # noqa: E402
from napari_drpnet.formats import (  # noqa: E402
    READ_SUFFIXES,
    WRITTEN,
    Coordinates,
    write_coordinates,
)
from napari_drpnet.plugin.napari_hooks import reader  # noqa: E402
from napari_drpnet.relion.star_tables import write_table  # noqa: E402


@pytest.fixture
def viewer(npe2pm) -> ViewerModel:
    """A viewer whose only plugin is ours."""
    with npe2pm.tmp_plugin(package="napari-drpnet"):
        yield ViewerModel()


@pytest.fixture
def write_mrc():
    def write(path, pixels, pixel_size=None):
        with mrcfile.new(path) as file:
            file.set_data(pixels)
            if pixel_size:
                file.voxel_size = pixel_size
        return path

    return write


def gradient(ny=48, nx=64):
    return np.arange(ny * nx, dtype=np.float32).reshape(ny, nx)


def coordinates(names=None):
    centers = np.array([[10.0, 20.5], [30.25, 40.0], [5.0, 6.0]])
    return Coordinates(centers, np.array([0.9, np.nan, 0.1]), names, box_size_px=24.0)


def test_a_micrograph_is_an_image_in_angstrom(viewer, tmp_path, write_mrc):
    pixels = gradient()
    pixels[7, 9] = 1e9
    path = write_mrc(tmp_path / "one.mrc", pixels, 1.25)
    (layer,) = viewer.open(path, plugin="napari-drpnet")
    assert layer.name == "one.mrc"
    np.testing.assert_array_equal(layer.data, pixels)
    assert layer.scale.tolist() == [1.25, 1.25]
    assert [str(unit) for unit in layer.units] == ["angstrom", "angstrom"]
    assert layer.axis_labels == ("y", "x")
    assert layer.colormap.name == "gray"
    low, high = layer.contrast_limits
    assert 0 < low < high < pixels.size
    assert layer.metadata == {
        "path": str(path),
        "shape": (48, 64),
        "pixel_size_angstrom": 1.25,
    }


def test_an_unknown_pixel_size_gives_pixels(viewer, tmp_path, write_mrc):
    (layer,) = viewer.open(write_mrc(tmp_path / "one.mrc", gradient()), plugin="napari-drpnet")
    assert layer.scale.tolist() == [1, 1]
    assert [str(unit) for unit in layer.units] == ["pixel", "pixel"]


@pytest.mark.parametrize("suffix", [".mrc", ".mrcs", ".mrc.gz", ".mrcs.bz2", ".MRC"])
def test_each_kind_of_mrc_opens_without_naming_a_plugin(viewer, tmp_path, write_mrc, suffix):
    plain = write_mrc(tmp_path / "plain.mrc", gradient(), 2.0).read_bytes()
    pack = {".gz": gzip.compress, ".bz2": bz2.compress}.get(suffix[-4:].lstrip("rcs"), bytes)
    path = tmp_path / f"one{suffix}"
    path.write_bytes(pack(plain))
    (layer,) = viewer.open(path, plugin=None)
    assert layer.data.shape == (48, 64)


def test_an_image_that_is_mostly_one_value_still_has_contrast(viewer, tmp_path, write_mrc):
    pixels = np.full((48, 64), 3.0, np.float32)
    pixels[0, 1] = 7
    (layer,) = viewer.open(write_mrc(tmp_path / "one.mrc", pixels), plugin="napari-drpnet")
    assert layer.contrast_limits == [3, 7]


@pytest.mark.parametrize("suffix", WRITTEN)
def test_coordinates_are_rings_in_pixels(viewer, tmp_path, suffix):
    path = tmp_path / f"picks{suffix}"
    write_coordinates(path, coordinates(), micrograph_name="m.mrc")
    (layer,) = viewer.open(path, plugin="napari-drpnet")
    assert layer.name == ("m" if suffix == ".txt" else path.name)
    exact = not WRITTEN[suffix].whole_pixels
    np.testing.assert_allclose(layer.data, coordinates().centers_yx, atol=0 if exact else 0.5)
    assert layer.scale.tolist() == [1, 1]
    assert [str(unit) for unit in layer.units] == ["pixel", "pixel"]
    assert layer.size[0] == (24 if WRITTEN[suffix].has_boxes else reader.RING_PX)
    assert (layer.face_color[:, 3] == 0).all()
    assert layer.metadata["path"] == str(path)


def test_scores_become_a_feature(viewer, tmp_path):
    write_coordinates(tmp_path / "picks.csv", coordinates())
    (layer,) = viewer.open(tmp_path / "picks.csv", plugin="napari-drpnet")
    np.testing.assert_array_equal(layer.features["score"], [0.9, np.nan, 0.1])


def test_an_empty_file_gives_an_empty_layer(viewer, tmp_path):
    (tmp_path / "none.star").write_text("")
    (layer,) = viewer.open(tmp_path / "none.star", plugin="napari-drpnet")
    assert layer.data.shape == (0, 2)


def test_particles_of_several_micrographs_get_a_layer_each(viewer, tmp_path):
    path = tmp_path / "particles.star"
    write_coordinates(path, coordinates(("job002/a.mrc", "job002/b.mrc", "job002/a.mrc")))
    first, second = viewer.open(path, plugin="napari-drpnet")
    assert (first.name, second.name) == ("a.mrc", "b.mrc")
    assert first.data.tolist() == [[10, 20], [5, 6]]
    assert second.data.tolist() == [[30, 40]]
    assert (first.visible, second.visible) == (True, False)
    assert second.metadata["micrograph_name"] == "job002/b.mrc"


def test_particles_of_too_many_micrographs_are_refused_with_advice(viewer, tmp_path):
    count = reader.MOST_LAYERS + 1
    names = tuple(f"{number}.mrc" for number in range(count))
    path = tmp_path / "particles.star"
    write_coordinates(path, Coordinates(np.zeros((count, 2)), np.zeros(count), names))
    with pytest.raises(InputFileError, match=f"{count} micrographs.*DRPnet picker"):
        viewer.open(path, plugin="napari-drpnet")


def test_a_file_of_cryosparc_is_shown_in_both_ways(viewer, tmp_path):
    columns = {
        "location/micrograph_path": ("S40", b"J1/imported/a.mrc"),
        "location/micrograph_shape": (("<u4", 2), (100, 200)),
        "location/center_x_frac": ("<f4", 0.25),
        "location/center_y_frac": ("<f4", 0.125),
    }
    kinds = {"names": [*columns], "formats": [kind for kind, _ in columns.values()]}
    table = np.array([tuple(value for _, value in columns.values())], np.dtype(kinds))
    with (tmp_path / "picks.cs").open("wb") as file:
        np.save(file, table)
    mirrored, stored = viewer.open(tmp_path / "picks.cs", plugin="napari-drpnet")
    assert (mirrored.name, stored.name) == (
        "a.mrc (y from the last row)",
        "a.mrc (y from the first row)",
    )
    assert mirrored.data.tolist() == [[87.5, 50]]
    assert stored.data.tolist() == [[12.5, 50]]


def test_the_manifest_claims_what_the_table_of_formats_reads():
    (contribution,) = npe2.PluginManifest.from_distribution("napari-drpnet").contributions.readers
    assert {f"*{suffix}" for suffix in READ_SUFFIXES} <= set(contribution.filename_patterns)


def test_a_list_of_micrographs_is_sent_to_the_picker(viewer, tmp_path):
    path = tmp_path / "micrographs.star"
    write_table(path, "micrographs", {"rlnMicrographName": ["a.mrc", "b.mrc"]})
    with pytest.raises(InputFileError, match=r"a list of 2 micrographs.*DRPnet picker"):
        viewer.open(path, plugin="napari-drpnet")


def test_damaged_files_say_what_is_wrong(viewer, tmp_path):
    (tmp_path / "bad.mrc").write_bytes(b"hello")
    with pytest.raises(InputFileError, match="too short for an MRC header"):
        viewer.open(tmp_path / "bad.mrc", plugin="napari-drpnet")
    (tmp_path / "bad.star").write_text("data_\nloop_\n_rlnCoordinateX\n1\n")
    with pytest.raises(InputFileError, match="rlnCoordinateY"):
        viewer.open(tmp_path / "bad.star", plugin="napari-drpnet")
    (tmp_path / "bad.csv").write_text("x,y\n1,far\n")
    with pytest.raises(InputFileError, match="'far'"):
        viewer.open(tmp_path / "bad.csv", plugin="napari-drpnet")
    assert not viewer.layers


@pytest.mark.parametrize(
    ("header", "ours"),
    [("x,y,score", True), ('"X", Y', True), ("index,axis-0,axis-1", False), ("", False)],
)
def test_a_csv_is_ours_where_it_names_x_and_y(tmp_path, header, ours):
    path = tmp_path / "table.csv"
    path.write_text(f"{header}\n1,2,3\n")
    assert (reader.get_reader(path) is not None) == ours


def test_other_files_folders_and_stacks_are_left_to_others(tmp_path):
    assert reader.get_reader(tmp_path / "notes.txt") is None
    assert reader.get_reader(tmp_path / "absent.csv") is None
    assert reader.get_reader(tmp_path) is None
    assert reader.get_reader([str(tmp_path / "a.mrc"), str(tmp_path / "b.mrc")]) is None


def test_napari_keeps_its_own_kinds_of_images():
    (contribution,) = npe2.PluginManifest.from_distribution("napari-drpnet").contributions.readers
    assert not {"*.tif", "*.tiff", "*.png", "*.jpg"} & set(contribution.filename_patterns)
