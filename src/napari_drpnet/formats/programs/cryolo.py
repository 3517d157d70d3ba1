"""crYOLO's .cbox files: boxes with a confidence, in the old and the new layout."""

import re

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import center_from_corner, corner_from_center, swap_xy
from napari_drpnet.base.text import AnyPath, parse_number, read_text, write_text
from napari_drpnet.formats.coordinates import Coordinates, coordinates_from_xy
from napari_drpnet.relion.star_tables import find_table, format_table, numbers, read_tables

CORNER, SIZE = ("CoordinateX", "CoordinateY"), ("Width", "Height")
SLICE, CONFIDENCE, FILAMENT = "CoordinateZ", "Confidence", "filamentid"
MISSING = "<NA>"
#: Name of the table of the boxes.
BLOCK = "cryolo"
VERSION = "\ndata_global\n\n_cbox_format_version 1.0\n"
#: Number of columns before version 1.8: corner, size, confidence, and optionally estimated size.
OLD_COLUMNS = (5, 7)


def read_cbox(path: AnyPath) -> Coordinates:
    """Read a .cbox file.

    Parameters
    ----------
    path : path-like
        Path of the file. Since crYOLO 1.8 it holds STAR tables, with or without filaments. Before,
        it had lines of ``x y width height confidence``, optionally followed by the estimated width
        and height. Positions are the corner nearest to the origin in unbinned pixels, with rows
        as stored.

    Returns
    -------
    Coordinates
        Coordinates with the confidence as `score` and the number of the filament as `filament`.
        They have a `box_size_px` if all boxes are squares of one size.

    Raises
    ------
    InputFileError
        If the file is malformed, or has boxes of several slices of a tomogram.

    Notes
    -----
    Source of columns and corner: `CoordsIO.py` of crYOLO 1.7.7, `io/cbox.py` of
    napari-boxmanager.
    """
    text = read_text(path)
    if not re.search(r"^data_", text, re.MULTILINE):
        return _read_old(path, text)
    tables = read_tables(path)
    # Files with filaments have a table of their vertices before, with the same columns.
    boxes = {BLOCK: tables[BLOCK]} if BLOCK in tables else tables
    table = find_table(path, boxes, *CORNER, *SIZE)
    slices = numbers(path, table, SLICE) if SLICE in table else np.empty(0)
    if len(np.unique(slices[np.isfinite(slices)])) > 1:
        reason = "has boxes of several slices, so it belongs to a tomogram"
        raise InputFileError(path, reason, "Choose a file of one micrograph")
    corners, sizes = (
        np.column_stack([numbers(path, table, column) for column in pair])
        for pair in (CORNER, SIZE)
    )
    score = numbers(path, table, CONFIDENCE) if CONFIDENCE in table else np.full(len(table), np.nan)
    filament = numbers(path, table, FILAMENT) if FILAMENT in table else None
    return _from_boxes(path, corners, sizes, score, filament)


def write_cbox(
    path: AnyPath, coordinates: Coordinates, shape: tuple[int, int] | None = None
) -> None:
    """Write a .cbox file for crYOLO 1.8 and later, and for its box manager.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    coordinates : Coordinates
        Coordinates with a `box_size_px`. All digits are kept; a missing score becomes ``<NA>``.
    shape : tuple of int, optional
        Not used, because no coordinates are dropped.

    Raises
    ------
    ValueError
        If `box_size_px` is missing.
    OSError
        If the file cannot be written.
    """
    if coordinates.box_size_px is None:
        raise ValueError("a .cbox file needs the size of the boxes: set box_size_px")
    x, y = swap_xy(corner_from_center(coordinates.centers_yx, coordinates.box_size_px)).T
    count = len(coordinates)
    size, missing = [str(float(coordinates.box_size_px))] * count, [MISSING] * count
    columns = {
        CORNER[0]: _words(x),
        CORNER[1]: _words(y),
        SLICE: missing,
        SIZE[0]: size,
        SIZE[1]: size,
        "Depth": missing,
        "EstWidth": missing,
        "EstHeight": missing,
        CONFIDENCE: _words(coordinates.score),
        "NumBoxes": missing,
        "Angle": missing,
    }
    if coordinates.filament is not None:
        columns[FILAMENT] = [f"{number}.0" for number in coordinates.filament]
    tables = format_table(BLOCK, columns), format_table("cryolo_include", {"slice_index": []})
    write_text(path, "".join([VERSION, *tables]))


def _read_old(path: AnyPath, text: str) -> Coordinates:
    rows: list[list[float]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.split()
        if words and (len(words) not in OLD_COLUMNS or (rows and len(words) != len(rows[0]))):
            remedy = "A .cbox file has STAR tables, or lines of x, y, width, height and confidence"
            raise InputFileError(path, f"line {number} has {len(words)} columns", remedy)
        if words:
            rows.append([parse_number(path, number, word) for word in words])
    boxes = np.array(rows, float) if rows else np.empty((0, OLD_COLUMNS[0]))
    return _from_boxes(path, boxes[:, :2], boxes[:, 2:4], boxes[:, 4])


def _from_boxes(
    path: AnyPath,
    corners: NDArray[np.float64],
    sizes: NDArray[np.float64],
    score: NDArray[np.float64],
    filament: NDArray[np.float64] | None = None,
) -> Coordinates:
    same = len(sizes) > 0 and bool((sizes == sizes[0, 0]).all())
    box_size = float(sizes[0, 0]) if same else None
    centers = center_from_corner(corners, sizes)
    return coordinates_from_xy(path, centers, score, None, box_size, filament)


def _words(values: NDArray[np.float64]) -> list[str]:
    return [MISSING if np.isnan(value) else str(value) for value in values.tolist()]
