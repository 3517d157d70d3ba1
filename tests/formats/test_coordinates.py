import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.picks import Picks
from napari_drpnet.formats.coordinates import Coordinates, coordinates_from_xy

TWO = np.array([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    "fields",
    [
        (np.zeros((2, 3)), np.zeros(2)),
        (TWO, np.zeros(3)),
        (TWO, np.zeros((2, 1))),
        (TWO, np.zeros(2), ("a.mrc",)),
        (TWO * np.nan, np.zeros(2)),
        (TWO, np.array([0, np.inf])),
    ],
)
def test_refuses_fields_that_do_not_fit(fields):
    with pytest.raises(ValueError):
        Coordinates(*fields)


def test_from_picks_scores_by_probability_where_known():
    picks = Picks(
        TWO, np.array([0.5, 0.25]), np.ones(2), np.array([0.75, np.nan]), np.ones(2, bool)
    )
    coordinates = Coordinates.from_picks(picks, box_size_px=64)
    np.testing.assert_array_equal(coordinates.score, [0.75, 0.25])
    np.testing.assert_array_equal(coordinates.centers_yx, TWO)
    assert coordinates.box_size_px == 64


def test_as_picks_takes_all_rows_with_their_scores():
    picks = Coordinates(TWO, np.array([0.5, np.nan])).as_picks()
    np.testing.assert_array_equal(picks.centers_yx, TWO)
    np.testing.assert_array_equal(picks.figure_of_merit, [0.5, np.nan])
    assert picks.accepted.all()


@pytest.mark.parametrize("rows", [np.array([False, True]), np.array([1])])
def test_where_keeps_all_fields_in_step(rows):
    kept = Coordinates(TWO, np.array([0.1, 0.2]), ("a.mrc", "b.mrc"), 32.0).where(rows)
    assert (len(kept), kept.micrograph_names, kept.box_size_px) == (1, ("b.mrc",), 32.0)
    np.testing.assert_array_equal(kept.centers_yx, [[3, 4]])
    np.testing.assert_array_equal(kept.score, [0.2])


def test_whole_pixels_drop_what_lies_outside_after_rounding():
    centers = np.array([[-0.4, 0.0], [9.4, 19.4], [9.6, 5.0], [5.0, 19.6], [-0.6, 3.0]])
    kept = Coordinates(centers, np.arange(5.0)).on_whole_pixels((10, 20))
    np.testing.assert_array_equal(kept.score, [0, 1])
    np.testing.assert_array_equal(kept.centers_yx, [[0, 0], [9, 19]])
    assert not np.signbit(kept.centers_yx).any()


def test_file_positions_are_swapped_and_infinite_scores_are_missing():
    coordinates = coordinates_from_xy("a.star", [[1, 2], [3, 4]], [np.inf, 5])
    np.testing.assert_array_equal(coordinates.centers_yx, [[2, 1], [4, 3]])
    np.testing.assert_array_equal(coordinates.score, [np.nan, 5])


def test_a_row_without_position_is_named():
    with pytest.raises(InputFileError, match=r"a\.star: particle 2 has no position"):
        coordinates_from_xy("a.star", [[1, 2], [np.nan, 4]], [0, 0])


def test_flipped_rows_are_those_of_the_micrograph():
    picks = Coordinates(np.array([[0.0, 1.0], [9.0, 2.0]]), np.ones(2))
    assert picks.flipped(10).centers_yx.tolist() == [[9, 1], [0, 2]]
    with pytest.raises(ValueError, match="outside 9 rows"):
        picks.flipped(9)


def test_filaments_follow_their_rows_and_are_whole():
    pieces = Coordinates(np.ones((2, 2)), np.ones(2), filament=np.array([4, 5]))
    assert pieces.where(np.array([False, True])).filament.tolist() == [5]
    with pytest.raises(ValueError, match="filament"):
        Coordinates(np.ones((2, 2)), np.ones(2), filament=np.array([4]))
    with pytest.raises(InputFileError, match="no filament"):
        coordinates_from_xy("a", [[1, 2]], [1], filament=np.array([np.nan]))


def test_parts_are_joined_with_their_names():
    parts = [Coordinates(np.full((n, 2), float(n)), np.ones(n)).named(f"{n}.mrc") for n in (2, 1)]
    joined = Coordinates.joined(parts)
    assert joined.centers_yx.tolist() == [[2, 2], [2, 2], [1, 1]]
    assert joined.micrograph_names == ("2.mrc", "2.mrc", "1.mrc")
    assert Coordinates.joined([]).micrograph_names == ()


def test_scaling_moves_the_centres_of_pixels_onto_those_of_what_they_cover():
    binned = Coordinates(np.array([[0.0, 10.0]]), np.array([0.5]), ("a",), box_size_px=20.0)
    scaled = binned.scaled(4)
    np.testing.assert_array_equal(scaled.centers_yx, [[1.5, 41.5]])
    assert (scaled.box_size_px, scaled.micrograph_names) == (80.0, ("a",))
    assert Coordinates(binned.centers_yx, binned.score).scaled(2).box_size_px is None
