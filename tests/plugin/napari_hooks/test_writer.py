"""The writers: points and labels layers of a viewer without a window into files."""

import numpy as np
import pytest

npe2 = pytest.importorskip("npe2")

from napari.layers import Labels, Points  # noqa: E402

from napari_drpnet.base.errors import InputFileError  # noqa: E402
from napari_drpnet.formats import WRITTEN, read_coordinates  # noqa: E402
from napari_drpnet.formats.masks.class_maps import read_class_map, write_class_map  # noqa: E402

CENTERS = np.array([[10.0, 20.0], [30.0, 40.0], [50.0, 60.0], [70.0, 80.0]])


@pytest.fixture(autouse=True)
def ours(npe2pm):
    with npe2pm.tmp_plugin(package="napari-drpnet"):
        yield npe2pm


def save(layer, path):
    assert layer.save(str(path), plugin="napari-drpnet") == [str(path)]
    return read_coordinates(path)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_positions_are_pixels_whatever_the_scale_of_the_layer(tmp_path, suffix):
    layer = Points(CENTERS, scale=(1.5, 1.5), translate=(7, 9), size=32)
    saved = save(layer, tmp_path / f"points{suffix}")
    np.testing.assert_array_equal(saved.centers_yx, CENTERS)


def test_a_csv_keeps_all_digits(tmp_path):
    saved = save(Points(CENTERS + 1 / 3), tmp_path / "points.csv")
    np.testing.assert_array_equal(saved.centers_yx, CENTERS + 1 / 3)
    assert np.isnan(saved.score).all()


def test_boxes_have_the_median_size_of_the_points(tmp_path):
    assert save(Points(CENTERS, size=[32, 64, 64, 64]), tmp_path / "points.box").box_size_px == 64


def test_an_empty_layer_is_an_empty_file(tmp_path):
    for suffix in WRITTEN:
        assert len(save(Points(ndim=2), tmp_path / f"none{suffix}")) == 0


def test_of_our_picks_the_accepted_ones_are_written_shown_or_not(tmp_path):
    states = ["accepted", "rejected by hand", "accepted by hand", "below"]
    shown = [False, True, True, True]
    layer = Points(CENTERS, features={"state": states}, shown=shown)
    saved = save(layer, tmp_path / "picks.csv")
    np.testing.assert_array_equal(saved.centers_yx, CENTERS[[0, 2]])


@pytest.mark.parametrize("features", [None, {"state": ["new", "old", "old", "accepted"]}])
def test_of_other_points_those_that_are_shown_are_written(tmp_path, features):
    layer = Points(CENTERS, features=features, shown=[True, False, True, True])
    saved = save(layer, tmp_path / "points.csv")
    np.testing.assert_array_equal(saved.centers_yx, CENTERS[[0, 2, 3]])


@pytest.mark.parametrize("name", ["score", "probability"])
def test_scores_follow_their_points(tmp_path, name):
    scores = [0.1, 0.2, np.nan, np.inf]
    layer = Points(CENTERS, features={name: scores}, shown=[False, True, True, True])
    saved = save(layer, tmp_path / "points.csv")
    np.testing.assert_array_equal(saved.score, [0.2, np.nan, np.nan])


def test_scores_that_are_no_numbers_are_missing(tmp_path):
    layer = Points(CENTERS, features={"score": ["good", "bad", "bad", "0.5"]})
    saved = save(layer, tmp_path / "points.csv")
    np.testing.assert_array_equal(saved.score, [np.nan, np.nan, np.nan, 0.5])


def test_points_outside_a_known_micrograph_are_left_out(tmp_path):
    layer = Points(CENTERS, metadata={"shape": (60, 100)})
    np.testing.assert_array_equal(save(layer, tmp_path / "p.star").centers_yx, CENTERS[:3])


@pytest.mark.parametrize("suffix", [".star", ".csv"])
def test_points_in_a_stack_are_refused(tmp_path, suffix):
    layer = Points(np.zeros((2, 3)))
    with pytest.raises(InputFileError, match="have 3 axes"):
        layer.save(str(tmp_path / f"points{suffix}"), plugin="napari-drpnet")
    assert not list(tmp_path.iterdir())


def test_a_name_without_suffix_becomes_a_star_file(tmp_path):
    written = Points(CENTERS).save(str(tmp_path / "points"), plugin="napari-drpnet")
    assert written == [str(tmp_path / "points.star")]


def test_a_chosen_writer_and_no_suffix_give_advice(tmp_path, ours):
    writer, _ = ours.get_writer("points.star", ["points"])
    with pytest.raises(InputFileError, match=r"Use one of \.star, \.box, \.csv"):
        writer.exec((str(tmp_path / "points"), CENTERS, {}))


def test_napari_own_csv_comes_first_even_where_our_plugin_was_found_first(ours):
    ours.register("napari")
    writer, _ = ours.get_writer("points.csv", ["points"])
    assert writer.plugin_name == "napari"
    writer, _ = ours.get_writer("points.csv", ["points"], plugin_name="napari-drpnet")
    assert writer.plugin_name == "napari-drpnet"


def test_a_table_of_topaz_names_the_micrograph_or_else_the_layer(tmp_path):
    layer = Points(CENTERS, name="rings")
    assert save(layer, tmp_path / "p.txt").micrograph_names[0] == "rings"
    layer.metadata["micrograph_name"] = "Movies/a.mrc"
    assert save(layer, tmp_path / "p.txt").micrograph_names[0] == "a"


def test_two_layers_in_one_table_are_refused(ours, tmp_path):
    writer, _ = ours.get_writer("points.csv", ["points"], plugin_name="napari-drpnet")
    layers = [(CENTERS, {}, "points"), (None, {}, "surface")]
    with pytest.raises(InputFileError, match="one points layer"):
        writer.exec((str(tmp_path / "points.csv"), layers))


@pytest.mark.parametrize("kind", [np.uint8, np.int64])
def test_classes_are_written_as_the_export_does(tmp_path, kind):
    classes = np.arange(35, dtype=kind).reshape(5, 7) % 5
    path, exported = tmp_path / "strokes.png", tmp_path / "exported.png"
    layer = Labels(classes, scale=(8, 8), translate=(3.5, 3.5))
    assert layer.save(str(path), plugin="napari-drpnet") == [str(path)]
    write_class_map(exported, classes.astype(np.uint8))
    assert path.read_bytes() == exported.read_bytes()
    np.testing.assert_array_equal(read_class_map(path), classes)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.full((4, 4), 5), "not the numbers of classes, 0 to 4"),
        (np.full((4, 4), -1), "not the numbers of classes"),
        (np.ones((2, 4, 4), np.uint8), "have 3 axes"),
    ],
)
def test_labels_that_are_no_classes_are_refused(tmp_path, values, said):
    with pytest.raises(InputFileError, match=said):
        Labels(values).save(str(tmp_path / "labels.png"), plugin="napari-drpnet")
    assert not list(tmp_path.iterdir())


def test_labels_are_a_class_map_wherever_nobody_else_writes_png(ours, tmp_path):
    ours.register("napari")
    assert ours.get_writer("a.png", ["labels"])[0].plugin_name == "napari-drpnet"
    assert ours.get_writer("a.tif", ["labels"])[0].plugin_name == "napari"
