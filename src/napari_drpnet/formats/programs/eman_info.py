"""EMAN2's info files: what EMAN2 knows about one micrograph, as JSON."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import swap_xy
from napari_drpnet.base.text import AnyPath, read_text, write_text
from napari_drpnet.formats.coordinates import Coordinates, coordinates_from_xy

BOXES = "boxes"
#: Kind of a box that EMAN2's automatic pickers never replace.
MANUAL = "manual"
_REMEDY = "Choose a file of EMAN2's folder info, such as a_info.json"


def is_info(head: str) -> bool:
    """Return whether a file is an info file of EMAN2 with boxes, given its beginning."""
    return head.lstrip().startswith("{") and f'"{BOXES}"' in head


def read_eman_info(path: AnyPath) -> Coordinates:
    """Read the boxes of an info file of EMAN2.

    Parameters
    ----------
    path : path-like
        Path of the file, such as ``info/a_info.json``. Each of its ``boxes`` has x and y of the
        centre in unbinned pixels, the kind (``manual``, or the name of an automatic picker) and
        perhaps a score.

    Returns
    -------
    Coordinates
        Coordinates of the boxes of any kind. A file without ``boxes`` gives none.

    Raises
    ------
    InputFileError
        If the file is not JSON, or a box is not such a list.

    Notes
    -----
    EMAN2's ``e2boxer.py`` cuts a box of size n from ``x − n/2, y − n/2``, so x and y are centres.
    Its origin is the lower left corner, where it draws the first row of an MRC file, so that y is
    the number of the row as stored.
    """
    boxes = _load(path).get(BOXES, [])
    if not isinstance(boxes, list):
        raise InputFileError(path, f"has no list of {BOXES}", _REMEDY)
    rows = [_numbers(path, number, box) for number, box in enumerate(boxes, start=1)]
    centers_and_score = np.array(rows, float).reshape(-1, 3)
    return coordinates_from_xy(path, centers_and_score[:, :2], centers_and_score[:, 2])


def write_eman_info(
    path: AnyPath, coordinates: Coordinates, shape: tuple[int, int] | None = None
) -> None:
    """Write the boxes of an info file of EMAN2, and keep what else an existing one contains.

    Parameters
    ----------
    path : path-like
        File to create, or in which to replace the boxes.
    coordinates : Coordinates
        Coordinates to write, rounded to whole pixels. A score follows the kind, which is
        ``manual``, so that no picker of EMAN2 replaces the boxes.
    shape : tuple of int, optional
        Shape ``(ny, nx)`` of the micrograph. Centres outside it are dropped.

    Raises
    ------
    InputFileError
        If there is a file that is not JSON.
    OSError
        If the file cannot be written.
    """
    content = _load(path) if Path(path).exists() else {}
    kept = coordinates.on_whole_pixels(shape)
    places = swap_xy(kept.centers_yx).astype(int).tolist()
    content[BOXES] = [
        [x, y, MANUAL] if np.isnan(score) else [x, y, MANUAL, score]
        for (x, y), score in zip(places, kept.score.tolist(), strict=True)
    ]
    write_text(path, f"{json.dumps(content, indent=1, sort_keys=True)}\n")


def _load(path: AnyPath) -> dict[str, Any]:
    text = read_text(path)
    try:
        content = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise InputFileError(path, f"is not JSON ({error})", _REMEDY) from error
    if not isinstance(content, dict):
        raise InputFileError(path, "is no info file of EMAN2", _REMEDY)
    return content


def _numbers(path: AnyPath, number: int, box: object) -> tuple[float, float, float]:
    """Return x, y and score of a box; the score is NaN if it is missing."""
    if isinstance(box, list) and len(box) > 1:
        with suppress(TypeError, ValueError, OverflowError):
            return float(box[0]), float(box[1]), float(box[3]) if len(box) > 3 else np.nan
    reason = f"box {number} is not [x, y, kind, score]"
    raise InputFileError(path, reason, "Correct or remove that box")
