"""The fields of a training run: simulated in parallel, and views of real empty micrographs."""

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

#: Seeds of the fields that judge, and of those whose spectrum is the reference; those to learn from
#: begin at the recipe's seed times the step.
_VALIDATION_SEED, _REFERENCE_SEED, _SEED_STEP = 10_000_000, 20_000_000, 100_000
_REFERENCE_FIELDS = 120
#: Particles on real micrographs are taken to have this size, give or take.
_SIZE_JITTER = 0.18
#: Particle diameters, pixels of the picture, that an empty micrograph is looked at for.
_ASSUMED_DIAMETERS_PX = (20.0, 60.0)
#: A smaller view holds no patch, network particles.
_LEAST_VIEW = 8.0


@dataclass(frozen=True, eq=False)
class Pool:
    """What a network learns from, and what judges it.

    Parameters
    ----------
    fields : list of Field
        To learn from.
    unseen : list of Field
        That judge: of other structures, and of all that fields may show whatever the others are,
        so that scores of different runs can be compared.
    description : str
        In words, for the card.
    spectrum : tuple of float or None
        To which the background of the fields was brought; see `preprocess`.
    """

    fields: list[Field]
    unseen: list[Field]
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
        How many, and of what.
    hard : HardFields
        Shares of those to learn from.
    particle_px : float
        Particle diameter that the network sees, network pixels.
    seed : int
        The same seed gives the same fields, however many the workers.
    workers : int
        Processes that simulate; one works in this process.
    job : Job, optional
        Told after every micrograph; may cancel.
    spectrum : tuple of float, optional
        Spectrum of the background that the network knows; see `preprocess`.

    Returns
    -------
    Pool

    Raises
    ------
    InputFileError
        When a structure or the negatives cannot be found or used.
    ValueError
        When a structure is both to learn from and to judge by.
    Cancelled
        When the job says so.
    """
    names, judging = _entries(data.learn_from), _entries(data.validate_by)
    if both := sorted({*names} & {*judging}):
        raise ValueError(f"{both[0]} cannot judge a network that has learned from it")
    make = partial(random_fields, particle_px=particle_px, spectrum=spectrum)
    learned = _find_structures(data.structures, names)
    learn = partial(make, structures=learned, looks=data.looks, hard=hard)
    judge = partial(
        make, structures=_find_structures(data.structures, judging), looks=1, hard=STANDARD
    )
    seeds = range(seed * _SEED_STEP, seed * _SEED_STEP + data.fields)
    unseen_seeds = range(_VALIDATION_SEED, _VALIDATION_SEED + data.validation_fields)
    real = _RealViews.find(data, particle_px, spectrum)
    total = len(seeds) + len(unseen_seeds)
    job = job or SilentJob()
    with _mapping(workers) as apply:
        fields = _collect(apply(learn, seeds), job, 0, total)
        unseen = _collect(apply(judge, unseen_seeds), job, len(seeds), total)
    shown = ", ".join([*(names if learned else []), "simple shapes"])
    fields += real.views(len(fields), seed)
    description = f"simulated micrographs of {shown}{real.description}"
    return Pool(fields, unseen, description, spectrum)


def measure_reference(data: DataRecipe, particle_px: float, workers: int = 1) -> tuple[float, ...]:
    """Return the spectrum of the background that usual fields have, without noise added.

    Parameters
    ----------
    data : DataRecipe
        Says which structures are shown.
    particle_px : float
        Particle diameter that the network sees, network pixels.
    workers : int
        Processes that simulate.

    Returns
    -------
    tuple of float
        For `preprocess`; about 1 in the middle.

    Raises
    ------
    InputFileError
        When a structure cannot be found or used.
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
    """Real micrographs to learn from: those without particles, and those with known ones."""

    data: DataRecipe
    particle_px: float
    spectrum: tuple[float, ...] | None
    empty: list[Path]
    labelled: list[Path]

    @classmethod
    def find(
        cls, data: DataRecipe, particle_px: float, spectrum: tuple[float, ...] | None
    ) -> "_RealViews":
        """Find the files; both lists are empty where the recipe names no folder.

        Raises
        ------
        InputFileError
            When a folder has none.
        """
        empty = _find_pictures(data.negatives, data.negative_names)
        labelled = _find_pictures(data.labelled, data.labelled_names)
        return cls(data, particle_px, spectrum, empty, labelled)

    @property
    def description(self) -> str:
        """What the card says of them."""
        told = ""
        if self.labelled:
            told += f", {len(self.labelled)} real ones of {self.labelled[0].parent.name}"
        return told + (f", and {len(self.empty)} real ones without particles" if self.empty else "")

    def views(self, simulated: int, seed: int) -> list[Field]:
        """Make as many views as their shares among so many simulated ones ask for."""
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
    """Look at real micrographs whose particles are known.

    Parameters
    ----------
    pictures : sequence of path
        The micrographs, dark particles; beside each a CSV of the same name with its centres.
    diameter_px : float
        Particle diameter, pixels of the picture.
    count : int
        How many views: of the micrographs in turn, each augmented anew.
    particle_px : float
        Particle diameter that the network sees, network pixels.
    seed : int
        Of all that is random.
    spectrum : sequence of float, optional
        See `preprocess`.

    Returns
    -------
    list of Field

    Raises
    ------
    InputFileError
        When a picture or its centres cannot be read.
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
        seen = augment(pixels, rng)
        view = preprocess(seen, diameter, particle_px, "dark", spectrum=spectrum)
        fields.append(Field.of(view, centers))
    return fields


def empty_views(
    pictures: Sequence[Path],
    count: int,
    particle_px: float,
    seed: int,
    spectrum: Sequence[float] | None = None,
) -> list[Field]:
    """Look at real micrographs without particles as if there were some.

    Parameters
    ----------
    pictures : sequence of path
        The micrographs.
    count : int
        How many views: of the micrographs in turn, each time as if for another particle diameter
        and either polarity, and augmented.
    particle_px : float
        Particle diameter that the network sees, network pixels.
    seed : int
        Of all that is random.
    spectrum : sequence of float, optional
        See `preprocess`.

    Returns
    -------
    list of Field
        Without centres.

    Raises
    ------
    InputFileError
        When one cannot be read, or is too small.
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
            raise InputFileError(file, f"a side is shorter than {side} px", "Take it away")
        diameter = float(np.exp(rng.uniform(np.log(least), np.log(largest))))
        polarity: Polarity = "bright" if rng.random() < 0.5 else "dark"
        view = preprocess(augment(pixels, rng), diameter, particle_px, polarity, spectrum=spectrum)
        fields.append(Field.of(view, np.empty((0, 2))))
    return fields


def _entries(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _find_pictures(folder: Path | None, names: str) -> list[Path]:
    """Find the micrographs of a folder whose file names contain one of some entries."""
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
    """Read the first file of each entry; without a folder there are none."""
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
    """Yield a `map` that several processes share; at an error the seeds that wait are dropped."""
    if workers <= 1:
        yield map
        return
    # Spawned, not forked: torch has threads by now, and those do not survive a fork.
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, context, _prepare_worker) as pool:
        try:
            yield partial(pool.map, chunksize=4)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _prepare_worker() -> None:
    """Let Ctrl-C end a worker at once and without a word; the process that waits tells."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _collect(views: Views, job: Job, done: int, total: int) -> list[Field]:
    fields: list[Field] = []
    for made, batch in enumerate(views, done + 1):
        fields += batch
        job.advance(made, total, "simulating")
    return fields
