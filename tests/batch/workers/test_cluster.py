"""Micrographs picked by the workers of a scheduler; all of them are processes of this computer."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled, SilentJob
from napari_drpnet.batch import (
    Cluster,
    Outputs,
    PickedMicrograph,
    PickTask,
    list_entries,
    pick_micrographs,
)
from napari_drpnet.batch.workers import scheduler
from napari_drpnet.batch.workers.cluster import WAITING
from napari_drpnet.relion.lists import read_index

distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
psutil = pytest.importorskip("psutil", reason="the extra 'cluster' is not installed")
dask = pytest.importorskip("dask", reason="the extra 'cluster' is not installed")
if find_spec("dask_jobqueue") is None:
    pytest.skip("the extra 'cluster' is not installed", allow_module_level=True)

COUNT = 6
LOOPBACK = "127.0.0.1:0"

#: What workers import: tasks that end them, and one that only ends when nobody wants it any more.
DEADLY = """
import os, time
from dataclasses import dataclass
from napari_drpnet.batch import PickTask
from napari_drpnet.base.jobs import Cancelled

@dataclass(frozen=True)
class Fatal(PickTask):
    def pick(self, entry, reading=None, job=None):
        if "m1" in entry.micrograph.name:
            os.kill(os.getpid(), 9)
        return super().pick(entry, reading, job)

@dataclass(frozen=True)
class Endless(PickTask):
    def pick(self, entry, reading=None, job=None):
        if "m0" in entry.micrograph.name:
            return super().pick(entry, reading, job)
        note = self.outputs.folder / entry.micrograph.path.stem
        note.mkdir(parents=True)
        try:
            while True:
                job.advance(0, 1, "asleep")
                time.sleep(0.05)
        except Cancelled:
            (note / "ended").touch()
            raise
"""


@pytest.fixture(scope="module")
def deadly(tmp_path_factory):
    folder = tmp_path_factory.mktemp("modules")
    (folder / "deadly_cluster_tasks.py").write_text(DEADLY)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        import deadly_cluster_tasks

        yield deadly_cluster_tasks


@pytest.fixture(scope="module")
def local(tmp_path_factory, toy_weights, deadly):
    """Two workers, started in another folder than the one in which micrographs are asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("workers"))
        patch.setenv("DRPNET_WEIGHTS", str(toy_weights))
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=LOOPBACK
        ) as cluster:
            yield cluster


@pytest.fixture
def cluster(local):
    with Cluster(local.scheduler_address) as workers:
        yield workers


@pytest.fixture
def entries(tmp_path, write_discs, monkeypatch, use_toy_weights):
    monkeypatch.chdir(tmp_path)
    for number in range(COUNT):
        write_discs(f"in/m{number}.mrc", number, side=256)
    return list_entries(["in"], "out")


@pytest.fixture
def prepare(parameters):
    def prepare(kind):
        task, _ = PickTask.prepare(parameters, Outputs(Path("out")))
        return kind(task.parameters, task.outputs, task.sha256)

    return prepare


def picks_in(folder):
    return {path.name: path.read_bytes() for path in Path(folder).glob("*_autopick.*")}


@pytest.mark.timeout(240)
def test_a_worker_that_is_killed_costs_nothing(entries, parameters, cluster):
    outputs = Outputs(Path("out"), (".star", ".csv"))
    pick_micrographs(entries, parameters, replace(outputs, folder=Path("alone")))
    pids = cluster._client.run(os.getpid)
    told = []

    def kill_one(outcome):
        if not told:
            os.kill(min(pids.values()), signal.SIGKILL)
        told.append(outcome.name)

    report = pick_micrographs(entries, parameters, outputs, workers=cluster, on_outcome=kill_one)
    names = [entry.micrograph.name for entry in entries]
    assert sorted(told) == names
    assert [picked.name for picked in report.picked] == names
    assert not report.failed
    assert [name for name, _ in read_index(report.index)] == names
    assert picks_in("out") == picks_in("alone")
    assert len(picks_in("out")) == 2 * COUNT
    assert not list(Path("out").rglob("*.part*"))
    again = pick_micrographs(entries, parameters, outputs, existing="resume")
    assert all(picked.earlier for picked in again.picked)


@pytest.mark.timeout(240)
def test_a_micrograph_that_kills_its_workers_fails_and_the_rest_is_picked(
    entries, prepare, cluster, local, deadly, monkeypatch
):
    monkeypatch.setattr(local.scheduler, "allowed_failures", 0)
    outcomes = list(cluster.run(prepare(deadly.Fatal), entries[:3], SilentJob()))
    assert len(outcomes) == 3
    (failed,) = (each for each in outcomes if not isinstance(each, PickedMicrograph))
    assert failed.name == "in/m1.mrc"
    assert "every worker that had it died" in failed.message


def test_workers_stop_when_a_job_is_cancelled(entries, prepare, cluster, deadly):
    class Job:
        def advance(self, done, total, stage):
            if done == 1 and any(map(Path.is_dir, Path("out").glob("m*"))):
                raise Cancelled

    outcomes = cluster.run(prepare(deadly.Endless), entries, Job())
    assert next(outcomes).name == "in/m0.mrc"
    with pytest.raises(Cancelled):
        next(outcomes)
    begun = [path for path in Path("out").glob("m*") if path.is_dir()]
    wait_until(lambda: all((path / "ended").exists() for path in begun))
    assert set(picks_in("out")) == {"m0_autopick.star"}
    assert isinstance(*cluster.run(prepare(PickTask), entries[:1], SilentJob()), PickedMicrograph)


def test_a_worker_of_another_version_is_refused(entries, prepare, cluster, monkeypatch):
    monkeypatch.setattr("napari_drpnet.__version__", "99.0")
    with pytest.raises(ChildProcessError, match=r"tcp://.* needs .*99\.0 with Python .*, not"):
        list(cluster.run(prepare(PickTask), entries, SilentJob()))


def test_a_worker_without_this_package_is_refused(entries, prepare, cluster, monkeypatch):
    Path("only_here.py").write_text("def here(): return 'all that is needed'")
    monkeypatch.syspath_prepend(Path.cwd())
    import only_here

    monkeypatch.setattr("napari_drpnet.batch.workers.cluster.describe_installation", only_here.here)
    with pytest.raises(
        ChildProcessError, match=r"all that is needed, not .*No module named 'only_here'.*--resume"
    ):
        list(cluster.run(prepare(PickTask), entries, SilentJob()))


def test_weights_in_a_file_are_found_from_any_folder(entries, parameters, cluster, toy_weights):
    shutil.copy(toy_weights / "detector-default.safetensors", "mine.safetensors")
    detector = parameters.detector.model_copy(update={"weights": "mine.safetensors"})
    own = parameters.model_copy(update={"detector": detector})
    report = pick_micrographs(entries[:1], own, Outputs(Path("out")), workers=cluster)
    assert len(report.picked) == 1
    assert report.networks.device.reason == "chosen by each worker"


def test_workers_find_the_dirt_of_a_segmenter(
    entries, parameters, cluster, segmenter_weights, write_dirty
):
    for number, entry in enumerate(entries):
        entry.micrograph.path.unlink()
        write_dirty(entry.micrograph.path, number)
    shutil.copy(segmenter_weights, "dirt.safetensors")
    stage = parameters.segmenter.model_copy(update={"segmenter": "dirt.safetensors"})
    own = parameters.model_copy(update={"segmenter": stage})
    outputs = Outputs(Path("out"), (".star", ".csv"), masks=("mrc", "png"))
    alone = pick_micrographs(entries, own, replace(outputs, folder=Path("alone")))
    report = pick_micrographs(entries, own, outputs, workers=cluster)
    assert not report.failed
    assert picks_in("out") == picks_in("alone")
    counts = [(each.accepted, each.on_dirt, each.dirty_area) for each in report.picked]
    assert counts == [(each.accepted, each.on_dirt, each.dirty_area) for each in alone.picked]
    assert all(accepted and on_dirt for accepted, on_dirt, _ in counts)
    for entry in entries:
        name = f"{entry.output}_classes.png"
        assert Path("out", name).read_bytes() == Path("alone", name).read_bytes()


def test_a_scheduler_that_goes_ends_the_run(entries, prepare):
    stages = []

    class Job:
        def advance(self, done, total, stage):
            stages.append(stage)
            empty.close()

    with (
        distributed.LocalCluster(n_workers=0, processes=True, dashboard_address=LOOPBACK) as empty,
        Cluster(empty.scheduler_address) as workers,
        pytest.raises(ConnectionError, match=r"the scheduler has gone.*--resume"),
    ):
        list(workers.run(prepare(PickTask), entries, Job()))
    assert set(stages) == {WAITING}


@pytest.mark.skipif(not shutil.which("setsid"), reason="SLURM is played with setsid")
@pytest.mark.timeout(240)
def test_jobs_of_slurm_pick_are_replaced_and_ended(entries, parameters, tmp_path, monkeypatch):
    monkeypatch.setattr(scheduler, "_REPLACE_SECONDS", 1)
    jobs = play_slurm(tmp_path / "slurm", monkeypatch)

    def kill_first(outcome):
        if len(jobs()) == 1:
            os.killpg(*jobs(), signal.SIGKILL)

    needs = {
        "jobqueue.slurm.cores": 1,
        "jobqueue.slurm.memory": "4GB",
        "distributed.deploy.lost-worker-timeout": "1s",
    }
    before = open_ports()
    with dask.config.set(needs), Cluster("slurm", 1) as workers:
        assert len(open_ports() - before) == 1  # that of the scheduler
        report = pick_micrographs(
            entries, parameters, Outputs(Path("out")), workers=workers, on_outcome=kill_first
        )
    assert len(report.picked) == COUNT
    assert len(jobs()) == 2
    scripts = [path.read_text() for path in (tmp_path / "slurm").glob("script*")]
    assert all("#SBATCH --cpus-per-task=1" in script for script in scripts)
    wait_until(lambda: not any(Path(f"/proc/{job}").exists() for job in jobs()))


@pytest.mark.parametrize(
    ("cores", "reason"), [(None, "does not say what a job"), (1, "SLURM refuses the job")]
)
def test_slurm_must_know_what_a_job_is_and_take_it(cores, reason, tmp_path, monkeypatch):
    play_slurm(tmp_path / "slurm", monkeypatch, refuses=True)
    with (
        dask.config.set({"jobqueue.slurm.cores": cores, "jobqueue.slurm.memory": "4GB"}),
        pytest.raises(InputFileError, match=rf"jobqueue\.yaml: {reason}"),
    ):
        Cluster("slurm", 1).__enter__()


def test_a_scheduler_that_cannot_be_reached_is_named(monkeypatch):
    monkeypatch.setattr(scheduler, "_CONNECT_SECONDS", 0.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(
        ConnectionError, match=rf"no scheduler answers at {address}.*dask scheduler"
    ):
        Cluster(address).__enter__()


@pytest.mark.parametrize(
    ("package", "address"), [("distributed", "a:1"), ("dask_jobqueue", "slurm")]
)
def test_a_package_that_is_not_installed_is_named(package, address, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ValueError, match=rf"{package} .*pip install 'napari-drpnet\[cluster\]'"):
        Cluster(address).__enter__()


def test_slurm_must_be_there(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConnectionError, match="there is no sbatch here"):
        Cluster("slurm").__enter__()


def play_slurm(folder, monkeypatch, refuses=False):
    """Let commands do here what SLURM does; return a function that tells its jobs so far."""
    submit = [
        f'if [ "$1" = --test-only ]; then exit {refuses:d}; fi',
        f"cp $1 {folder}/script$$",  # dask removes it soon
        f"setsid bash {folder}/script$$ >{folder}/log 2>&1 &",
        f"echo $! | tee -a {folder}/jobs",
    ]
    folder.mkdir()
    for name, lines in {"sbatch": submit, "scancel": ["kill -- -$1"]}.items():
        (folder / name).write_text("\n".join(["#!/bin/bash", *lines, ""]))
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return lambda: [int(job) for job in (folder / "jobs").read_text().split()]


def wait_until(is_true, seconds=60):
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.05)


def open_ports():
    """Return the ports of this process that other computers reach."""
    return {
        each.laddr.port
        for each in psutil.Process().net_connections("inet")
        if each.status == psutil.CONN_LISTEN and each.laddr.ip not in ("127.0.0.1", "::1")
    }


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_ctrl_c_stays_what_it_is():
    # In a process of its own, for the packages are imported but once.
    code = (
        "import signal; from napari_drpnet.batch.workers.scheduler import _require_extra;"
        "_require_extra();"
        "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
