"""Sample data: one simulated micrograph with known truth, which is cached."""

import os
from pathlib import Path

import numpy as np

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats import read_coordinates
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.simulation import SimulatedMicrograph, make_shape, simulate_micrograph
from napari_drpnet.simulation.files import write_simulated
from napari_drpnet.simulation.parameters import SimulationParameters

SAMPLE_SHAPE = "barrel"
SAMPLE_DIAMETER_ANGSTROM = 180.0
SAMPLE_SEED = 16
SAMPLE_PARAMETERS = SimulationParameters(
    width_px=2560,
    particles=130,
    clumped=0.1,
    carbon=True,
    ice_crystals=5,
    junk=5,
    ice_thickness_angstrom=600.0,
    dose=30.0,
)

_STEM = "simulated_barrels"


def sample_files() -> tuple[Path, Path]:
    """Return the files of the sample micrograph and its truth, simulated if they are not cached.

    Returns
    -------
    micrograph : pathlib.Path
        Path of an ``.mrc`` file of 2048 × 2560 pixels of 1.5 Å with barrels of
        `SAMPLE_DIAMETER_ANGSTROM`, carbon, ice crystals and aggregates.
    truth : pathlib.Path
        Path of a ``.csv`` file with the true centres.

    Raises
    ------
    OSError
        If the cache cannot be written, see `cache_folder`.

    Notes
    -----
    The files are in the folder ``samples`` of `cache_folder`. They are simulated again, which takes
    seconds, if one of them is missing or cannot be read.
    """
    folder = cache_folder() / "samples"
    micrograph, truth = folder / f"{_STEM}.mrc", folder / f"{_STEM}.csv"
    if not _are_usable(micrograph, truth):
        write_simulated(folder, _STEM, _simulate())
    return micrograph, truth


def cache_folder() -> Path:
    """Return the folder of cached files: `DRPNET_CACHE` if set, else the user's cache folder."""
    from platformdirs import user_cache_path

    folder = os.environ.get("DRPNET_CACHE")
    return Path(folder) if folder else user_cache_path("napari-drpnet")


def _are_usable(micrograph: Path, truth: Path) -> bool:
    try:
        read_micrograph(micrograph)
        return len(read_coordinates(truth)) > 0
    except InputFileError:
        return False


def _simulate() -> SimulatedMicrograph:
    """Simulate the sample like ``drpnet simulate --seed``, which draws a seed per micrograph."""
    seed = int(np.random.SeedSequence(SAMPLE_SEED).generate_state(1)[0])
    particle = make_shape(SAMPLE_SHAPE, SAMPLE_DIAMETER_ANGSTROM, np.random.default_rng(seed))
    return simulate_micrograph(SAMPLE_PARAMETERS, [particle], seed)
