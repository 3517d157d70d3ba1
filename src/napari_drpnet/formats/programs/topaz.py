"""Topaz's tables of picks: ``image_name``, ``x_coord``, ``y_coord`` and optionally ``score``."""

import re
from pathlib import PurePosixPath

import numpy as np

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import swap_xy
from napari_drpnet.base.text import AnyPath, parse_number, read_text, write_text
from napari_drpnet.formats.coordinates import Coordinates, coordinates_from_xy

NAME, X, Y, SCORE = "image_name", "x_coord", "y_coord", "score"
#: File suffixes that Topaz removes from the names of images.
IMAGE_SUFFIX = re.compile(r"\.(mrcs?(\.gz|\.bz2)?|tiff?|png|jpe?g)$", re.IGNORECASE)


def is_topaz(head: str) -> bool:
    """Return whether a file is a Topaz table, given its beginning."""
    return {NAME, X, Y} <= set(head.partition("\n")[0].split())


def read_topaz(path: AnyPath) -> Coordinates:
    """Read a Topaz table: picks of ``topaz extract``, or targets for its training.

    Parameters
    ----------
    path : path-like
        Path of the file, with columns separated by tabs, or by blanks. Positions are centres in
        pixels of the input images of Topaz, unless ``-x`` scaled them.

    Returns
    -------
    Coordinates
        Coordinates with a log-odds ratio as `score`. `micrograph_names` have no folder and
        extension, as written by Topaz.

    Raises
    ------
    InputFileError
        If a required column is missing, or a line has too few or too many columns, or text in
        place of a number.
    """
    first, *lines = read_text(path).split("\n")
    blank = "\t" if "\t" in first else None  # some programs write spaces in place of tabs
    header = first.rstrip().split(blank)
    if not {NAME, X, Y} <= set(header):
        reason = f"has no first line that names columns {NAME}, {X} and {Y}"
        raise InputFileError(path, reason, "Choose a Topaz table")
    if len(set(header)) < len(header):
        raise InputFileError(path, "has two columns of one name", "Remove one of them")
    place = {column: index for index, column in enumerate(header)}
    names, centers, scores = [], [], []
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        words = line.split(blank)
        if len(words) != len(header):
            reason = f"line {number} does not have {len(header)} columns as the first line has"
            raise InputFileError(path, reason, "Correct that line")
        names.append(words[place[NAME]])
        centers.append([parse_number(path, number, words[place[column]]) for column in (X, Y)])
        scores.append(parse_number(path, number, words[place[SCORE]] if SCORE in place else ""))
    return coordinates_from_xy(path, centers, scores, tuple(names))


def write_topaz(
    path: AnyPath, coordinates: Coordinates, shape: tuple[int, int] | None = None
) -> None:
    """Write a table in the layout of ``topaz extract``.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    coordinates : Coordinates
        Coordinates with `micrograph_names`, whose folders and extensions are removed. They are
        rounded to whole pixels, as Topaz expects. If no row has a score, that column is left out.
    shape : tuple of int, optional
        Shape ``(ny, nx)`` of the micrograph. Centres outside it are dropped.

    Raises
    ------
    ValueError
        If `micrograph_names` is missing, or if micrographs in two folders have the same name.
    OSError
        If the file cannot be written.
    """
    kept = coordinates.on_whole_pixels(shape)
    if kept.micrograph_names is None:
        raise ValueError("a Topaz table names the micrograph of each row: set micrograph_names")
    x, y = swap_xy(kept.centers_yx).T.astype(int).tolist()
    columns = {NAME: _image_names(kept.micrograph_names), X: x, Y: y}
    if not np.isnan(kept.score).all():
        columns[SCORE] = kept.score.tolist()
    rows = ["\t".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    write_text(path, "".join(f"{line}\n" for line in ["\t".join(columns), *rows]))


def image_name(micrograph_name: str) -> str:
    """Return the name of a micrograph in Topaz's tables, without folders and extension."""
    return IMAGE_SUFFIX.sub("", PurePosixPath(micrograph_name).name)


def _image_names(names: tuple[str, ...]) -> list[str]:
    image_of = {name: image_name(name) for name in set(names)}
    if len(set(image_of.values())) < len(image_of):
        raise ValueError(
            "Topaz identifies micrographs by name only, "
            "and two folders have a micrograph of the same name"
        )
    return [image_of[name] for name in names]
