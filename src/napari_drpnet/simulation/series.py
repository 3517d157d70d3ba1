"""Plan of a series of micrographs: names, seeds, defocus and optics groups."""

from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np


@dataclass(frozen=True)
class PlannedMicrograph:
    """A micrograph that is to be simulated.

    Parameters
    ----------
    stem : pathlib.PurePosixPath
        Path of its files in the output folder, without suffix.
    seed : int
        Seed of its random generators.
    defocus_um : float
        Underfocus in µm.
    optics_group : int
        Number of its optics group, from 1.
    """

    stem: PurePosixPath
    seed: int
    defocus_um: float
    optics_group: int


def plan_series(
    count: int,
    seed: int,
    defocus_um: tuple[float, float],
    *,
    folders: int = 1,
    optics_groups: int = 1,
) -> list[PlannedMicrograph]:
    """Plan a series of micrographs.

    Parameters
    ----------
    count : int
        Number of micrographs.
    seed : int
        Seed of the series. The same seed gives the same micrographs.
    defocus_um : tuple of float
        Least and greatest underfocus in µm; that of each micrograph is drawn uniformly.
    folders : int
        Number of sub-folders ``grid1``, ``grid2`` and so on, in each of which names count from
        ``sim_0001``. With one folder there are no sub-folders.
    optics_groups : int
        Number of optics groups. Folders and groups are filled one after the other.

    Returns
    -------
    list of PlannedMicrograph

    Raises
    ------
    ValueError
        If there are more folders or optics groups than micrographs.
    """
    if count < max(folders, optics_groups):
        raise ValueError("there are fewer micrographs than folders or optics groups")
    seeds = np.random.SeedSequence(seed).generate_state(count).tolist()
    defoci = np.random.default_rng((seed, 1)).uniform(*defocus_um, count).tolist()
    numbers: dict[int, int] = {}
    planned = []
    for index, (its_seed, defocus) in enumerate(zip(seeds, defoci, strict=True)):
        folder = index * folders // count + 1
        numbers[folder] = numbers.get(folder, 0) + 1
        stem = PurePosixPath(f"sim_{numbers[folder]:04d}")
        group = index * optics_groups // count + 1
        place = f"grid{folder}" / stem if folders > 1 else stem
        planned.append(PlannedMicrograph(place, its_seed, defocus, group))
    return planned
