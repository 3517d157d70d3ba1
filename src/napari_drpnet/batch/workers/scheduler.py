"""Connection to a dask scheduler, which manages the workers of a cluster."""

import logging
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from napari_drpnet.base.errors import InputFileError

if TYPE_CHECKING:
    from dask_jobqueue import SLURMCluster
    from distributed import Client

#: Given in place of an address: workers are SLURM jobs, with a scheduler of their own.
SLURM = "slurm"
_CONNECT_SECONDS = 10.0
#: Interval at which jobs that have ended are replaced.
_REPLACE_SECONDS = 30
#: Loggers that are silenced: our own error explains better that a scheduler has gone.
_SILENCED = ("distributed.client", "distributed.utils")


@contextmanager
def connect(scheduler: str, jobs: int = 1) -> Iterator["Client"]:
    """Connect to a scheduler, and disconnect at the end, which also ends the SLURM jobs.

    Parameters
    ----------
    scheduler : str
        Address of the scheduler, such as ``tcp://head:8786``, or ``slurm``.
    jobs : int
        Number of jobs to submit to SLURM. A job that ends is replaced.

    Yields
    ------
    distributed.Client
        Client of the scheduler.

    Raises
    ------
    ValueError
        If the packages of the extra ``cluster`` are not installed.
    InputFileError
        If dask's configuration does not describe the SLURM jobs, or SLURM refuses them.
    ConnectionError
        If no scheduler answers, or this computer has no ``sbatch``.
    """
    _require_extra()
    from distributed import Client

    for name in _SILENCED:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if scheduler == SLURM:
        with _jobs_of_slurm(jobs) as cluster, Client(cluster, set_as_default=False) as client:
            yield client
    else:
        with _reach(scheduler) as client:
            yield client


def _require_extra() -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        import dask_jobqueue  # noqa: F401
        import distributed  # noqa: F401
    except ModuleNotFoundError as error:
        remedy = "run: pip install 'napari-drpnet[cluster]'"
        raise ValueError(f"{error.name} is not installed here; {remedy}") from error
    finally:
        # dask_jobqueue installs its own Ctrl-C handler on import, which would end us at once.
        signal.signal(signal.SIGINT, before)


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
    file, needs = Path(dask.config.PATH, "jobqueue.yaml"), dask.config.get("jobqueue.slurm")
    if not (needs["cores"] and needs["memory"]):
        raise InputFileError(
            file,
            "does not say what a job of SLURM needs",
            'Set cores and memory, as the page "On a cluster" of the documentation shows',
        )
    # Jobs need to reach the port of the scheduler, but not that of its web server.
    options = {"dashboard": False, "dashboard_address": "127.0.0.1:0"} | needs["scheduler-options"]
    with SLURMCluster(scheduler_options=options) as cluster:
        _try_job(cluster.job_script(), file)
        cluster.scale(jobs=jobs)
        cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs, interval=f"{_REPLACE_SECONDS} s")
        yield cluster


def _try_job(script: str, file: Path) -> None:
    """Check that SLURM accepts a job, because dask would submit a refused one again and again."""
    test = ["sbatch", "--test-only"]
    answer = subprocess.run(test, input=script, capture_output=True, text=True, check=False)
    if answer.returncode:
        reason = f"SLURM refuses the job that it describes ({answer.stderr.strip()})"
        raise InputFileError(file, reason, "Correct its settings, which are passed to sbatch")
