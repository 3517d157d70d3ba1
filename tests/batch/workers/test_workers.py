import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, current_thread

import pytest

from napari_drpnet.base.jobs import Cancelled, SilentJob
from napari_drpnet.batch import (
    InLine,
    Outputs,
    PickedMicrograph,
    PickTask,
    Processes,
    choose_workers,
    list_entries,
    pick_micrographs,
)
from napari_drpnet.batch.workers import processes
from napari_drpnet.batch.workers.processes import ahead

COUNT = 8

#: What worker processes import: tasks that end them.
DEADLY = """
import os, time
from dataclasses import dataclass
from pathlib import Path
from napari_drpnet.batch import PickTask

@dataclass(frozen=True)
class Deadly(PickTask):
    def pick(self, entry, reading=None, job=None):
        name = entry.micrograph.name
        if "m1" in name or "m5" in name and not Path("died").exists():
            Path("died").touch()
            os.kill(os.getpid(), 9)
        return super().pick(entry, reading, job)

@dataclass(frozen=True)
class Slow(PickTask):
    def pick(self, entry, reading=None, job=None):
        if "m0" not in entry.micrograph.name:
            Path(f"busy{os.getpid()}").touch()
            time.sleep(60)
        return super().pick(entry, reading, job)

def stillborn(*arguments):
    os._exit(3)
"""


@pytest.fixture
def entries(tmp_path, write_discs, monkeypatch, use_toy_weights):
    monkeypatch.chdir(tmp_path)
    for number in range(COUNT):
        write_discs(f"in/m{number}.mrc", number)
    return list_entries(["in"], "out")


@pytest.fixture
def deadly(tmp_path, monkeypatch):
    (tmp_path / "deadly_tasks.py").write_text(DEADLY)
    monkeypatch.syspath_prepend(tmp_path)
    import deadly_tasks

    return deadly_tasks


@pytest.fixture
def prepare(parameters):
    def prepare(kind):
        task, _ = PickTask.prepare(parameters, Outputs(Path("out")))
        return kind(task.parameters, task.outputs, task.sha256)

    return prepare


def picks_in(folder):
    return {path.name: path.read_bytes() for path in Path(folder).glob("*_autopick.*")}


def test_processes_pick_the_same_as_this_one_and_are_used_again(entries, parameters):
    formats = (".star", ".csv")
    report = pick_micrographs(entries, parameters, Outputs(Path("alone"), formats))
    with Processes(["cpu", "cpu"]) as workers:
        first, rest = entries[:5], entries
        out = Outputs(Path("out"), formats)
        pick_micrographs(first, parameters, out, workers=workers)
        pids = {worker.process.pid for worker in workers._workers}
        again = pick_micrographs(rest, parameters, out, workers=workers, existing="resume")
        assert pids == {worker.process.pid for worker in workers._workers}
        assert len(pids) == 2
    assert picks_in("alone") == picks_in("out")
    assert [p.name for p in again.picked] == [p.name for p in report.picked]
    assert [p.earlier for p in again.picked] == [True] * 5 + [False] * 3
    assert not any(map(_is_alive, pids))


def test_a_process_that_dies_costs_only_the_micrograph_that_kills_it(entries, deadly, prepare):
    with Processes(["cpu", "cpu"]) as workers:
        outcomes = list(workers.run(prepare(deadly.Deadly), entries, SilentJob()))
    picked = {outcome.name for outcome in outcomes if isinstance(outcome, PickedMicrograph)}
    assert picked == {f"in/m{k}.mrc" for k in range(COUNT) if k != 1}
    (failed,) = (outcome for outcome in outcomes if outcome.name not in picked)
    assert failed.name == "in/m1.mrc"
    assert "died twice (signal 9, as when memory runs out)" in failed.message
    assert len(outcomes) == COUNT


def test_a_cancelled_job_ends_processes_within_a_micrograph(entries, deadly, prepare):
    class Job:
        def advance(self, done, total, stage):
            if done == 1 and len(list(Path().glob("busy*"))) == 2:
                raise Cancelled

    with Processes(["cpu", "cpu"]) as workers:
        outcomes = workers.run(prepare(deadly.Slow), entries, Job())
        assert next(outcomes).name == "in/m0.mrc"
        start = time.monotonic()
        with pytest.raises(Cancelled):
            next(outcomes)
        assert time.monotonic() - start < 10
        assert workers._workers == []
    pids = [int(path.name[4:]) for path in Path().glob("busy*")]
    assert not any(map(_is_alive, pids))
    assert set(picks_in("out")) == {"m0_autopick.star"}
    assert not list(Path("out").rglob("*.part*"))


def test_a_batch_that_is_cancelled_is_indexed(entries, parameters):
    class Job:
        def advance(self, done, total, stage):
            if done >= 2:
                raise Cancelled

    with Processes(["cpu"]) as workers:
        report = pick_micrographs(
            entries, parameters, Outputs(Path("out")), job=Job(), workers=workers
        )
    assert report.interrupted
    assert report.index.exists()
    assert len(report.picked) == 2


def test_processes_that_cannot_start_are_not_tried_for_ever(entries, deadly, prepare, monkeypatch):
    monkeypatch.setattr(processes, "_work", deadly.stillborn)
    with (
        Processes(["cpu", "cpu"]) as workers,
        pytest.raises(ChildProcessError, match=r"exit code 3.*--workers 1.*--resume"),
    ):
        list(workers.run(prepare(PickTask), entries, SilentJob()))


def test_one_process_reads_the_next_micrograph_while_it_picks(entries, prepare, monkeypatch):
    readers = set()
    read = PickTask.read

    def note(self, entry):
        readers.add(current_thread())
        return read(self, entry)

    monkeypatch.setattr(PickTask, "read", note)
    assert len(list(InLine().run(prepare(PickTask), entries, SilentJob()))) == COUNT
    assert current_thread() not in readers


def test_ahead_makes_one_more_than_is_asked_for():
    made, third = [], Event()

    def make():
        for number in range(4):
            if number == 2:
                assert third.wait(10)
            made.append(number)
            yield number

    items = ahead(make())
    assert next(items) == 0
    assert next(items) == 1
    assert made == [0, 1]
    third.set()
    assert list(items) == [2, 3]


def test_ahead_raises_what_making_raises():
    with pytest.raises(ZeroDivisionError):
        list(ahead(1 // k for k in (1, 0)))


@pytest.mark.parametrize(
    ("given", "processes_and_threads"),
    [
        ({"cores": 1}, None),
        ({"cores": 2}, (["cpu"] * 2, 1)),
        ({"cores": 4, "micrographs": 7}, None),
        ({"cores": 4, "micrographs": 20}, (["cpu"] * 2, 2)),
        ({"cores": 4, "micrographs": 4000}, (["cpu"] * 4, 1)),
        ({"cores": 4, "count": 1}, None),
        ({"cores": 4, "count": 3, "micrographs": 1}, (["cpu"] * 3, 1)),
    ],
)
def test_on_a_cpu_there_is_a_process_for_each_core(given, processes_and_threads, monkeypatch):
    monkeypatch.setattr("napari_drpnet.batch.workers.workers._memory", lambda: 1 << 40)
    assert _chosen(choose_workers("cpu", **given)) == processes_and_threads


def test_memory_limits_the_processes(monkeypatch):
    monkeypatch.setattr("napari_drpnet.batch.workers.workers._memory", lambda: 7 << 30)
    assert _chosen(choose_workers("cpu", cores=16)) == (["cpu"] * 3, 5)


@pytest.mark.parametrize(
    ("request_", "given", "processes_and_threads"),
    [
        ("auto", {"gpus": 1}, None),
        ("auto", {"gpus": 2}, (["cuda:0", "cuda:1"], 4)),
        ("cuda", {"gpus": 2}, (["cuda:0", "cuda:1"], 4)),
        ("cuda:1", {"gpus": 2}, None),
        ("auto", {"gpus": 2, "count": 4}, (["cuda:0", "cuda:1", "cuda:0", "cuda:1"], 2)),
        ("cuda:1", {"gpus": 2, "count": 2}, (["cuda:1", "cuda:1"], 4)),
    ],
)
def test_there_is_a_process_for_each_gpu(request_, given, processes_and_threads, monkeypatch):
    class Device:
        name = "cuda:0" if request_ == "auto" else request_

    monkeypatch.setattr("napari_drpnet.batch.workers.workers.choose_device", lambda _: Device)
    assert _chosen(choose_workers(request_, cores=8, **given)) == processes_and_threads


def _chosen(workers):
    return None if isinstance(workers, InLine) else (workers._free, workers._threads)


def _is_alive(pid):
    try:
        os.kill(pid, signal.SIG_DFL)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(os.name != "posix", reason="other systems cannot block signals")
def test_interrupts_stay_blocked_while_the_first_process_starts():
    code = """
import signal
from multiprocessing import resource_tracker
from napari_drpnet.batch.workers.processes import _interrupts_blocked
with _interrupts_blocked():
    resource_tracker.ensure_running()  # as the start of a process does
    print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "True\n"
