"""Coordinate files that were edited after they were written, for example in RELION's viewer."""

import os
from contextlib import suppress
from pathlib import Path

import numpy as np

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.batch.entries import PICKS
from napari_drpnet.batch.folder.outcomes import PickedMicrograph, mean_and_quantiles
from napari_drpnet.formats import read_coordinates

#: Greatest difference of a mean score through the rounding in coordinate files.
_ROUNDING = 1e-5


def with_edits(result: PickedMicrograph, folder: Path, recorded_ns: int) -> PickedMicrograph:
    """Return a result with the numbers of its coordinate file, if that was edited.

    Parameters
    ----------
    result : PickedMicrograph
        Result as it was recorded.
    folder : pathlib.Path
        Output folder.
    recorded_ns : int
        Modification time of the record in nanoseconds. Only a coordinate file that is newer can
        have been edited, because the record is written last.

    Returns
    -------
    PickedMicrograph
        The result itself if no file is newer, or the newest one cannot be read or has as many rows
        with the same mean score. Else a copy that is `edited`, with the number and the scores of
        these rows, and without expected scores.
    """
    times = {}
    for file in result.files:
        path = folder / file
        if path.stem.endswith(PICKS):
            with suppress(OSError):
                times[os.stat(path).st_mtime_ns] = path
    if max(times, default=0) <= recorded_ns:
        return result
    try:
        coordinates = read_coordinates(times[max(times)])
    except InputFileError:
        return result
    score = coordinates.score[~np.isnan(coordinates.score)]
    mean, quantiles = mean_and_quantiles(score)
    before = (result.accepted, result.mean_fom or 0.0)
    if np.allclose((len(coordinates), mean or 0.0), before, rtol=0, atol=_ROUNDING):
        return result
    update = {
        "edited": True,
        "accepted": len(coordinates),
        "above_threshold": max(result.above_threshold, len(coordinates)),
        "mean_fom": mean,
        "fom_quantiles": quantiles,
        "expected_precision": None,
        "expected_recall": None,
        "expected_f1": None,
    }
    return result.model_copy(update=update)
