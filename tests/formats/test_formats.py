import contextlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats import (
    FORMATS,
    READ_SUFFIXES,
    WRITTEN,
    Coordinates,
    fitting_formats,
    read_coordinates,
    write_coordinates,
)

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


@pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if each.write])
@settings(max_examples=40, deadline=None)
@given(original=coordinates())
def test_positions_survive_to_half_a_pixel(tmp_path_factory, name, original):
    chosen = FORMATS[name]
    file = tmp_path_factory.getbasetemp() / f"round-trip-{name}{chosen.suffix}"
    write_coordinates(file, original, SHAPE, name, micrograph_name="m/a.mrc")
    copy = read_coordinates(file, rows=SHAPE[0] if chosen.from_last_row else None)
    assert len(copy) == len(original)
    assert np.abs(copy.centers_yx - original.centers_yx).max(initial=0) <= 0.5
    if chosen.whole_pixels:
        np.testing.assert_array_equal(copy.centers_yx, np.rint(original.centers_yx))
    else:
        np.testing.assert_allclose(copy.centers_yx, original.centers_yx, atol=1e-6)
    if name in ("csv", "cryolo"):
        np.testing.assert_array_equal(copy.score, original.score)
    if chosen.names == "always":
        assert {bare.split("/")[-1].removesuffix(".mrc") for bare in copy.micrograph_names} <= {"a"}


@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_dot_near_the_top_left_stays_there(tmp_path, suffix):
    dot = Coordinates(np.array([[3.0, 11.0]]), np.array([1.0]), box_size_px=64)
    write_coordinates(tmp_path / f"a{suffix}", dot, SHAPE, micrograph_name="a.mrc")
    np.testing.assert_array_equal(read_coordinates(tmp_path / f"a{suffix}").centers_yx, [[3, 11]])


@pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if each.read])
@given(content=st.binary(max_size=64) | st.text(max_size=64).map(lambda text: text.encode()))
def test_garbage_is_coordinates_or_an_input_file_error(tmp_path_factory, name, content):
    file = tmp_path_factory.getbasetemp() / f"garbage{FORMATS[name].suffix}"
    file.write_bytes(content)
    with contextlib.suppress(InputFileError):
        assert isinstance(read_coordinates(file, name, rows=100), Coordinates)


@pytest.mark.parametrize("suffix", READ_SUFFIXES)
def test_missing_files(tmp_path, suffix):
    with pytest.raises(InputFileError, match=r"No such file|several ways"):
        read_coordinates(tmp_path / f"missing{suffix}")


def test_suffixes(tmp_path):
    with pytest.raises(InputFileError, match=r"unknown suffix '\.pdf'.*\.star, \.box, \.csv"):
        read_coordinates("a.pdf")
    with pytest.raises(InputFileError, match="no suffix"):
        write_coordinates("a", Coordinates(np.empty((0, 2)), np.empty(0)))
    with pytest.raises(InputFileError, match=r"unknown suffix '\.cs'"):
        write_coordinates("a.cs", Coordinates(np.empty((0, 2)), np.empty(0)))
    (tmp_path / "A.CSV").write_text("x,y\n1,2\n")
    assert len(read_coordinates(tmp_path / "A.CSV")) == 1


def test_names_of_formats():
    assert all(name == each.name and (each.read or each.write) for name, each in FORMATS.items())
    nothing = Coordinates(np.empty((0, 2)), np.empty(0))
    with pytest.raises(ValueError, match="no format 'excel'"):
        read_coordinates("a.csv", "excel")
    with pytest.raises(ValueError, match="only written"):
        read_coordinates("a.star", "cryosparc")
    with pytest.raises(ValueError, match="only read"):
        write_coordinates("a.cs", nothing, None, "cryosparc-stored")


@pytest.mark.parametrize(
    ("name", "text", "fitting"),
    [
        ("a.csv", "X, y\n1,2\n", ["csv"]),
        ("a.csv", "\ufeffX-Coordinate,Y-Coordinate\n1,2\n", ["cryoppp"]),
        ("a.csv", "index,axis-0\n1,2\n", []),
        ("a.txt", "image_name\tx_coord\ty_coord\n", ["topaz"]),
        ("a.txt", "Notes on picking\n", []),
        ("a_info.json", '{\n "boxes": [', ["eman2"]),
        ("a.json", '{"picks": 3}', []),
        ("a.star", "", ["relion"]),
        ("a.star", "data_\nloop_\n_rlnMicrographCoordinates\n", ["relion-index"]),
        ("a.star", "Import/job001/micrographs.star\n", ["relion-index"]),
        ("a.CS", "", ["cryosparc-mirrored", "cryosparc-stored"]),
        ("a.pdf", "", []),
    ],
)
def test_the_first_line_tells_what_the_suffix_leaves_open(tmp_path, name, text, fitting):
    (tmp_path / name).write_text(text)
    assert [each.name for each in fitting_formats(tmp_path / name)] == fitting


def test_what_only_a_person_can_tell_is_asked(tmp_path):
    with pytest.raises(InputFileError, match=r"several ways: cryosparc-mirrored .*--from"):
        read_coordinates(tmp_path / "a.cs")


def test_filaments_are_kept_by_the_formats_that_have_them(tmp_path):
    pieces = Coordinates(np.ones((2, 2)), np.ones(2), None, 8.0, np.array([1, 2]))
    for suffix in (".star", ".cbox"):
        write_coordinates(tmp_path / f"a{suffix}", pieces)
        np.testing.assert_array_equal(read_coordinates(tmp_path / f"a{suffix}").filament, [1, 2])


def test_importing_the_formats_loads_nothing_heavy():
    code = "import sys, napari_drpnet.formats; print({'pandas', 'starfile'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
