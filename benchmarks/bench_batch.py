"""Many micrographs: throughput on one core and two, memory, kill -9, and bad files among good ones.

`drpnet pick` runs as a user starts it, on simulated micrographs of 1024², which are few frames with
new noise each. The rate is that between the micrographs of the first tenth and the last one, since
start-up does not grow with the batch; the whole time is told too. The processor time per micrograph
says what the cores would do if nobody else used them. Memory is the resident memory of all
processes together. Needs Linux.
"""

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import mrcfile
import numpy as np

from napari_drpnet import simulate_micrograph
from napari_drpnet.batch.workers.workers import count_cores
from napari_drpnet.relion.lists import read_index
from napari_drpnet.simulation.parameters import SimulationParameters

SIDE, FRAMES, DIAMETER = 1024, 8, 150
KILLS = 20
MIXED, BAD = 200, 10
#: Memory is compared from this micrograph on.
SETTLED = 50


@dataclass
class Run:
    """What was seen of a run: its times, when each micrograph was done, and memory on the way."""

    seconds: float
    processor_seconds: float
    done: list[float]
    memory: list[tuple[int, float]]

    @property
    def per_minute(self) -> float:
        """Return the rate after the start-up."""
        first = len(self.done) // 10
        return 60 * (len(self.done) - 1 - first) / (self.done[-1] - self.done[first])


def make_micrographs(folder: Path, count: int) -> None:
    folder.mkdir()
    parameters = SimulationParameters(
        height_px=SIDE,
        width_px=SIDE,
        pixel_size_angstrom=4,
        diameter_angstrom=DIAMETER,
        particles=150,
    )
    frames = [simulate_micrograph(parameters, seed=k).micrograph.pixels for k in range(FRAMES)]
    rng = np.random.default_rng(0)
    for number in range(count):
        frame = frames[number % FRAMES]
        noise = rng.normal(0, 0.1 * frame.std(), frame.shape)
        with mrcfile.new(folder / f"m{number:04d}.mrc") as file:
            file.set_data((frame + noise).astype(np.float32))
            file.voxel_size = parameters.pixel_size_angstrom


def start(
    folder: Path, out: str, workers: int, cores: set[int], *more: str, source: str = "in"
) -> subprocess.Popen:
    code = "from napari_drpnet.cli import main; main()"
    pick = ["pick", source, "--out", out, "--diameter", str(DIAMETER), "--workers", str(workers)]
    return subprocess.Popen(
        [sys.executable, "-c", code, *pick, *more],
        cwd=folder,
        stdout=subprocess.PIPE if "--json" in more else subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )


def finished(out: Path) -> dict[str, int]:
    """Return when the picks of each finished micrograph were written, in nanoseconds."""
    records = (out / ".drpnet").glob("[!.]*.json")
    return {r.stem: (out / f"{r.stem}_autopick.star").stat().st_mtime_ns for r in records}


def tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(each for child in children for each in tree(int(child)))]


def resident_mb(pid: int) -> float:
    total = 0
    for each in tree(pid):
        try:
            total += int(Path(f"/proc/{each}/statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total * os.sysconf("SC_PAGE_SIZE") / 2**20


def processor_seconds() -> float:
    """Return what all processes that have ended used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def watch_run(folder: Path, out: str, workers: int, cores: set[int]) -> Run:
    begin, before, memory = time.perf_counter(), processor_seconds(), []
    process = start(folder, out, workers, cores)
    while process.poll() is None:
        memory.append((len(finished(folder / out)), resident_mb(process.pid)))
        time.sleep(0.25)
    assert process.returncode == 0, "the batch failed"
    seconds = time.perf_counter() - begin
    done = sorted(stamp / 1e9 for stamp in finished(folder / out).values())
    return Run(seconds, processor_seconds() - before, done, memory)


def describe_memory(run: Run) -> str:
    """Compare the memory of ten stretches between the micrograph that settled and the last."""
    count = len(run.done)
    edges = np.linspace(min(SETTLED, count // 4), count, 11)
    seen = np.array(run.memory)
    stretches = [
        np.median(inside)
        for low, high in pairwise(edges)
        if len(inside := seen[(seen[:, 0] >= low) & (seen[:, 0] < high), 1])
    ]
    change = 100 * (np.array(stretches) / stretches[0] - 1)
    return (
        f"{stretches[0]:.0f} MB from micrograph {edges[0]:.0f}, later {change.min():+.1f} "
        f"to {change.max():+.1f} %, peak {seen[:, 1].max():.0f} MB"
    )


def wait_for_the_end_of(pids: list[int]) -> None:
    end = time.monotonic() + 10
    while any(resident_mb(pid) > 0 for pid in pids):
        assert time.monotonic() < end, "processes have outlived the one that started them"
        time.sleep(0.01)


def kill_at_random_moments(folder: Path, count: int, cores: set[int], span: float) -> str:
    """Kill a batch again and again, look that nothing finished changes, and let it end."""
    out, rng, before, useful = folder / "killed", random.Random(0), {}, 0
    for _ in range(KILLS):
        process = start(folder, "killed", len(cores), cores, "--resume")
        time.sleep(rng.uniform(0, span))
        pids = tree(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_for_the_end_of(pids[1:])
        now = finished(out)
        assert before.items() <= now.items(), "a finished micrograph was lost or picked again"
        useful += len(before) < len(now) < count
        before = now
    killed = len(before)
    assert start(folder, "killed", len(cores), cores, "--resume").wait() == 0
    now = finished(out)
    assert before.items() <= now.items(), "a finished micrograph was lost or picked again"
    assert len(now) == len(read_index(out / "autopick.star")) == count, "not all are indexed"
    assert not list(out.rglob("*.part*")), "half-written files are left"
    return (
        f"{KILLS} times kill -9 ({useful} amid the picking), {killed} of {count} finished by then: "
        f"all kept, none picked twice, {len(now)} in the index"
    )


def pick_bad_ones_too(folder: Path, count: int, cores: set[int]) -> str:
    """Pick a folder in which some files are truncated, empty, or something else."""
    mixed, total = folder / "mixed", min(MIXED, count)
    mixed.mkdir()
    for number, path in enumerate(sorted((folder / "in").iterdir())[:total]):
        content = path.read_bytes()
        spoiled = (content[: len(content) // 2], b"", b"<html>not found</html>")[number % 3]
        is_bad = number % (total // BAD) == total // BAD - 1
        (mixed / path.name).write_bytes(spoiled if is_bad else content)
    process = start(folder, "some", len(cores), cores, "--json", source="mixed")
    report = json.loads(process.communicate()[0])
    assert process.returncode == 1, "the exit code does not tell"
    assert len(report["errors"]) == BAD, "not all bad files are named"
    assert all(each["name"] in each["message"] for each in report["errors"]), "one is not named"
    assert len(report["micrographs"]) == len(finished(folder / "some")) == total - BAD
    return (
        f"{total} files, {BAD} of them bad: {len(report['micrographs'])} picked, "
        f"{len(report['errors'])} reasons, exit code {process.returncode}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    count = parser.parse_args().count
    cores = sorted(os.sched_getaffinity(0))[:2]
    print(f"{count} micrographs of {SIDE} × {SIDE}; {count_cores()} cores, load {os.getloadavg()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_micrographs(folder / "in", count)
        runs = {
            "one core": watch_run(folder, "one", 1, set(cores[:1])),
            "one process, two cores": watch_run(folder, "inline", 1, set(cores)),
            "two processes, two cores": watch_run(folder, "two", 2, set(cores)),
        }
        for label, run in runs.items():
            ratio = run.per_minute / runs["one core"].per_minute
            rate = f"{run.per_minute:7.0f} per minute ({ratio:.2f})"
            each = run.processor_seconds / count
            print(
                f"  {label:26s}{rate}, {run.seconds:6.1f} s in all, {each:.3f} s of processor each"
            )
            print(f"  {'':26s}  {describe_memory(run)}")
        two = runs["two processes, two cores"]
        picking = two.done[-1] - two.done[0]
        span = two.seconds - picking + 1.5 * picking / KILLS
        print(f"  {kill_at_random_moments(folder, count, set(cores), span)}")
        print(f"  {pick_bad_ones_too(folder, count, set(cores))}")


if __name__ == "__main__":
    main()
