"""Writing of simulated micrographs to files."""

from pathlib import Path

import numpy as np

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.formats import Coordinates, write_class_map, write_coordinates
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
    import mrcfile

    micrograph = simulated.micrograph
    with (
        atomic_file(folder / f"{stem}.mrc") as temporary,
        mrcfile.new(temporary, overwrite=True) as file,
    ):
        file.set_data(micrograph.pixels)
        file.voxel_size = micrograph.pixel_size_angstrom
    count = len(simulated.centers_yx)
    truth = Coordinates(simulated.centers_yx, np.full(count, np.nan))
    write_coordinates(folder / f"{stem}.csv", truth)
    if classes:
        write_class_map(folder / f"{stem}_classes.png", simulated.classes)
