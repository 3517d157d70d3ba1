"""Measure the gallery with 50,000 picks: scrolling, a flip, a filter, and the first thumbnails.

Opens the panel alone, so it needs a display (`make bench` provides a virtual one). "Own" is the
processor time of the main thread for one step: what is in sight is determined, drawn, and asked
for. "With waiting" adds the time for which it waits for the threads that cut thumbnails meanwhile.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication

from bench_ui import DIAMETER, PIXEL_SIZE, report, wait
from large_files import write_tiled
from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.picks import Picks
from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.plugin.panels.gallery import GalleryPanel
from napari_drpnet.project.controllers.shown import ShownMap
from napari_drpnet.project.session import Session
from napari_drpnet.project.storage.store import StoredCandidates
from napari_drpnet.simulation.parameters import SimulationParameters

COUNT, SIDE, STEPS = 50_000, 4096, 200
SIZE = 344, 620


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Return the time of some work and of the events that follow at once, in ms: own, and all."""
    start, own = time.perf_counter(), time.thread_time()
    work()
    QApplication.processEvents()
    return 1e3 * (time.thread_time() - own), 1e3 * (time.perf_counter() - start)


def measure(what: str, times: Iterable[tuple[float, float]]) -> None:
    """Print the times of some steps."""
    own, whole = zip(*times, strict=True)
    report(f"{what}: own", list(own))
    report(f"{what}: with waiting", list(whole))


def prepare(session: Session, folder: Path) -> None:
    """Show a 4096² micrograph with 50,000 candidates, half of them above P(particle) 0.5."""
    session.open_paths([folder])
    wait(session)
    session.change("particle", diameter_angstrom=DIAMETER, pixel_size_angstrom=PIXEL_SIZE)
    session.change("classifier", accept=0.5)
    rng, record, plan = np.random.default_rng(0), session.current.record, session.plan
    picks = Picks(
        centers_yx=rng.uniform(0, SIDE - 1, (COUNT, 2)),
        height=np.sort(rng.uniform(0.5, 1, COUNT))[::-1].copy(),
        prominence=np.full(COUNT, 0.5),
        probability=rng.uniform(0, 1, COUNT),
        accepted=np.ones(COUNT, bool),
    )
    stored = StoredCandidates(
        key=plan.candidates_key(record),
        picks=picks,
        shape=(SIDE, SIDE),
        pixel_size_angstrom=PIXEL_SIZE,
        diameter_px=DIAMETER / PIXEL_SIZE,
        polarity="dark",
        polarity_confidence=1.0,
    )
    shown_map = ShownMap(np.zeros((64, 64), np.float32), Frame((SIDE, SIDE), (64, 64)), 1.0)
    session.current.show_candidates(stored, shown_map)
    wait(session)


def first_thumbnails(session: Session, panel: GalleryPanel) -> float:
    """Return the time in ms from showing the panel until all thumbnails in sight are there."""
    start = time.perf_counter()
    panel.show()
    while True:
        QApplication.processEvents()
        tiles = session.gallery.tiles(panel.view.shown)
        if tiles and all(tile.greys is not None for tile in tiles):
            return 1e3 * (time.perf_counter() - start)


def scroll(panel: GalleryPanel, step: int) -> list[tuple[float, float]]:
    """Return the times of steps of the scroll bar, as from a wheel that turns without a pause."""
    bar, view = panel.view.verticalScrollBar(), panel.view.viewport()

    def move(value: int) -> None:
        bar.setValue(value)
        view.repaint()

    times = []
    for k in range(STEPS):
        times.append(timed(lambda value=k * step: move(value)))
        time.sleep(0.005)
    return times


def run(session: Session, viewer: ViewerModel) -> None:
    """Print all times."""
    panel = GalleryPanel(viewer)
    panel.resize(*SIZE)
    first = first_thumbnails(session, panel)
    print(f"{len(session.gallery.listing)} picks, {len(panel.view.shown)} in sight\n")
    print(f"{'ms':<52} {'median':>8} {'p95':>8}")
    report("first thumbnails of a 4096² micrograph", [first])
    measure("scroll by half a row", scroll(panel, 31))
    measure("scroll by a page", scroll(panel, 600))
    bar = panel.view.verticalScrollBar()
    measure("drag of the scroll bar", scroll(panel, bar.maximum() // STEPS))
    wait(session)
    gallery = session.gallery
    flips = [timed(lambda k=k: (gallery.flip(k), gallery.renew())) for k in range(10)]
    measure("flip, with the new list and the canvas", flips)
    filters = [
        timed(lambda name=name: (gallery.choose(shown=name), gallery.renew()))
        for name in ("accepted", "rejected", "all") * 3
    ]
    measure("another filter", filters)
    panel.deleteLater()


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ["DRPNET_PROJECTS"] = str(folder / "projects")
        (folder / "large").mkdir()
        parameters = SimulationParameters(
            particles=260, diameter_angstrom=DIAMETER, pixel_size_angstrom=PIXEL_SIZE
        )
        write_tiled(folder / "large" / "large.mrc", (SIDE, SIDE), parameters)
        application = QApplication([])
        viewer = ViewerModel()
        controller = controller_of(viewer)
        prepare(controller.session, folder / "large")
        run(controller.session, viewer)
        controller.close()
        application.processEvents()


if __name__ == "__main__":
    main()
