"""STAR files of DRPnet's MATLAB code, whose coordinates are binned and 1-based."""

import numpy as np

from napari_drpnet.base.geometry import full_from_matlab
from napari_drpnet.base.text import AnyPath
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.programs.star import X, Y, read_star
from napari_drpnet.relion.star_tables import read_tables

LARGEST_REGION = 1500
ROWS_TO_TEST = 1000
PRINTED_ERROR = 0.6e-6


def matlab_star_confidence(path: AnyPath) -> float:
    """Return the confidence that a STAR file was written by DRPnet's MATLAB code.

    Parameters
    ----------
    path : path-like
        Path of a STAR file of coordinates.

    Returns
    -------
    float
        Confidence from 0 to 1. If it is near 1, ask the user, then read the file with
        `convert_matlab_star`. If it is near 0, the coordinates are ordinary ones, or there are too
        few rows to decide.

    Raises
    ------
    InputFileError
        If the file is not a STAR file.

    Notes
    -----
    The MATLAB code writes only X and Y, each the mean of the whole pixels ``1…`` of a region.
    In every row, X and Y are therefore whole multiples of one over the number of pixels of that
    region, to six printed decimals. This holds for all rows of such files, and for 0.2 % of random
    positions. Positions on one grid for all rows, such as whole, half or scaled pixels, are
    excluded.
    """
    if not any(set(table.labels) == {X, Y} for table in read_tables(path).values()):
        return 0.0
    positions = read_star(path).centers_yx[:ROWS_TO_TEST]
    if (positions < 1).any():
        return 0.0
    is_mean = np.zeros(len(positions), bool)
    for pixels in range(1, LARGEST_REGION + 1):
        sums = positions * pixels
        is_whole = (np.abs(sums - np.rint(sums)) <= PRINTED_ERROR * pixels).all(axis=1)
        if is_whole.all():
            return 0.0
        is_mean |= is_whole
    return float(is_mean.mean())


def convert_matlab_star(path: AnyPath, scale: float) -> Coordinates:
    """Read a STAR file of DRPnet's MATLAB code and convert it to unbinned pixels.

    Parameters
    ----------
    path : path-like
        Path of the file.
    scale : float
        Number of unbinned pixels per pixel of the file: the scale printed by the MATLAB code.

    Returns
    -------
    Coordinates
        Coordinates without scores, which such files lack.

    Raises
    ------
    InputFileError
        If the file is not a STAR file, or has no coordinates.
    ValueError
        If `scale` is not positive.
    """
    if not scale > 0:
        raise ValueError(f"scale must be positive, not {scale}")
    binned = read_star(path)
    return Coordinates(full_from_matlab(binned.centers_yx, scale), binned.score)
