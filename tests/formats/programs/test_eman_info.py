"""EMAN2's info files."""

import json

import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.programs.eman_info import read_eman_info, write_eman_info

PICKS = Coordinates(np.array([[20.4, 10.0], [500.0, 7.6]]), np.array([0.25, np.nan]))


@pytest.fixture
def info(tmp_path):
    return tmp_path / "a_info.json"


def test_boxes_of_any_kind_are_centres_counted_from_the_first_row(info):
    boxes = [[1042.0, 308.5, "manual"], [77, 12, "auto_local", 3.5], [5, 6]]
    info.write_text(json.dumps({"boxes": boxes, "ctf": [1], "quality": 5}))
    coordinates = read_eman_info(info)
    np.testing.assert_array_equal(coordinates.centers_yx, [[308.5, 1042], [12, 77], [6, 5]])
    np.testing.assert_array_equal(coordinates.score, [np.nan, 3.5, np.nan])


@pytest.mark.parametrize("text", ["", "{}", '{"boxes": []}', '{"quality": 5}'])
def test_a_file_without_boxes_means_no_picks(info, text):
    info.write_text(text)
    assert len(read_eman_info(info)) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1, 2]", "is no info file"),
        ('{"boxes": {"x": 1}}', "has no list of boxes"),
        ('{"boxes": [[1, 2, "manual"], [1]]}', r"box 2 is not \[x, y, kind, score\]"),
        ('{"boxes": ["12"]}', "box 1 is not"),
        ('{"boxes": [[1, "b"]]}', "box 1 is not"),
        ('{"boxes": [[1, 1' + "0" * 400 + "]]}", "box 1 is not"),
        ('{"boxes": [[1, NaN]]}', "particle 1 has no position"),
    ],
)
def test_damaged_files_are_named_errors(info, text, reason):
    info.write_text(text)
    with pytest.raises(InputFileError, match=reason):
        read_eman_info(info)


def test_boxes_are_written_as_by_hand_on_whole_pixels(info):
    write_eman_info(info, PICKS, (100, 100))
    assert json.loads(info.read_text()) == {"boxes": [[10, 20, "manual", 0.25]]}
    write_eman_info(info, PICKS)
    assert json.loads(info.read_text())["boxes"][1] == [8, 500, "manual"]


def test_what_eman2_knows_besides_is_kept(info):
    known = {"ctf": [[1.5, 2]], "boxes": [[1, 1, "auto_ref"]], "quality": 3}
    info.write_text(json.dumps(known))
    write_eman_info(info, PICKS)
    content = json.loads(info.read_text())
    assert len(content.pop("boxes")) == 2
    del known["boxes"]
    assert content == known


def test_a_file_that_is_no_info_file_is_not_replaced(info):
    info.write_text("notes")
    with pytest.raises(InputFileError, match="is not JSON"):
        write_eman_info(info, PICKS)
    assert info.read_text() == "notes"
