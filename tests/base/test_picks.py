from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_drpnet.base.picks import Picks


def table(count=3):
    rows = np.arange(count, dtype=float)
    return Picks(np.stack([rows, 10 * rows], 1), 3 - rows, 2 - rows, rows / 10, rows > 0)


def test_where_keeps_rows_together():
    for rows in (np.array([True, False, True]), np.array([0, 2])):
        kept = table().where(rows)
        assert len(kept) == 2
        assert_array_equal(kept.centers_yx, [[0, 0], [2, 20]])
        assert_array_equal(kept.height, [3, 1])
        assert_array_equal(kept.prominence, [2, 0])
        assert_array_equal(kept.probability, [0, 0.2])
        assert_array_equal(kept.accepted, [False, True])


def test_where_orders_rows():
    assert_array_equal(table().where(np.array([2, 0])).height, [1, 3])


def test_empty():
    empty = table(0)
    assert len(empty) == 0
    assert empty.centers_yx.shape == (0, 2)
    assert empty.figure_of_merit.shape == (0,)


@pytest.mark.parametrize("field", ["height", "prominence", "probability", "accepted", "clearance"])
def test_columns_must_match(field):
    with pytest.raises(ValueError, match=f"{field} must be \\(3,\\)"):
        replace(table(), **{field: np.zeros(2)})


@pytest.mark.parametrize("centers", [np.zeros((3, 3)), np.zeros(3), np.zeros((0,))])
def test_centres_must_be_pairs(centers):
    with pytest.raises(ValueError, match="centers_yx must be"):
        replace(table(), centers_yx=centers)


def test_the_figure_of_merit_is_the_probability_where_there_is_one():
    picks = replace(table(), probability=np.array([np.nan, 0.7, np.nan]))
    assert_array_equal(picks.figure_of_merit, [3, 0.7, 1])


def test_nothing_is_known_about_dirt_unless_it_is_given():
    assert np.isnan(table().clearance).all()
    known = replace(table(), clearance=np.array([0.0, 1.0, 99.0]))
    assert_array_equal(known.where(np.array([2, 0])).clearance, [99, 0])


def test_a_dataframe_has_x_and_y_and_all_columns():
    pytest.importorskip("pandas")
    frame = table().to_dataframe()
    names = ["x", "y", "height", "prominence", "probability", "accepted", "clearance"]
    assert list(frame.columns) == names
    assert frame.x.tolist() == [0, 10, 20]
    assert frame.y.tolist() == [0, 1, 2]
    assert frame.accepted.dtype == bool
    assert len(table(0).to_dataframe()) == 0
