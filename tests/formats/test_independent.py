"""What we write, read by readers that share nothing with ours, by the rules of other programs."""

import json

import numpy as np
import pytest
import starfile
from hypothesis import given
from hypothesis import strategies as st

from napari_drpnet.formats import Coordinates, write_coordinates

SHAPE = (4092, 5760)


def read_star_plainly(path):
    """Read the first loop of a STAR file line by line, as the scripts of pyem and Topaz do."""
    labels, rows = [], []
    for line in path.read_text().splitlines():
        words = line.split()
        if words and words[0].startswith("_"):
            labels.append(words[0].removeprefix("_"))
        elif words and labels:
            rows.append(words)
        elif rows:
            break
    return {label: [row[place] for row in rows] for place, label in enumerate(labels)}


def extracted_by_relion(x, y):
    """Tell which pixel RELION puts at n/2 of a particle: it casts to integers, which truncates."""
    return np.stack([np.trunc(np.array(y, float)), np.trunc(np.array(x, float))], axis=-1)


def centers_by_relion_of_boxes(path):
    """Read a .box file with RELION's rule: integers, and the size halved as one."""
    rows = np.array([line.split()[:4] for line in path.read_text().splitlines()], int)
    return rows.reshape(-1, 4)[:, 1::-1] + rows.reshape(-1, 4)[:, 3:1:-1] // 2


def targets_of_topaz(path):
    """Read Topaz's table by place: name, x, y, with x and y as integers."""
    lines = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    return [line[0] for line in lines], [(int(line[2]), int(line[1])) for line in lines]


def centers_by_box_manager(path):
    """Read a .cbox file as the box manager does: in the block cryolo, corner plus half the size."""
    part = path.with_suffix(".part")
    part.write_text(path.read_text().partition("data_cryolo\n")[2])
    table = read_star_plainly(part)
    x, y, w, h = (
        np.array(table[label], float) for label in ("CoordinateX", "CoordinateY", "Width", "Height")
    )
    return np.stack([y + h / 2, x + w / 2], axis=-1)


def regions_of_eman2(path, size):
    """Cut boxes as e2boxer does: from half a box, as an integer, before x and y."""
    boxes = json.loads(path.read_text())["boxes"]
    return np.array([(y - size // 2, x - size // 2) for x, y, *_ in boxes]).reshape(-1, 2)


@st.composite
def coordinates(draw):
    positions = st.tuples(*(st.floats(-0.49, side - 0.51) for side in SHAPE))
    centers = np.array(draw(st.lists(positions, min_size=1, max_size=6)))
    scores = draw(
        st.lists(st.floats(0, 1) | st.just(np.nan), min_size=len(centers), max_size=len(centers))
    )
    words = st.text("aZ09_-.", min_size=1, max_size=8)
    names = [f"m{row}/{draw(words)}.mrc" for row in range(len(centers))]
    return Coordinates(centers, np.array(scores), tuple(names), draw(st.floats(4, 1000)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("independent")


@given(original=coordinates())
def test_relion_extracts_where_we_picked(folder, original):
    path = folder / "a.star"
    write_coordinates(path, original, SHAPE)
    plain, table = read_star_plainly(path), starfile.read(path, always_dict=True)[""]
    x, y = plain["rlnCoordinateX"], plain["rlnCoordinateY"]
    np.testing.assert_array_equal(np.array(x, float), table["rlnCoordinateX"])
    np.testing.assert_array_equal(np.array(y, float), table["rlnCoordinateY"])
    assert plain["rlnMicrographName"] == list(original.micrograph_names)
    assert np.abs(extracted_by_relion(x, y) - original.centers_yx).max() <= 0.5


@given(original=coordinates())
def test_cryosparc_imports_what_we_picked(folder, original):
    path = folder / "b.star"
    write_coordinates(path, original, SHAPE, "cryosparc")
    plain, table = read_star_plainly(path), starfile.read(path, always_dict=True)[""]
    x, y = (np.array(plain[f"rlnCoordinate{axis}"], float) for axis in "XY")
    np.testing.assert_array_equal(x, table["rlnCoordinateX"])
    np.testing.assert_array_equal(y, table["rlnCoordinateY"])
    assert list(table["rlnMicrographName"]) == plain["rlnMicrographName"]
    fractions = np.stack([1 - y / SHAPE[0], x / SHAPE[1]], axis=-1)
    back = (np.array([1.0, 0.0]) - fractions * [1, -1]) * SHAPE
    np.testing.assert_allclose(back, original.centers_yx, atol=1e-5)


@given(original=coordinates())
def test_relion_and_eman_read_our_boxes(folder, original):
    path = folder / "a.box"
    write_coordinates(path, original, SHAPE)
    assert np.abs(centers_by_relion_of_boxes(path) - original.centers_yx).max() <= 0.5


@given(original=coordinates())
def test_eman2_and_xmipp_read_our_centres(folder, original):
    write_coordinates(folder / "new.json", original, SHAPE)
    corners = regions_of_eman2(folder / "new.json", 64)
    assert np.abs(corners + 32 - original.centers_yx).max() <= 0.5
    (folder / "new.json").unlink()
    write_coordinates(folder / "a.pos", original, SHAPE)
    table = starfile.read(folder / "a.pos", always_dict=True)["particles"]
    centers = np.column_stack([table["ycoor"], table["xcoor"]])
    assert np.abs(centers - original.centers_yx).max() <= 0.5


@given(original=coordinates())
def test_topaz_reads_our_table(folder, original):
    path = folder / "a.txt"
    unique = original.named("Movies/a.b.mrc")
    write_coordinates(path, unique, SHAPE)
    names, centers = targets_of_topaz(path)
    assert set(names) == {"a.b"}
    assert np.abs(np.array(centers) - original.centers_yx).max() <= 0.5


@given(original=coordinates())
def test_the_box_manager_reads_our_cbox(folder, original):
    path = folder / "a.cbox"
    write_coordinates(path, original, SHAPE)
    centers = centers_by_box_manager(path)
    np.testing.assert_allclose(centers, original.centers_yx, atol=1e-9)
    table = starfile.read(path, always_dict=True)["cryolo"]
    corners = np.column_stack([table["CoordinateY"], table["CoordinateX"]]).astype(float)
    sizes = np.column_stack([table["Height"], table["Width"]]).astype(float)
    np.testing.assert_allclose(corners + sizes / 2, centers, atol=1e-9)
