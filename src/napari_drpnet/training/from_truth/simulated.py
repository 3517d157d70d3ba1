"""Simulation of the fields of a training run, in several processes."""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job
from napari_drpnet.simulation import Structure, read_structure
from napari_drpnet.training.common.recipe import SimulatedData

FieldT = TypeVar("FieldT")

#: First seed of the validation fields. That of the training fields is the seed of the recipe times
#: the step.
_VALIDATION_SEED, _SEED_STEP = 10_000_000, 100_000


def read_structures(data: SimulatedData) -> tuple[list[Structure], list[Structure]]:
    """Read the structures of a recipe for training and for validation.

    Raises
    ------
    InputFileError
        If a structure cannot be found or used.
    ValueError
        If a structure is named both for training and for validation.
    """
    names, validation_names = split_names(data.learn_from), split_names(data.validate_by)
    if both := sorted({*names} & {*validation_names}):
        raise ValueError(f"{both[0]} cannot be used both for training and for validation")
    folder = data.structures
    return _find_structures(folder, names), _find_structures(folder, validation_names)


def describe(data: SimulatedData) -> str:
    """Return the description of simulated micrographs for a card."""
    names = split_names(data.learn_from) if data.structures else []
    return f"simulated micrographs of {', '.join([*names, 'simple shapes'])}"


def split_names(names: str) -> list[str]:
    """Split a list of names at its commas."""
    return [name.strip() for name in names.split(",") if name.strip()]


def simulate(
    makers: tuple[Callable[[int], list[FieldT]], Callable[[int], list[FieldT]]],
    data: SimulatedData,
    seed: int,
    workers: int,
    job: Job,
) -> tuple[list[FieldT], list[FieldT]]:
    """Simulate the fields for training and for validation.

    Parameters
    ----------
    makers : pair of callables
        Functions that make the views of a micrograph from its seed, for training and for
        validation.
    data : SimulatedData
        Numbers of micrographs.
    seed : int
        Seed of the recipe. That of the validation fields does not depend on it.
    workers : int
        Number of processes; 1 to simulate in this process.
    job : Job
        Progress callback, called after each micrograph; it may cancel the work.
    """
    seeds = range(seed * _SEED_STEP, seed * _SEED_STEP + data.fields)
    validation_seeds = range(_VALIDATION_SEED, _VALIDATION_SEED + data.validation_fields)
    total = len(seeds) + len(validation_seeds)
    with mapping(workers) as apply:
        fields = collect(apply(makers[0], seeds), job, 0, total)
        return fields, collect(apply(makers[1], validation_seeds), job, len(seeds), total)


@contextmanager
def mapping(workers: int) -> Iterator[Callable[..., Iterator[Any]]]:
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


def collect(views: Iterator[list[FieldT]], job: Job, done: int, total: int) -> list[FieldT]:
    """Join the views of all micrographs, and report the progress after each."""
    fields: list[FieldT] = []
    for made, batch in enumerate(views, done + 1):
        fields += batch
        job.advance(made, total, "simulating")
    return fields


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
