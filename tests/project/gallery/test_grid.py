"""The grid of the gallery: cells, rows that are shown, and rectangles."""

import pytest

from napari_drpnet.project.gallery.grid import Grid, fill

GRID = Grid(count=11, width=330, cell=100)  # 3 columns, 4 rows, 2 cells in the last one


def test_cells_fill_the_width_row_by_row():
    assert (GRID.columns, GRID.height) == (3, 400)
    assert [GRID.corner(index) for index in (0, 2, 3, 10)] == [
        (0, 0),
        (200, 0),
        (0, 100),
        (100, 300),
    ]
    assert Grid(5, 60, 100).columns == 1
    assert Grid(0, 330, 100).height == 0


def test_cells_are_widened_to_fill_a_width():
    assert fill(9, 330, 62) == Grid(9, 330, 66)
    assert fill(9, 40, 62) == Grid(9, 40, 40)
    assert fill(9, 0, 62).columns == 1


def test_every_cell_is_found_at_its_corners_and_nothing_beside_the_cells():
    for index in range(GRID.count):
        x, y = GRID.corner(index)
        assert GRID.index_at(x, y) == GRID.index_at(x + 99, y + 99) == index
    for place in [(310, 10), (-1, 10), (10, -1), (210, 310), (10, 400)]:
        assert GRID.index_at(*place) is None


@pytest.mark.parametrize(
    ("top", "bottom", "cells"),
    [(0, 100, range(3)), (99, 101, range(6)), (300, 900, range(9, 11)), (500, 600, range(11, 11))],
)
def test_rows_that_are_partly_shown_are_shown(top, bottom, cells):
    assert GRID.between(top, bottom) == cells


def test_an_empty_grid_shows_nothing():
    assert GRID.between(0, 0) == range(0)
    assert Grid(0, 330, 100).between(0, 500) == range(0)
    assert Grid(0, 330, 100).within((0, 0), (500, 500)).tolist() == []


def test_a_rectangle_touches_cells_from_any_corner():
    assert GRID.within((150, 50), (250, 150)).tolist() == [1, 2, 4, 5]
    assert GRID.within((250, 150), (150, 50)).tolist() == [1, 2, 4, 5]
    assert GRID.within((-50, 250), (320, 900)).tolist() == [6, 7, 8, 9, 10]
    assert GRID.within((301, 0), (329, 99)).tolist() == []
