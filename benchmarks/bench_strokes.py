"""Measure the work for classes and strokes: sliders, moves of the brush, undo, and opening.

There is no window, so napari draws nothing: its own part of a move is that of the array. Times are
of the processor in the main thread, so that other programs do not count. Steps of the sliders of
dirt are also measured with the threads that they start, together with the main thread.
"""

import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import mrcfile
import numpy as np
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication

from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.project.session import Session
from napari_drpnet.project.state.edits import MicrographEdit, MicrographRecord, PaintEdit
from napari_drpnet.project.state.history import History
from napari_drpnet.project.storage.store import ProjectStore

SHAPES = (4096, 4096), (8184, 11520)
STROKES, MOVES = 30, 20
SLIDER_STEPS = 30
PIXEL_SIZE, DIAMETER = 1.5, 150.0  # Å
MICROGRAPHS, STORED = 200, 500


def report(what: str, times_ms: list[float]) -> None:
    median, most = np.percentile(times_ms, [50, 95])
    print(f"{what:<52} {median:8.1f} {most:8.1f}")


def timed(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return 1e3 * (time.thread_time() - start)


def open_noise(folder: Path, shape: tuple[int, int], session: Session) -> None:
    path = folder / f"{shape[0]}.mrc"
    rng = np.random.default_rng(0)
    with mrcfile.new(path) as file:
        pixels = rng.normal(100, 5, shape)
        pixels[:, : shape[1] // 4] -= 40  # a film
        file.set_data(pixels.astype(np.float16))
        file.voxel_size = PIXEL_SIZE
    session.open_paths([path], folder / path.stem)
    deadline = time.monotonic() + 300
    while session.strokes.frame is None and time.monotonic() < deadline:
        QApplication.processEvents()
        time.sleep(0.01)


def wait(session: Session) -> None:
    deadline = time.monotonic() + 600
    while session.runner.is_busy and time.monotonic() < deadline:
        QApplication.processEvents()
        time.sleep(0.001)
    QApplication.processEvents()


def bench_dirt(session: Session) -> None:
    """Segment, then move the sliders of dirt and of the opacity."""
    session.change("particle", diameter_angstrom=DIAMETER, polarity="dark")
    session.change("segmenter", segmenter="default")
    session.picking.pick_current()
    wait(session)
    assert session.segmenting.shown is not None
    session.view.show_classes = True
    steps = {
        "dirt_probability": np.linspace(0.2, 0.9, SLIDER_STEPS),
        "least_speck": np.linspace(0.1, 4.0, SLIDER_STEPS),
        "clearance": np.linspace(0.0, 2.0, SLIDER_STEPS),
    }
    for name, values in steps.items():
        own, together = list[float](), list[float]()
        for value in values.tolist():
            start, all_start = time.thread_time(), time.process_time()
            session.change("segmenter", live=True, **{name: value})
            wait(session)
            own.append(1e3 * (time.thread_time() - start))
            together.append(1e3 * (time.process_time() - all_start))
        report(f"{name}: a step, main thread", own)
        report(f"{name}: a step, all threads", together)
    fade = partial(setattr, session.view, "classes_opacity")
    opacities = np.linspace(0.1, 0.9, SLIDER_STEPS).tolist()
    report("opacity of the classes: a step", [timed(partial(fade, each)) for each in opacities])


def bench_painting(viewer: ViewerModel, session: Session) -> None:
    """Paint strokes as napari's brush does, without and with the dark brush."""
    view, rng = session.view, np.random.default_rng(1)
    view.paints, view.stroke_brush = True, 25
    layer = viewer.layers["strokes"]
    rows, columns = layer.data.shape
    for dark in (False, True):
        view.is_brush_dark, view.dark_cut = dark, -0.5
        moves, ends = list[float](), list[float]()
        for number in range(STROKES):
            start = rng.uniform((0, 0), (rows, columns))
            view.stroke_class = 1 + number % 4
            stroke = layer.block_history()
            stroke.__enter__()
            for place in np.linspace(start, start + 120, MOVES):
                moves.append(timed(lambda: layer.paint(tuple(place), view.stroke_class)))  # noqa: B023
            ends.append(timed(lambda: stroke.__exit__(None, None, None)))  # noqa: B023
        name = "dark brush" if dark else "brush"
        report(f"{name}: a move, with napari's part", moves)
        report(f"{name}: the end of a stroke, saved", ends)
    report("the cut of the dark brush moves", [timed(lambda: move_cut(session)) for _ in range(20)])
    report("undo of a stroke", [timed(session.undo) for _ in range(STROKES)])


def move_cut(session: Session) -> None:
    session.view.dark_cut -= 0.01


def bench_opening(folder: Path) -> None:
    """Open a project of many micrographs and strokes, before and after it was closed."""
    store, project = ProjectStore.open(folder)
    history, rng = History(project, store.append), np.random.default_rng(2)
    records = tuple(record(number) for number in range(1, MICROGRAPHS + 1))
    history.do(MicrographEdit(before=(), after=records))
    store.close(project)
    without = opening(folder)
    store, project = ProjectStore.open(folder)
    history = History(project, store.append)
    rasters = {each.id: np.zeros((1024, 1024), np.uint8) for each in records}
    strokes = []
    for number in range(STORED):
        name = records[number % MICROGRAPHS].id
        before = rasters[name]
        after = before.copy()
        top, left = rng.integers(0, 900, 2)
        for step in range(0, 100, 3):
            after[top + step :, left + step :][:20, :20] = 1 + number % 4
        edit = PaintEdit.between(name, (4096, 4096), before, after, "Paint")
        strokes.append(timed(lambda: history.do(edit)))  # noqa: B023
        rasters[name] = after
    report("a stroke as an edit, saved", strokes)
    store._lock.release()  # as the system does for a killed program
    journal = opening(folder)  # which writes a snapshot
    print(f"opening {MICROGRAPHS} micrographs without strokes      {without:8.2f} s")
    print(f"with {STORED} strokes, after kill -9                {journal:8.2f} s")
    print(f"with {STORED} strokes, after closing                {opening(folder):8.2f} s")


def opening(folder: Path) -> float:
    opened: list[ProjectStore] = []
    seconds = timed(lambda: opened.extend(ProjectStore.open(folder)[:1])) / 1e3
    store = opened.pop()
    store._lock.release()
    store, project = ProjectStore.open(folder)
    store.close(project)
    return seconds


def record(number: int) -> MicrographRecord:
    name = f"m{number:04d}"
    return MicrographRecord(
        id=name,
        name=f"{name}.mrc",
        path=Path(f"/data/{name}.mrc"),
        output=name,
        pixel_size_angstrom=1.0,
        defocus_angstrom=None,
    )


def main() -> None:
    app = QApplication([])
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ["DRPNET_PROJECTS"] = str(folder / "projects")
        print(f"{'ms':<52} {'median':>8} {'p95':>8}")
        for shape in SHAPES:
            print(f"{shape[1]} × {shape[0]}")
            viewer = ViewerModel()
            controller = controller_of(viewer)
            open_noise(folder, shape, controller.session)
            bench_painting(viewer, controller.session)
            bench_dirt(controller.session)
            controller.close()
        bench_opening(folder / "many")
    app.quit()


if __name__ == "__main__":
    main()
