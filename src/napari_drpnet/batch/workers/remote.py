"""Tasks for workers on other computers, and the function that runs there."""

import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock

from pydantic import BaseModel

import napari_drpnet
from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.batch.folder.outcomes import Outcome
from napari_drpnet.batch.task import PickTask
from napari_drpnet.picking.loading import NONE
from napari_drpnet.picking.networks.card import Kind

#: Only one micrograph is picked at a time: a process has one GPU, and torch uses all its cores.
_one_at_a_time = Lock()


def describe_installation() -> str:
    """Return the versions that must be the same on all computers, as text."""
    python = ".".join(map(str, sys.version_info[:2]))
    return f"napari-drpnet {napari_drpnet.__version__} with Python {python}"


def entry_for_any_folder(entry: BatchEntry) -> BatchEntry:
    """Return an entry with an absolute path, valid in any working directory."""
    path = entry.micrograph.path.absolute()
    return replace(entry, micrograph=replace(entry.micrograph, path=path))


def task_for_any_folder(task: PickTask) -> PickTask:
    """Return a task with absolute paths, valid in any working directory."""
    parameters = task.parameters
    given: tuple[tuple[str, BaseModel, str, Kind], ...] = (
        ("detector", parameters.detector, "weights", "detector"),
        ("classifier", parameters.classifier, "classifier", "classifier"),
        ("segmenter", parameters.segmenter, "segmenter", "segmenter"),
    )
    update = {
        stage: model.model_copy(update={name: _absolute(getattr(model, name), kind)})
        for stage, model, name, kind in given
        if getattr(model, name) != NONE
    }
    parameters = parameters.model_copy(update=update)
    outputs = replace(task.outputs, folder=task.outputs.folder.absolute())
    masks = task.masks and task.masks.absolute()
    return replace(task, parameters=parameters, outputs=outputs, masks=masks)


def pick_on_worker(task: PickTask, entry: BatchEntry) -> Outcome | None:
    """Pick on a worker, one micrograph at a time; return None if the task was cancelled."""
    from distributed import get_worker

    reading = task.read(entry)
    with _one_at_a_time, suppress(Cancelled):
        import torch

        torch.set_num_threads(get_worker().state.nthreads)
        return task.pick(entry, reading, _UntilCancelled())
    return None


class _UntilCancelled:
    """Progress callback that cancels the work when the scheduler has cancelled its task.

    The scheduler also does so when the client that submitted the task has gone.
    """

    def __init__(self) -> None:
        from distributed import get_worker

        self._tasks = get_worker().state.tasks
        self._key = get_worker().get_current_task()
        self.advance(0, 1, "")

    def advance(self, done: int, total: int, stage: str) -> None:
        """Raise `Cancelled` if the worker no longer has the task."""
        task = self._tasks.get(self._key)
        if task is None or task.state == "cancelled":
            raise Cancelled


def _absolute(weights: str, kind: Kind) -> str:
    """Return the absolute path of weights that are given as a file; keep a name as it is."""
    from napari_drpnet.picking.networks.weights import find_weights

    path = find_weights(weights, kind)
    return str(path.absolute()) if path == Path(weights) else weights
