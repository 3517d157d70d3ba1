"""Xmipp's .pos files."""

import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.programs.xmipp import read_pos, write_pos

HEADER = "# XMIPP_STAR_1 *\n#\ndata_header\nloop_\n _pickingMicrographState\n{}\n"
BY_HAND = HEADER.format("Manual") + "data_particles\nloop_\n _xcoor\n _ycoor\n"
OF_SCIPION = (
    HEADER.format("Supervised") + "data_particles_auto\nloop_\n"
    " _itemId\n _enabled\n _xcoor\n _ycoor\n _cost\n _micrographId\n"
)


@pytest.fixture
def pos(tmp_path):
    def write(text):
        file = tmp_path / "a.pos"
        file.write_text(text)
        return file

    return write


def test_particles_are_centres_counted_from_the_first_row(pos):
    coordinates = read_pos(pos(BY_HAND + " 1042 308\n 77 12\n"))
    np.testing.assert_array_equal(coordinates.centers_yx, [[308, 1042], [12, 77]])
    assert np.isnan(coordinates.score).all()


def test_deleted_particles_are_left_out_and_the_cost_is_the_score(pos):
    rows = " 000001   1   10  20  0.5   000003 \n 000002  -1   30  40  0.1   000003 \n"
    coordinates = read_pos(pos(OF_SCIPION + rows))
    np.testing.assert_array_equal(coordinates.centers_yx, [[20, 10]])
    np.testing.assert_array_equal(coordinates.score, [0.5])


def test_particles_picked_by_hand_and_automatically_are_one_list(pos):
    both = BY_HAND + " 1 2\n" + OF_SCIPION.partition("Supervised\n")[2] + " 1 1 3 4 0.5 1\n"
    np.testing.assert_array_equal(read_pos(pos(both)).centers_yx, [[2, 1], [4, 3]])


@pytest.mark.parametrize("text", ["", BY_HAND])
def test_an_empty_file_means_no_picks(pos, text):
    assert len(read_pos(pos(text))) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEADER.format("Manual"), "has no data_particles"),
        ("notes", "no data_ block"),
        ("data_particles\nloop_\n_x\n_y\n1 2\n", "has no _xcoor and _ycoor"),
        (BY_HAND + " 1 b\n", "not a number"),
        (BY_HAND + " 1 nan\n", "has no position"),
    ],
)
def test_damaged_files_are_named_errors(pos, text, reason):
    with pytest.raises(InputFileError, match=reason):
        read_pos(pos(text))


def test_files_have_the_columns_that_scipion_writes(tmp_path):
    picks = Coordinates(np.array([[20.4, 10.0], [500.0, 7.6]]), np.array([0.25, np.nan]))
    write_pos(tmp_path / "a.pos", picks)
    lines = (tmp_path / "a.pos").read_text().splitlines()
    assert lines[:6] == HEADER.format("Manual").splitlines()
    labels = ["_itemId", "_enabled", "_xcoor", "_ycoor", "_cost"]
    assert lines[6:13] == ["data_particles", "loop_", *(f" {label}" for label in labels)]
    assert lines[13:] == [" 000001 1 10 20 0.250000", " 000002 1 8 500 0.000000"]
    assert len(read_pos(tmp_path / "a.pos")) == 2
    write_pos(tmp_path / "a.pos", picks, (100, 100))
    assert len(read_pos(tmp_path / "a.pos")) == 1
