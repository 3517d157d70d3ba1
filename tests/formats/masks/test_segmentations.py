import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.segmentation import Segmentation
from napari_drpnet.formats import read_segmentation, write_segmentation

SHA = "0123456789abcdef" * 4


def segmentation(shape, seed=0, masked=False):
    rng = np.random.default_rng(seed)
    probability = rng.dirichlet([0.3] * 4, shape).transpose(2, 0, 1).astype(np.float32)
    valid = rng.random(shape) < 0.7 if masked else None
    return Segmentation(probability, Frame((997, 1301), shape), 11.5, SHA, valid)


@given(st.tuples(st.integers(1, 30), st.integers(1, 30)), st.integers(0, 2**32 - 1), st.booleans())
def test_segmentations_make_the_round_trip(tmp_path_factory, shape, seed, masked):
    written = segmentation(shape, seed, masked)
    path = tmp_path_factory.mktemp("segmentations") / "a_segmentation.npz"
    write_segmentation(path, written)
    read = read_segmentation(path)
    assert read.probability.dtype == np.float32
    assert_allclose(read.probability, written.probability, atol=1e-3)
    assert_allclose(read.probability.sum(axis=0), 1, atol=1e-6)
    assert (read.frame, read.diameter_px, read.sha256) == (written.frame, 11.5, SHA)
    assert (read.valid is None) == (written.valid is None)
    if masked:
        assert_array_equal(read.valid, written.valid)
    top = np.sort(written.probability, axis=0)
    clear = top[-1] - top[-2] > 2e-3
    assert_array_equal(read.class_map[clear], written.class_map[clear])


def test_the_file_has_no_pickles_and_half_the_bytes(tmp_path):
    path = tmp_path / "a_segmentation.npz"
    write_segmentation(path, segmentation((20, 30), masked=True))
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    assert arrays["probability"].dtype == np.float16
    assert arrays["full_shape"].tolist() == [997, 1301]
    assert arrays["classes"].tolist() == ["background", "particle", "ice", "carbon"]
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"classes": np.array(["background", "particle", "dirt", "gold"])}, "other classes"),
        ({"probability": np.full((3, 20, 30), 1 / 3, np.float16)}, "shape"),
        ({"probability": np.full((4, 30, 20), 0.25, np.float16)}, "shape"),
        ({"probability": np.ones((4, 20, 30), np.int8)}, "int8"),
        ({"probability": np.full((4, 20, 30), np.nan, np.float16)}, "NaN"),
        ({"probability": np.full((4, 20, 30), 0.5, np.float16)}, "add up"),
        (
            {"probability": np.stack([np.full((20, 30), v) for v in (-1.0, 1.0, 1.0, 0.0)])},
            "negative",
        ),
        ({"full_shape": np.array([0, 5])}, "5 × 0 pixels"),
        ({"full_shape": np.array([1.5, 5])}, "whole numbers"),
        ({"network_shape": np.array([20, 30, 1])}, "whole numbers"),
        ({"diameter_px": np.array(np.inf)}, "diameter"),
        ({"diameter_px": np.array([1.0, 2.0])}, "segmentation"),
        ({"valid": np.ones((5, 5), bool)}, "mask"),
        ({"valid": np.ones((20, 30), np.uint8)}, "mask"),
        ({"sha256": None}, "no segmentation"),
    ],
)
def test_a_wrong_array_is_named(tmp_path, changes, reason):
    path = tmp_path / "a_segmentation.npz"
    write_segmentation(path, segmentation((20, 30)))
    with np.load(path) as file:
        arrays = {**file, **changes}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(InputFileError, match=f"a_segmentation.npz.*{reason}"):
        read_segmentation(path)
