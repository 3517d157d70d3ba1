"""The STAR files of DRPnet's MATLAB code, which count binned pixels from 1."""

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
    """Tell how sure it is that DRPnet's MATLAB code wrote a STAR file.

    Parameters
    ----------
    path : path-like
        A STAR file of coordinates.

    Returns
    -------
    float
        0 to 1. Near 1: convert it with `convert_matlab_star`, after asking the user. Near 0:
        its coordinates are what they say, or it has too few rows to tell.

    Raises
    ------
    InputFileError
        When it is no STAR file.

    Notes
    -----
    The MATLAB code writes only X and Y, each the mean of the whole pixels ``1…`` of a region.
    So in every row X and Y are whole multiples of one over the number of pixels of that region,
    to six printed decimals: true for all rows of its files, for 0.2 % of random positions.
    Positions on one grid for all rows, such as whole, half or scaled pixels, are not its own.
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
    """Read a STAR file of DRPnet's MATLAB code into unbinned coordinates.

    Parameters
    ----------
    path : path-like
        The file.
    scale : float
        Unbinned pixels per pixel of the file: the scale that the MATLAB code printed.

    Returns
    -------
    Coordinates
        Without scores, which those files lack.

    Raises
    ------
    InputFileError
        When it is no STAR file, or has no coordinates.
    ValueError
        When `scale` is not positive.
    """
    if not scale > 0:
        raise ValueError(f"scale must be positive, not {scale}")
    binned = read_star(path)
    return Coordinates(full_from_matlab(binned.centers_yx, scale), binned.score)
