"""Fields of a training run: simulated in parallel, and views of real micrographs."""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.formats import read_coordinates
from napari_drpnet.images.equalise import measure_spectrum
from napari_drpnet.images.micrograph import find_micrographs, read_micrograph
from napari_drpnet.images.preprocess import Polarity, preprocess
from napari_drpnet.simulation import Structure, read_structure
from napari_drpnet.training.common.fields import Field, augment, random_fields
from napari_drpnet.training.common.recipe import NONE_HARD, STANDARD, DataRecipe, HardFields

#: First seed of the validation fields and of the fields for the reference spectrum. The first seed
#: of the training fields is the seed of the recipe times the step.
_VALIDATION_SEED, _REFERENCE_SEED, _SEED_STEP = 10_000_000, 20_000_000, 100_000
_REFERENCE_FIELDS = 120
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
    names, validation_names = _entries(data.learn_from), _entries(data.validate_by)
    if both := sorted({*names} & {*validation_names}):
        raise ValueError(f"{both[0]} cannot be used both for training and for validation")
    make = partial(random_fields, particle_px=particle_px, spectrum=spectrum)
    learned = _find_structures(data.structures, names)
    others = _find_structures(data.structures, validation_names)
    makers = (
        partial(make, structures=learned, looks=data.looks, hard=hard),
        partial(make, structures=others, looks=1, hard=STANDARD),
    )
    real = _RealViews.find(data, particle_px, spectrum)
    fields, validation = _simulate(makers, data, seed, workers, job or SilentJob())
    shown = ", ".join([*(names if learned else []), "simple shapes"])
    fields += real.views(len(fields), seed)
    description = f"simulated micrographs of {shown}{real.description}"
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
    """
    structures = _find_structures(data.structures, _entries(data.learn_from))
    make = partial(
        random_fields, structures=structures, particle_px=particle_px, looks=1, hard=NONE_HARD
    )
    with _mapping(workers) as apply:
        seeds = range(_REFERENCE_SEED, _REFERENCE_SEED + _REFERENCE_FIELDS)
        fields = _collect(apply(make, seeds), SilentJob(), 0, len(seeds))
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
        empty = _find_pictures(data.negatives, data.negative_names)
        labelled = _find_pictures(data.labelled, data.labelled_names)
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
    rng = np.random.default_rng([seed, len(pictures), 1])
    known = [
        (read_micrograph(file).pixels, read_coordinates(file.with_suffix(".csv")).centers_yx)
        for file in pictures[:count]
    ]
    fields = []
    for number in range(count):
        pixels, centers = known[number % len(pictures)]
        diameter = diameter_px * float(np.exp(rng.uniform(-_SIZE_JITTER, _SIZE_JITTER)))
        augmented = augment(pixels, rng)
        view = preprocess(augmented, diameter, particle_px, "dark", spectrum=spectrum)
        fields.append(Field.of(view, centers))
    return fields


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
    rng = np.random.default_rng([seed, len(pictures)])
    least, most = _ASSUMED_DIAMETERS_PX
    fields = []
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
        view = preprocess(augment(pixels, rng), diameter, particle_px, polarity, spectrum=spectrum)
        fields.append(Field.of(view, np.empty((0, 2))))
    return fields


def _entries(names: str) -> list[str]:
    """Split a list of names at its commas."""
    return [name.strip() for name in names.split(",") if name.strip()]


def _find_pictures(folder: Path | None, names: str) -> list[Path]:
    """Find the micrographs of a folder whose names contain one of the entries in `names`."""
    if folder is None:
        return []
    wanted = _entries(names)
    found = [
        file
        for file in find_micrographs(folder)
        if not wanted or any(entry in file.name for entry in wanted)
    ]
    if not found:
        raise InputFileError(folder, "no micrographs found", "Check the name of the folder")
    return found


def _find_structures(folder: Path | None, entries: Sequence[str]) -> list[Structure]:
    """Read the first file of each entry; return no structures without a folder."""
    if folder is None:
        return []
    if not folder.is_dir():
        raise InputFileError(folder, "there is no such folder", "Check the name")
    found = []
    for entry in entries:
        files = [file for file in sorted(folder.iterdir()) if entry in file.name]
        if not files:
            raise InputFileError(
                folder, f"no structure {entry}", "Get it from the PDB, or name other structures"
            )
        found.append(read_structure(files[0]))
    return found


Simulate = Callable[[int], list[Field]]
Views = Iterator[list[Field]]


@contextmanager
def _mapping(workers: int) -> Iterator[Callable[[Simulate, range], Views]]:
    """Yield a `map` over several processes; after an error the remaining seeds are dropped."""
    if workers <= 1:
        yield map
        return
    # Spawned, not forked: torch may have started threads, which do not survive a fork.
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, context, _prepare_worker) as pool:
        try:
            yield partial(pool.map, chunksize=4)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _prepare_worker() -> None:
    """Let Ctrl-C end a worker silently; the main process reports it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _simulate(
    makers: tuple[Simulate, Simulate], data: DataRecipe, seed: int, workers: int, job: Job
) -> tuple[list[Field], list[Field]]:
    """Simulate the fields for training and for validation, by one maker each."""
    seeds = range(seed * _SEED_STEP, seed * _SEED_STEP + data.fields)
    validation_seeds = range(_VALIDATION_SEED, _VALIDATION_SEED + data.validation_fields)
    total = len(seeds) + len(validation_seeds)
    with _mapping(workers) as apply:
        fields = _collect(apply(makers[0], seeds), job, 0, total)
        return fields, _collect(apply(makers[1], validation_seeds), job, len(seeds), total)


def _collect(views: Views, job: Job, done: int, total: int) -> list[Field]:
    """Join the views of all micrographs, and report the progress after each."""
    fields: list[Field] = []
    for made, batch in enumerate(views, done + 1):
        fields += batch
        job.advance(made, total, "simulating")
    return fields
