"""The way to a scheduler of dask, which knows the workers of a cluster."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from napari_drpnet.errors import InputFileError

if TYPE_CHECKING:
    from dask_jobqueue import SLURMCluster
    from distributed import Client

#: In place of an address: workers are jobs of SLURM, with a scheduler of their own.
SLURM = "slurm"
_CONNECT_SECONDS = 10.0


@contextmanager
def connect(scheduler: str, jobs: int = 1) -> Iterator["Client"]:
    """Connect to a scheduler, and leave it in the end; jobs that were asked for end then too.

    Parameters
    ----------
    scheduler : str
        Its address, such as ``tcp://head:8786``, or ``slurm``.
    jobs : int
        How many to ask SLURM for. A job that ends is replaced.

    Yields
    ------
    distributed.Client

    Raises
    ------
    ValueError
        When the packages for that are not installed.
    InputFileError
        When dask's configuration does not say what a job of SLURM needs.
    ConnectionError
        When no scheduler answers, or this is no place to ask SLURM.
    """
    try:
        from distributed import Client

        if scheduler == SLURM:
            with _jobs_of_slurm(jobs) as cluster, Client(cluster, set_as_default=False) as client:
                yield client
            return
    except ModuleNotFoundError as error:
        remedy = "run: pip install 'napari-drpnet[cluster]'"
        raise ValueError(f"{error.name} is not installed here; {remedy}") from error
    with _reach(scheduler) as client:
        yield client


def _reach(address: str) -> "Client":
    from distributed import Client

    try:
        return Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except OSError as error:
        raise ConnectionError(
            f"no scheduler answers at {address} within {_CONNECT_SECONDS:g} s. Start one there "
            "with: dask scheduler. Then give the address that it prints"
        ) from error


@contextmanager
def _jobs_of_slurm(jobs: int) -> Iterator["SLURMCluster"]:
    import dask
    from dask_jobqueue import SLURMCluster

    if shutil.which("sbatch") is None:
        raise ConnectionError(
            "there is no sbatch here. Start drpnet where you submit jobs to SLURM, or give the "
            "address of a scheduler"
        )
    needs = dask.config.get("jobqueue.slurm")
    if not (needs["cores"] and needs["memory"]):
        raise InputFileError(
            Path(dask.config.PATH, "jobqueue.yaml"),
            "does not say what a job of SLURM needs",
            'Write cores and memory there, as the page "On a cluster" of the documentation shows',
        )
    # Anybody on the login node could look at a dashboard; who wants one can say so in that file.
    options = {"dashboard": False, "dashboard_address": ":0"} | needs["scheduler-options"]
    with SLURMCluster(scheduler_options=options) as cluster:
        cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)
        yield cluster
