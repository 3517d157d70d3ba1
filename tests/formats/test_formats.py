import contextlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_drpnet.errors import InputFileError
from napari_drpnet.formats import FORMATS, Coordinates, read_coordinates, write_coordinates

SHAPE = (4092, 5760)


@st.composite
def coordinates(draw):
    positions = st.tuples(*(st.floats(-0.5, side - 0.51) for side in SHAPE))
    centers = draw(st.lists(positions, max_size=5))
    scores = draw(
        st.lists(st.floats(0, 1) | st.just(np.nan), min_size=len(centers), max_size=len(centers))
    )
    size = draw(st.floats(1, 1000))
    return Coordinates(
        np.array(centers, float).reshape(-1, 2), np.array(scores, float), box_size_px=size
    )


@pytest.mark.parametrize("suffix", FORMATS)
@settings(max_examples=40, deadline=None)
@given(original=coordinates())
def test_positions_survive_to_half_a_pixel(tmp_path_factory, suffix, original):
    file = tmp_path_factory.getbasetemp() / f"round-trip{suffix}"
    write_coordinates(file, original, SHAPE)
    copy = read_coordinates(file)
    assert len(copy) == len(original)
    assert np.abs(copy.centers_yx - original.centers_yx).max(initial=0) <= 0.5
    if suffix == ".csv":
        np.testing.assert_array_equal(copy.centers_yx, original.centers_yx)
        np.testing.assert_array_equal(copy.score, original.score)
    else:
        np.testing.assert_array_equal(copy.centers_yx, np.rint(original.centers_yx))


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_dot_near_the_top_left_stays_there(tmp_path, suffix):
    dot = Coordinates(np.array([[3.0, 11.0]]), np.array([1.0]), box_size_px=64)
    write_coordinates(tmp_path / f"a{suffix}", dot, SHAPE)
    np.testing.assert_array_equal(read_coordinates(tmp_path / f"a{suffix}").centers_yx, [[3, 11]])


@pytest.mark.parametrize("suffix", FORMATS)
@given(content=st.binary(max_size=64) | st.text(max_size=64).map(lambda text: text.encode()))
def test_garbage_is_coordinates_or_an_input_file_error(tmp_path_factory, suffix, content):
    file = tmp_path_factory.getbasetemp() / f"garbage{suffix}"
    file.write_bytes(content)
    with contextlib.suppress(InputFileError):
        assert isinstance(read_coordinates(file), Coordinates)


@pytest.mark.parametrize("suffix", FORMATS)
def test_missing_files(tmp_path, suffix):
    with pytest.raises(InputFileError, match="No such file"):
        read_coordinates(tmp_path / f"missing{suffix}")


def test_suffixes(tmp_path):
    with pytest.raises(InputFileError, match=r"unknown suffix '\.pdf'.*\.star, \.box, \.csv"):
        read_coordinates("a.pdf")
    with pytest.raises(InputFileError, match="no suffix"):
        write_coordinates("a", Coordinates(np.empty((0, 2)), np.empty(0)))
    (tmp_path / "A.CSV").write_text("x,y\n1,2\n")
    assert len(read_coordinates(tmp_path / "A.CSV")) == 1


def test_importing_the_formats_loads_nothing_heavy():
    code = "import sys, napari_drpnet.formats; print({'pandas', 'starfile'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
