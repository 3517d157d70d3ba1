"""The Laplacian-of-Gaussian picker of RELION 3.1, where RELION is installed."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from accuracy_sets import Example
from napari_drpnet import read_coordinates
from napari_drpnet.images.mrc_files import write_mrc

PROGRAM = "relion_autopick"


def is_installed() -> bool:
    """Return whether the program is found."""
    return shutil.which(PROGRAM) is not None


def find_blobs_by_relion(
    examples: list[Example],
    diameters_angstrom: tuple[float, float],
    pixel_size_angstrom: float,
) -> list[NDArray[np.float64]]:
    """Pick micrographs of dark particles with the defaults of RELION.

    Parameters
    ----------
    examples : list of Example
        Micrographs, whose files are converted to MRC first.
    diameters_angstrom : tuple of float
        Smallest and largest diameter of a blob.
    pixel_size_angstrom : float
        Pixel size of all micrographs.

    Returns
    -------
    list of (n, 2) float array
        Centres ``(y, x)`` in pixels.
    """
    least, greatest = map(str, diameters_angstrom)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, example in enumerate(examples):
            write_mrc(folder / f"{number}.mrc", example.micrograph.pixels, pixel_size_angstrom)
        options = ["--LoG", "--LoG_diam_min", least, "--LoG_diam_max", greatest]
        scale = ["--angpix", str(pixel_size_angstrom), "--lowpass", "20", "--shrink", "0"]
        subprocess.run(
            [PROGRAM, "--i", "*.mrc", "--odir", "./", *options, *scale],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        files = [folder / f"{number}_autopick.star" for number in range(len(examples))]
        return [read_coordinates(file).centers_yx for file in files]
