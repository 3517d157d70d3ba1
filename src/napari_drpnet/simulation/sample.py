"""One simulated micrograph with known truth, to try things on: made once, then kept."""

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
    """Return the sample micrograph and its truth; the first call makes them, in seconds.

    Returns
    -------
    micrograph : pathlib.Path
        ``.mrc`` of 2048 × 2560 pixels of 1.5 Å with barrels of `SAMPLE_DIAMETER_ANGSTROM`, carbon,
        ice crystals and junk: the micrograph of ``make demo``.
    truth : pathlib.Path
        ``.csv`` with the true centres.

    Raises
    ------
    OSError
        When the cache cannot be written: see `cache_folder`.

    Notes
    -----
    The files lie in `cache_folder`, in ``samples``. They are made again where one of them is
    missing or cannot be read.
    """
    folder = cache_folder() / "samples"
    micrograph, truth = folder / f"{_STEM}.mrc", folder / f"{_STEM}.csv"
    if not _are_usable(micrograph, truth):
        write_simulated(folder, _STEM, _simulate())
    return micrograph, truth


def cache_folder() -> Path:
    """Return where files live that can be made again: `DRPNET_CACHE`, or the user's cache."""
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
    """Simulate as ``drpnet simulate --seed`` does, which draws a seed for each micrograph."""
    seed = int(np.random.SeedSequence(SAMPLE_SEED).generate_state(1)[0])
    particle = make_shape(SAMPLE_SHAPE, SAMPLE_DIAMETER_ANGSTROM, np.random.default_rng(seed))
    return simulate_micrograph(SAMPLE_PARAMETERS, [particle], seed)
