"""Grid of equal square cells, row by row, of which a part is shown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]


def fill(count: int, width: int, least: int) -> "Grid":
    """Return the grid of as many cells in a row as fit, widened to fill the width."""
    columns = max(1, width // least)
    return Grid(count, width, max(width // columns, 1))


@dataclass(frozen=True)
class Grid:
    """Grid of square cells that fills a width.

    Positions are in screen pixels from the top left corner of the first cell.

    Parameters
    ----------
    count : int
        Number of cells.
    width : int
        Width to fill.
    cell : int
        Side of a cell, with its margin.
    """

    count: int
    width: int
    cell: int

    @property
    def columns(self) -> int:
        """Number of cells in a row, at least 1."""
        return max(1, self.width // self.cell)

    @property
    def height(self) -> int:
        """Height of all rows."""
        return -(-self.count // self.columns) * self.cell

    def corner(self, index: int) -> tuple[int, int]:
        """Return the top left corner ``(x, y)`` of a cell."""
        row, column = divmod(index, self.columns)
        return column * self.cell, row * self.cell

    def index_at(self, x: int, y: int) -> int | None:
        """Return the cell at a position; None beside the cells."""
        row, column = y // self.cell, x // self.cell
        index = row * self.columns + column
        return index if 0 <= column < self.columns and row >= 0 and index < self.count else None

    def between(self, top: int, bottom: int) -> range:
        """Return the cells in the rows that are at least partly between two heights."""
        first = max(top // self.cell, 0) * self.columns
        last = (max(bottom - 1, -1) // self.cell + 1) * self.columns
        return range(min(first, self.count), min(last, self.count))

    def within(self, start: tuple[int, int], end: tuple[int, int]) -> Indices:
        """Return the cells that a rectangle touches, given two opposite corners ``(x, y)``."""
        (left, right), (top, bottom) = (
            (min(pair) // self.cell, max(pair) // self.cell)
            for pair in zip(start, end, strict=True)
        )
        columns = np.arange(max(left, 0), min(right, self.columns - 1) + 1)
        rows = np.arange(max(top, 0), max(bottom, -1) + 1)
        indices = (rows[:, None] * self.columns + columns).ravel()
        return np.asarray(indices[indices < self.count], np.intp)
