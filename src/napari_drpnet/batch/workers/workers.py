"""Workers that pick the micrographs of a batch: this process, or several."""

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

#: With fewer micrographs per process, starting a process takes longer than it saves.
_WORTH_A_PROCESS = 8
#: Memory that a process may need for a large micrograph.
_BYTES_PER_PROCESS = 2 << 30


class Workers(Protocol):
    """Workers that run a task for many micrographs.

    They are a context manager, because they may hold processes until the end of the context. When
    the result of a micrograph is yielded, its files are written.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def device(self, request: str) -> Device:
        """Return the device on which the networks will run, if the user requests `request`.

        Raises
        ------
        ValueError
            If the device is not available.
        """
        ...

    def run(
        self, task: PickTask, entries: Sequence[BatchEntry], job: Job
    ) -> Generator[Outcome, None, None]:
        """Run the task for each entry, and yield the results as they come.

        The generator may be closed before its end; the workers then stop at once.

        Parameters
        ----------
        task : PickTask
            Task to run.
        entries : sequence of BatchEntry
            Micrographs to pick.
        job : Job
            Progress callback, called several times a second or after each tile; it may cancel the
            work.

        Raises
        ------
        Cancelled
            If the job cancels the work.
        ChildProcessError
            If no worker can pick.
        ConnectionError
            If the scheduler of a cluster has gone.
        """
        ...


class InLine:
    """Picking in this process, one micrograph after another; a thread reads the next one."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Do nothing: there are no processes to end."""

    def device(self, request: str) -> Device:
        """Choose a device of this computer; see `Workers.device`."""
        return choose_device(request)

    def run(
        self, task: PickTask, entries: Sequence[BatchEntry], job: Job
    ) -> Generator[Outcome, None, None]:
        """Run the task for each entry; see `Workers.run`."""
        for entry, reading in ahead((entry, task.read(entry)) for entry in entries):
            yield task.pick(entry, reading, job)


def choose_workers(
    request: str,
    micrographs: int | None = None,
    count: int | None = None,
    cores: int | None = None,
    gpus: int | None = None,
) -> Workers:
    """Choose between picking in this process and picking in several processes.

    Parameters
    ----------
    request : str
        Device that the user requested, as for `choose_device`. ``auto`` and ``cuda`` mean all GPUs
        if there are any.
    micrographs : int, optional
        Number of micrographs; None if it is unknown, as for a watch.
    count : int, optional
        Number of processes that the user requested. By default one for each GPU; on a CPU one for
        each core, as far as the memory suffices for large micrographs. The default also leaves at
        least eight micrographs for each process.
    cores, gpus : int, optional
        Number of CPU cores and GPUs to use; by default those of this computer.

    Returns
    -------
    Workers
        `InLine` for one process, else `Processes`.

    Raises
    ------
    ValueError
        If the device is not available.
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
    """Return the number of CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _count_gpus() -> int:
    import torch

    return torch.cuda.device_count()


def _memory() -> int:
    """Return the memory of this computer in bytes, or a large number if it is unknown."""
    with suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 1 << 40
