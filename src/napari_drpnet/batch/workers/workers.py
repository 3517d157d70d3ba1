"""Who picks the micrographs of a batch: this process, or several."""

import os
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Protocol, Self

from napari_drpnet.base.devices import Device, choose_device
from napari_drpnet.base.jobs import Job
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.batch.folder.outcomes import Outcome
from napari_drpnet.batch.task import PickTask
from napari_drpnet.batch.workers.processes import Processes, ahead

#: With fewer micrographs per process, starting it takes longer than it saves.
_WORTH_A_PROCESS = 8
#: What a process may need for a large micrograph.
_BYTES_PER_PROCESS = 2 << 30


class Workers(Protocol):
    """Those who do a task for many micrographs. A context: they may hold processes until its end.

    Whoever picks a micrograph has written its files when its outcome is told.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def device(self, request: str) -> Device:
        """Tell where the networks will run, when the user asks for the device `request`.

        Raises
        ------
        ValueError
            When the device is not there.
        """
        ...

    def run(
        self, task: PickTask, entries: Sequence[BatchEntry], job: Job
    ) -> Generator[Outcome, None, None]:
        """Do the task for each entry, and yield the outcomes as they come.

        The generator may be closed before its end: whoever works then stops at once.

        Parameters
        ----------
        task : PickTask
            What to do.
        entries : sequence of BatchEntry
            For which micrographs.
        job : Job
            Told often; may cancel.

        Raises
        ------
        Cancelled
            When the job says so.
        ChildProcessError
            When nobody can work.
        """
        ...


class InLine:
    """Lets the process at hand pick one micrograph after another, and meanwhile reads the next."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """There is nothing to end."""

    def device(self, request: str) -> Device:
        """Choose among those of this computer."""
        return choose_device(request)

    def run(
        self, task: PickTask, entries: Sequence[BatchEntry], job: Job
    ) -> Generator[Outcome, None, None]:
        """Do the task for each entry; see `Workers.run`."""
        for entry, reading in ahead((entry, task.read(entry)) for entry in entries):
            yield task.pick(entry, reading, job)


def choose_workers(
    request: str,
    micrographs: int | None = None,
    count: int | None = None,
    cores: int | None = None,
    gpus: int | None = None,
) -> Workers:
    """Choose who picks.

    Parameters
    ----------
    request : str
        The device that the user asked for, as `choose_device` takes it. ``auto`` and ``cuda``
        mean all GPUs where there is one.
    micrographs : int, optional
        How many there are; None for a stream of them.
    count : int, optional
        How many processes the user asked for. By default one for each GPU; on a CPU one for each
        core, as far as the memory suffices for large micrographs; and no more than get eight
        micrographs each.
    cores, gpus : int, optional
        Of this computer; by default those that there are.

    Returns
    -------
    Workers

    Raises
    ------
    ValueError
        When the device is not there.
    """
    device = choose_device(request).name
    cores = cores or count_cores()
    devices = [device]
    if device.startswith("cuda") and request in ("auto", "cuda"):
        devices = [f"cuda:{number}" for number in range(gpus or _count_gpus())]
    if count is None:
        most = min(cores, _memory() // _BYTES_PER_PROCESS) if device == "cpu" else len(devices)
        worth = most if micrographs is None else micrographs // _WORTH_A_PROCESS
        count = max(1, min(most, worth))
    if count == 1:
        return InLine()
    return Processes([devices[k % len(devices)] for k in range(count)], max(1, cores // count))


def count_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _count_gpus() -> int:
    import torch

    return torch.cuda.device_count()


def _memory() -> int:
    """Return the bytes of memory that this computer has; plenty where it does not say."""
    with suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 1 << 40
