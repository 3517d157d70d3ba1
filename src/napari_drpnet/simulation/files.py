"""Writing of simulated micrographs to files."""

from pathlib import Path

import numpy as np

from napari_drpnet.formats import Coordinates, write_class_map, write_coordinates
from napari_drpnet.images.mrc_files import write_mrc
from napari_drpnet.simulation import SimulatedMicrograph


def write_simulated(
    folder: Path, stem: str, simulated: SimulatedMicrograph, *, classes: bool = False
) -> None:
    """Write a simulated micrograph and its true centres.

    Parameters
    ----------
    folder : pathlib.Path
        Folder to write to.
    stem : str
        Name without suffix of the files: ``stem.mrc`` (float32, with the pixel size), and
        ``stem.csv`` with all digits of the true centres.
    simulated : SimulatedMicrograph
        Micrograph from `simulate_micrograph`.
    classes : bool
        Whether to write ``stem_classes.png`` as well, as `write_class_map` does.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    micrograph = simulated.micrograph
    write_mrc(folder / f"{stem}.mrc", micrograph.pixels, micrograph.pixel_size_angstrom)
    count = len(simulated.centers_yx)
    truth = Coordinates(simulated.centers_yx, np.full(count, np.nan))
    write_coordinates(folder / f"{stem}.csv", truth)
    if classes:
        write_class_map(folder / f"{stem}_classes.png", simulated.classes)
