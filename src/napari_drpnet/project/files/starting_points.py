"""Coordinates of any program as accepted particles, which a person then corrects."""

from pathlib import Path

from napari_drpnet.evaluation.pairing import read_coordinate_set
from napari_drpnet.project.state.labels import Labels, labels_at


def read_starting_points(source: Path, scale: float = 1.0) -> dict[str, Labels]:
    """Read coordinates as particles that the user has accepted.

    Parameters
    ----------
    source : pathlib.Path
        Coordinate file in any format, such as picks of RELION's manual picker, RELION's index of
        them or ``particles.star``; or a folder of coordinate files.
    scale : float
        Unbinned pixels per pixel of the coordinates, for those made on binned micrographs.

    Returns
    -------
    dict of str to tuple of Label
        Labels by the name of the micrograph in the file, or else by the name of the file.

    Raises
    ------
    InputFileError
        If a file cannot be used, or a folder has no coordinate file.
    """
    found = read_coordinate_set(source, scale)
    return {name: labels_at(its.centers_yx, True, "person") for name, its in found.items()}
