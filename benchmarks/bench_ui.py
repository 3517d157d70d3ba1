"""Measure the response time of the window, from an event to the screen, on a 4096² micrograph.

Opens napari with the whole picker and drives its widgets, so it needs a display (`make bench`
provides a virtual one). "Own" is the work of the plugin that an event waits for: the edit, its
journal, the points, and the other panels. "With drawing" adds the drawing of the next frame by
napari, here by software OpenGL; "napari draws a frame" is the time of a frame without other work.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import napari
import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from large_files import write_tiled
from napari_drpnet import load_networks, pick, read_micrograph
from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.project.session import Session
from napari_drpnet.simulation.parameters import SimulationParameters

PIXEL_SIZE, DIAMETER = 1.5, 90.0  # Å
STEPS = 60


def simulate(folder: Path, count: int = 2) -> None:
    """Write 4096² micrographs of about 1,000 particles."""
    parameters = SimulationParameters(
        particles=260, diameter_angstrom=DIAMETER, pixel_size_angstrom=PIXEL_SIZE, dose=25.0
    )
    for seed in range(1, count + 1):
        write_tiled(folder / f"large_{seed}.mrc", (4096, 4096), parameters, seed)


def events() -> None:
    for _ in range(3):
        QApplication.processEvents()


def idle_while(is_waiting: Callable[[], bool]) -> None:
    """Handle events as Qt's own loop does: it sleeps in between, which leaves the core to jobs."""
    deadline = time.monotonic() + 120
    while is_waiting() and time.monotonic() < deadline:
        QApplication.processEvents()
        time.sleep(0.002)


def wait(session: Session) -> None:
    idle_while(lambda: session.runner.is_busy)
    events()


def report(what: str, times_ms: list[float], note: str = "") -> None:
    median, p95 = np.percentile(times_ms, [50, 95])
    print(f"{what:<52} {median:8.1f} {p95:8.1f}  {note}")


def drag(what: str, values: Iterator[float], move: Callable[[float], None]) -> None:
    """Time a drag: each move without and with the drawing of its frame."""
    own, drawn = [], []
    for value in values:
        start = time.perf_counter()
        move(value)
        middle = time.perf_counter()
        events()
        own.append(1e3 * (middle - start))
        drawn.append(1e3 * (time.perf_counter() - start))
    report(f"{what}: own", own)
    report(f"{what}: with drawing", drawn)


def longest_pauses(work: Callable[[], None]) -> tuple[float, float]:
    """Return the longest times in ms for which some work blocked the event loop.

    The first is by the clock, the second of the processor: what it would be on an idle machine.
    """
    ticks: list[tuple[float, float]] = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append((time.perf_counter(), time.thread_time())))
    timer.start(2)
    events()
    work()
    timer.stop()
    clock, processor = 1e3 * np.diff(ticks, axis=0).max(axis=0)
    return float(clock), float(processor)


def memory_mb() -> float:
    """Return the present resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def bench_large(viewer: "napari.Viewer", session: Session, folder: Path) -> None:
    session.open_paths([folder])
    wait(session)
    session.change("particle", diameter_angstrom=DIAMETER)
    for _ in range(2):
        session.picking.pick_current()
        wait(session)
        session.step(1)
        wait(session)
    current = session.current
    # Little smoothing gives about 3,000 candidates, as on a crowded, noisy micrograph.
    session.change("peaks", sigma_px=0.9)
    wait(session)
    scores = np.sort(current.stored.picks.height)[::-1]
    middle = float(scores[min(1000, len(scores) - 1)])
    session.change("peaks", threshold=middle)
    wait(session)
    print(f"{len(current.review)} candidates, {int(current.visible.sum())} visible\n")
    print(f"{'ms':<52} {'median':>8} {'p95':>8}")
    idle = []
    for _ in range(STEPS):
        viewer.layers["picks"].refresh()
        start = time.perf_counter()
        events()
        idle.append(1e3 * (time.perf_counter() - start))
    report("napari draws a frame", idle)
    cuts = middle * (1 + 0.2 * np.sin(np.linspace(0, 6, STEPS)))
    drag("threshold", iter(cuts), lambda v: session.change("peaks", live=True, threshold=float(v)))
    session.settle()
    accepts = 0.5 + 0.4 * np.sin(np.linspace(0, 6, STEPS))
    drag(
        "accept",
        iter(accepts),
        lambda v: session.change("classifier", live=True, accept=float(v)),
    )
    session.settle()
    bench_sigma(session)
    bench_brush(session)
    bench_switch(session)
    bench_many_points(session)


def bench_sigma(session: Session) -> None:
    landed = []
    for value in np.linspace(0.8, 2.0, 20):
        start = time.perf_counter()
        session.change("peaks", live=True, sigma_px=float(value))
        idle_while(lambda: session.runner.status("candidates").state != "idle")
        landed.append(1e3 * (time.perf_counter() - start))
    session.settle()
    report("sigma: new candidates on the screen", landed)

    def move() -> None:
        for value in np.linspace(2.0, 0.8, 60):
            session.change("peaks", live=True, sigma_px=float(value))
            next_move = time.perf_counter() + 0.016
            idle_while(lambda end=next_move: time.perf_counter() < end)
        wait(session)

    clock, processor = longest_pauses(move)
    report("sigma: longest pause of the window", [clock])
    report("sigma: longest pause, processor time", [processor])
    session.settle()


def bench_brush(session: Session) -> None:
    current = session.current
    height, width = current.stored.shape
    angle = np.linspace(0, 12, 4 * STEPS)
    path = np.stack(
        [height / 2 + height / 3 * np.sin(angle), width / 2 + width / 3 * np.cos(1.7 * angle)], 1
    )
    own, drawn = [], []
    with current.stroke(accepted=False):
        for before, here in pairwise(path):
            start = time.perf_counter()
            current.paint([before, here], 1.5 * current.diameter_px, accepted=False)
            middle = time.perf_counter()
            events()
            own.append(1e3 * (middle - start))
            drawn.append(1e3 * (time.perf_counter() - start))
    report("brush: own", own, f"{len(session.project.labels(current.id))} labels")
    report("brush: with drawing", drawn)
    session.undo()
    events()


def bench_switch(session: Session) -> None:
    shown = []
    for k in range(10):
        start = time.perf_counter()
        session.step(1 if k % 2 == 0 else -1)
        idle_while(lambda: session.current.image is None or session.current.review is None)
        events()
        shown.append(1e3 * (time.perf_counter() - start))
        wait(session)
    report("switch to a picked micrograph", shown)


def bench_when_shown(session: Session, folder: Path) -> None:
    """Time until a micrograph that is picked when shown is there with its picks."""
    session.open_project(folder / "project")
    session.open_paths([folder])
    wait(session)
    session.picking.pick_current()
    wait(session)
    times: dict[int, list[float]] = {2: [], 1: []}  # the one after the next is not prepared
    for offset in (2, 1) * 3:
        start = time.perf_counter()
        session.step(offset)
        idle_while(lambda: session.current.image is None or session.current.decision is None)
        events()
        times[offset].append(1e3 * (time.perf_counter() - start))
        wait(session)
    report("next micrograph, picked when shown", times[2])
    report("next micrograph, prepared ahead", times[1])
    report("the same by pick(), without a window", list(pick_times(session)))


def pick_times(session: Session) -> Iterator[float]:
    """Time the engine alone, on the micrograph that is shown, read again each time."""
    path, parameters = session.current.record.path, session.plan.parameters
    networks = load_networks(parameters)
    for _ in range(5):
        start = time.perf_counter()
        pick(read_micrograph(path), parameters, networks)
        yield 1e3 * (time.perf_counter() - start)


def bench_many_points(session: Session) -> None:
    current = session.current
    height, width = current.stored.shape
    rng = np.random.default_rng(0)
    count = 50_000 - len(current.review)
    current.add(rng.uniform(0, 1, (count, 2)) * (height - 1, width - 1))
    events()
    accepts = 0.5 + 0.4 * np.sin(np.linspace(0, 6, 10))
    drag(
        f"accept, {len(current.review)} points",
        iter(accepts),
        lambda v: session.change("classifier", live=True, accept=float(v)),
    )
    start = time.perf_counter()
    session.undo()
    session.undo()
    events()
    report("undo of the 50,000", [1e3 * (time.perf_counter() - start)])


def bench_memory(session: Session, folder: Path) -> None:
    """Print the memory while stepping through a project of 200 picked micrographs."""
    parameters = SimulationParameters(
        height_px=512, width_px=512, particles=20, diameter_angstrom=DIAMETER
    )
    for number in range(200):
        write_tiled(folder / f"small_{number:03d}.mrc", (1024, 1024), parameters, number)
    session.open_project(folder / "project")
    session.change("particle", diameter_angstrom=DIAMETER)
    session.open_paths([folder])
    wait(session)
    session.picking.pick_all()
    wait(session)
    used = {}
    for number in range(200):
        session.step(1)
        wait(session)
        used[number] = memory_mb()
    print(f"\n200 micrographs seen: {used[50]:.0f} MB after 50, {used[199]:.0f} MB after 200")


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ["DRPNET_PROJECTS"] = str(folder / "projects")
        (folder / "large").mkdir()
        (folder / "shown").mkdir()
        (folder / "small").mkdir()
        simulate(folder / "large")
        viewer = napari.Viewer()
        viewer.window.resize(1366, 768)
        viewer.window.add_plugin_dock_widget("napari-drpnet", "DRPnet picker")
        session = controller_of(viewer).session
        session.noticed.connect(lambda notice: print(notice, file=sys.stderr))
        events()
        bench_large(viewer, session, folder / "large")
        simulate(folder / "shown", 10)
        bench_when_shown(session, folder / "shown")
        bench_memory(session, folder / "small")
        viewer.close()


if __name__ == "__main__":
    main()
