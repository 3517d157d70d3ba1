"""Fields of a training run: simulated, and views of real micrographs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.formats import read_coordinates
from napari_drpnet.images.equalise import measure_spectrum
from napari_drpnet.images.micrograph import find_micrographs, read_micrograph
from napari_drpnet.images.preprocess import NetworkImage, Polarity, preprocess
from napari_drpnet.training.common.fields import Field, augment, random_fields
from napari_drpnet.training.common.recipe import NONE_HARD, STANDARD, DataRecipe, HardFields
from napari_drpnet.training.from_truth.simulated import (
    collect,
    describe,
    mapping,
    read_structures,
    simulate,
    split_names,
)

Floats = NDArray[np.float64]

#: First seed and number of the fields for the reference spectrum.
_REFERENCE_SEED, _REFERENCE_FIELDS = 20_000_000, 120
#: Relative variation of the particle diameter in views of labelled micrographs.
_SIZE_JITTER = 0.18
#: Range of the assumed particle diameter in views of empty micrographs, pixels.
_ASSUMED_DIAMETERS_PX = (20.0, 60.0)
#: Least side of a view, particle diameters: a smaller one holds no patch.
_LEAST_VIEW = 8.0


@dataclass(frozen=True, eq=False)
class Pool:
    """Fields for training and for validation.

    Parameters
    ----------
    fields : list of Field
        Fields for training.
    validation : list of Field
        Fields for validation, of other structures. They have the same mixture in every run, so
        that scores of different runs can be compared.
    description : str
        Description of the fields for the card.
    spectrum : tuple of float or None
        Spectrum that the background of the fields was equalised to; see `preprocess`.
    """

    fields: list[Field]
    validation: list[Field]
    description: str
    spectrum: tuple[float, ...] | None = None


def make_pool(
    data: DataRecipe,
    hard: HardFields,
    particle_px: float,
    seed: int,
    workers: int = 1,
    job: Job | None = None,
    spectrum: tuple[float, ...] | None = None,
) -> Pool:
    """Make the fields of a recipe.

    Parameters
    ----------
    data : DataRecipe
        Numbers and sources of the fields.
    hard : HardFields
        Shares of hard fields among those for training.
    particle_px : float
        Particle diameter, network pixels.
    seed : int
        Seed of the random numbers; the same seed gives the same fields with any number of workers.
    workers : int
        Number of processes that simulate; 1 to simulate in this process.
    job : Job, optional
        Progress callback, called after each simulated micrograph; it may cancel the work.
    spectrum : tuple of float, optional
        Background spectrum that the network expects; see `preprocess`.

    Returns
    -------
    Pool
        Fields for training and for validation.

    Raises
    ------
    InputFileError
        If a structure or a real micrograph cannot be found or used.
    ValueError
        If a structure is named both for training and for validation.
    Cancelled
        If the work was cancelled.
    """
    learned, others = read_structures(data)
    make = partial(random_fields, particle_px=particle_px, spectrum=spectrum)
    makers = (
        partial(make, structures=learned, looks=data.looks, hard=hard),
        partial(make, structures=others, looks=1, hard=STANDARD),
    )
    real = _RealViews.find(data, particle_px, spectrum)
    fields, validation = simulate(makers, data, seed, workers, job or SilentJob())
    fields += real.views(len(fields), seed)
    description = f"{describe(data)}{real.description}"
    return Pool(fields, validation, description, spectrum)


def measure_reference(data: DataRecipe, particle_px: float, workers: int = 1) -> tuple[float, ...]:
    """Measure the median background spectrum of simulated fields, none of them hard.

    Parameters
    ----------
    data : DataRecipe
        Recipe with the structures for training.
    particle_px : float
        Particle diameter, network pixels.
    workers : int
        Number of processes that simulate; 1 to simulate in this process.

    Returns
    -------
    tuple of float
        Spectrum for `preprocess`, scaled to a median of about 1.

    Raises
    ------
    InputFileError
        If a structure cannot be found or used.
    ValueError
        If a structure is named both for training and for validation.
    """
    structures, _ = read_structures(data)
    make = partial(
        random_fields, structures=structures, particle_px=particle_px, looks=1, hard=NONE_HARD
    )
    with mapping(workers) as apply:
        seeds = range(_REFERENCE_SEED, _REFERENCE_SEED + _REFERENCE_FIELDS)
        fields = collect(apply(make, seeds), SilentJob(), 0, len(seeds))
    spectra = [measure_spectrum(field.image.astype(np.float32)) for field in fields]
    relative = np.median([spectrum / np.median(spectrum) for spectrum in spectra], axis=0)
    return tuple(round(float(value), 4) for value in relative)


@dataclass(frozen=True)
class _RealViews:
    """Real micrographs for training: those without particles, and those with known particles."""

    data: DataRecipe
    particle_px: float
    spectrum: tuple[float, ...] | None
    empty: list[Path]
    labelled: list[Path]

    @classmethod
    def find(
        cls, data: DataRecipe, particle_px: float, spectrum: tuple[float, ...] | None
    ) -> "_RealViews":
        """Find the files of a recipe; the lists are empty if it names no folder.

        Raises
        ------
        InputFileError
            If a folder has no micrographs.
        """
        empty = find_pictures(data.negatives, data.negative_names)
        labelled = find_pictures(data.labelled, data.labelled_names)
        return cls(data, particle_px, spectrum, empty, labelled)

    @property
    def description(self) -> str:
        """Description of the micrographs for the card."""
        text = ""
        if self.labelled:
            text += f", {len(self.labelled)} real ones of {self.labelled[0].parent.name}"
        return text + (f", and {len(self.empty)} real ones without particles" if self.empty else "")

    def views(self, simulated: int, seed: int) -> list[Field]:
        """Make the views to add to a number of simulated ones, by the shares of the recipe."""
        data, fields = self.data, []
        if self.labelled:
            count = int(simulated * data.labelled_share / (1 - data.labelled_share))
            diameter = data.labelled_diameter_px
            fields += labelled_views(
                self.labelled, diameter, count, self.particle_px, seed, self.spectrum
            )
        if self.empty:
            count = int(simulated * data.negative_share / (1 - data.negative_share))
            fields += empty_views(self.empty, count, self.particle_px, seed, self.spectrum)
        return fields


def labelled_views(
    pictures: Sequence[Path],
    diameter_px: float,
    count: int,
    particle_px: float,
    seed: int,
    spectrum: Sequence[float] | None = None,
) -> list[Field]:
    """Make augmented views of real micrographs with known particles.

    Parameters
    ----------
    pictures : sequence of path
        Micrographs with dark particles, each beside a CSV file of the same name with the centres.
    diameter_px : float
        Particle diameter, pixels of the micrographs.
    count : int
        Number of views; the micrographs are used in turn.
    particle_px : float
        Particle diameter, network pixels.
    seed : int
        Seed of the random numbers.
    spectrum : sequence of float, optional
        Background spectrum that the network expects; see `preprocess`.

    Returns
    -------
    list of Field
        The views, `count` of them.

    Raises
    ------
    InputFileError
        If a micrograph or its centres cannot be read.
    """
    looks = labelled_looks(pictures, diameter_px, count, particle_px, seed, spectrum)
    return [Field.of(view, centers) for view, centers in looks]


def labelled_looks(
    pictures: Sequence[Path],
    diameter_px: float,
    count: int,
    particle_px: float,
    seed: int,
    spectrum: Sequence[float] | None = None,
    grey: bool = False,
) -> Iterator[tuple[NetworkImage, Floats]]:
    """Yield the preprocessed images of `labelled_views` with the centres of their particles.

    The centres are in pixels of the micrograph. The grey values are computed if asked for.
    """
    rng = np.random.default_rng([seed, len(pictures), 1])
    known = [
        (read_micrograph(file).pixels, read_coordinates(file.with_suffix(".csv")).centers_yx)
        for file in pictures[:count]
    ]
    for number in range(count):
        pixels, centers = known[number % len(pictures)]
        diameter = diameter_px * float(np.exp(rng.uniform(-_SIZE_JITTER, _SIZE_JITTER)))
        augmented = augment(pixels, rng)
        yield (
            preprocess(augmented, diameter, particle_px, "dark", spectrum=spectrum, grey=grey),
            centers,
        )


def empty_views(
    pictures: Sequence[Path],
    count: int,
    particle_px: float,
    seed: int,
    spectrum: Sequence[float] | None = None,
) -> list[Field]:
    """Make augmented views of real micrographs without particles.

    Parameters
    ----------
    pictures : sequence of path
        Micrographs without particles.
    count : int
        Number of views; the micrographs are used in turn, each time for a random particle
        diameter and polarity.
    particle_px : float
        Particle diameter, network pixels.
    seed : int
        Seed of the random numbers.
    spectrum : sequence of float, optional
        Background spectrum that the network expects; see `preprocess`.

    Returns
    -------
    list of Field
        The views, `count` of them, without centres.

    Raises
    ------
    InputFileError
        If a micrograph cannot be read or is too small.
    """
    views = empty_looks(pictures, count, particle_px, seed, spectrum)
    return [Field.of(view, np.empty((0, 2))) for view in views]


def empty_looks(
    pictures: Sequence[Path],
    count: int,
    particle_px: float,
    seed: int,
    spectrum: Sequence[float] | None = None,
    grey: bool = False,
) -> Iterator[NetworkImage]:
    """Yield the preprocessed images of `empty_views`, with their grey values if asked for."""
    rng = np.random.default_rng([seed, len(pictures)])
    least, most = _ASSUMED_DIAMETERS_PX
    for number in range(count):
        file = pictures[number % len(pictures)]
        pixels = read_micrograph(file).pixels
        largest = min(most, min(pixels.shape) / _LEAST_VIEW)
        if largest < least:
            side = round(least * _LEAST_VIEW)
            raise InputFileError(
                file, f"a side is shorter than {side} px", "Remove it from the folder"
            )
        diameter = float(np.exp(rng.uniform(np.log(least), np.log(largest))))
        polarity: Polarity = "bright" if rng.random() < 0.5 else "dark"
        image = augment(pixels, rng)
        yield preprocess(image, diameter, particle_px, polarity, spectrum=spectrum, grey=grey)


def require_pictures(data: DataRecipe) -> None:
    """Check before any work that the micrographs of a recipe are there.

    Raises
    ------
    InputFileError
        If a folder is missing, or has no such micrographs.
    """
    find_pictures(data.negatives, data.negative_names)
    find_pictures(data.labelled, data.labelled_names)


def find_pictures(folder: Path | None, names: str) -> list[Path]:
    """Find the micrographs of a folder whose names contain one of the entries in `names`.

    The list is empty without a folder.

    Raises
    ------
    InputFileError
        If there are no such micrographs.
    """
    if folder is None:
        return []
    wanted = split_names(names)
    found = [
        file
        for file in find_micrographs(folder)
        if not wanted or any(entry in file.name for entry in wanted)
    ]
    if not found:
        raise InputFileError(folder, "no micrographs found", "Check the name of the folder")
    return found
