"""Record the window at work on simulated micrographs, as an animated picture in docs/images.

Run ``make screenshots`` after a change that is seen in it. The mouse does what a user would do,
from opening the micrographs to exporting, with the settings of ``screenshots.py``.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from screenshots import FOLDER, IMAGES, grab, screen, settle  # it sets up napari

# isort: split

import napari
import numpy as np
from film import Film
from napari.settings import get_settings
from numpy.typing import NDArray
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDockWidget, QWidget
from scipy.spatial import cKDTree

from napari_drpnet.formats import read_coordinates
from napari_drpnet.plugin.panels.picker import PickerPanel, find_table
from napari_drpnet.simulation import make_shape, simulate_micrograph
from napari_drpnet.simulation.files import write_simulated
from napari_drpnet.simulation.sample import SAMPLE_DIAMETER_ANGSTROM, SAMPLE_PARAMETERS

SIZE = 1220, 720
#: The sample with pieces of debris, some of which the networks take for particles.
PARAMETERS = SAMPLE_PARAMETERS.model_copy(update={"debris": 40})
SEEDS = 3, 4, 5
#: For how long the frames are shown.
_STEP_MS, _CLICK_MS, _PAUSE_MS, _LONG_MS = 60, 120, 400, 1200
#: Path of the mouse from frame to frame, and frames of drags of the threshold and of a box.
_STRIDE_PX, _DRAG, _BOX = 90, 25, 6
#: Time between two frames of a job that takes a while.
_WORK_EVERY_MS = 1000
_MOST_CLICKS = 8


def main(path: Path) -> None:
    """Record the window and write an animated GIF."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    get_settings().application.gui_notification_level = "none"
    simulate(FOLDER / "Micrographs")
    viewer = napari.Viewer(title="DRPnet", show_welcome_screen=False)
    try:
        _, picker = viewer.window.add_plugin_dock_widget("napari-drpnet", "DRPnet picker")
        picker.session.open_project(FOLDER / "sample")
        settle(picker.session)
        for dock in picker.window().findChildren(QDockWidget, "layer list"):
            dock.hide()
        picker.window().showNormal()
        viewer.window.resize(*SIZE)
        settle(picker.session)
        hand = Hand(viewer, picker)
        for scene in (open_folder, pick, drag_threshold, correct, train, export):
            scene(hand)
        hand.film.save(path)
    finally:
        viewer.close()
        shutil.rmtree(FOLDER, ignore_errors=True)


def simulate(folder: Path) -> None:
    """Write micrographs with their true positions."""
    for number, seed in enumerate(SEEDS, start=1):
        particle = make_shape("barrel", SAMPLE_DIAMETER_ANGSTROM, np.random.default_rng(seed))
        made = simulate_micrograph(PARAMETERS, [particle], seed)
        write_simulated(folder, f"barrels_{number}", made)


class Hand:
    """Hand on the mouse of a window, which is filmed.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer with the picker.
    picker : PickerPanel
        The picker.
    """

    def __init__(self, viewer: napari.Viewer, picker: PickerPanel) -> None:
        self.viewer, self.picker, self.session = viewer, picker, picker.session
        self.film = Film(mouse=(SIZE[0] // 2, SIZE[1] // 3))

    def take(self, milliseconds: int, *, pressed: bool = False) -> None:
        """Film the window, with an open menu."""
        window = screen(self.viewer)
        popup = QApplication.activePopupWidget()
        if popup is not None:
            window.paste(grab(popup), self._place(popup, QPoint(0, 0)))
        self.film.take(window, milliseconds, pressed=pressed)

    def settle(self) -> None:
        """Let the window work until it is at rest."""
        settle(self.session)

    def panel(self, title: str) -> Any:
        """Show a tab, and return its panel."""
        tabs = self.picker.tabs
        number = next(k for k in range(tabs.count()) if tabs.tabText(k) == title)
        if number != tabs.currentIndex():
            bar = tabs.tabBar()
            self.click(bar, bar.tabRect(number).center())
        return tabs.currentWidget().widget()

    def move(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Move the mouse to a position in a widget, by default to its middle."""
        start, end = np.array(self.film.mouse), np.array(self._place(widget, at))
        window, strides = self.film.last, 1 + int(np.hypot(*(end - start)) / _STRIDE_PX)
        for x, y in np.linspace(start, end, strides + 1)[1:].round().astype(int).tolist():
            self.film.mouse = x, y
            self.film.take(window, _STEP_MS)

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Move the mouse to a position in a widget, and click there."""
        at = widget.rect().center() if at is None else at
        self.move(widget, at)
        self.take(_CLICK_MS, pressed=True)
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at)
        while self.session.runner.is_busy:
            self.take(_STEP_MS)
            QTest.qWait(_WORK_EVERY_MS)
        self.settle()
        self.take(_CLICK_MS)

    def drag(self, widget: QWidget, path: Sequence[QPoint]) -> None:
        """Drag the mouse in a widget."""
        self.move(widget, path[0])
        QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=path[0])
        for at in path:
            QTest.mouseMove(widget, at)
            self.settle()
            self.film.mouse = self._place(widget, at)
            self.take(_STEP_MS, pressed=True)
        QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=path[-1])
        self.settle()
        self.take(_CLICK_MS)

    def _place(self, widget: QWidget, at: QPoint | None) -> tuple[int, int]:
        """Return a position in the picture of the window."""
        at = widget.rect().center() if at is None else at
        place = self.picker.window().mapFromGlobal(widget.mapToGlobal(at))
        return place.x(), place.y()


# ---- scenes


def open_folder(hand: Hand) -> None:
    """Open a folder from the menu of the table."""
    hand.film.caption = "Open micrographs"
    table = find_table(hand.viewer.window)
    assert table is not None
    button = table.open_button
    hand.take(_PAUSE_MS)
    hand.move(button)
    menu = button.menu()
    menu.popup(button.mapToGlobal(QPoint(0, -menu.sizeHint().height())))
    hand.take(_CLICK_MS)
    entry = next(action for action in menu.actions() if action.text() == "Folder…")
    hand.move(menu, menu.actionGeometry(entry).center())
    hand.take(_CLICK_MS, pressed=True)
    menu.close()
    hand.session.open_paths([FOLDER / "Micrographs"])
    hand.settle()
    hand.viewer.reset_view()
    hand.take(_LONG_MS)


def pick(hand: Hand) -> None:
    """Type the diameter, and press Pick."""
    hand.film.caption = "Type the particle diameter, and press Pick"
    panel = hand.panel("Pick")
    field = panel.particle.diameter.native
    hand.click(field)
    field.selectAll()
    QTest.keyClicks(field, f"{SAMPLE_DIAMETER_ANGSTROM:g}")
    QTest.keyClick(field, Qt.Key.Key_Return)
    hand.settle()
    hand.take(_PAUSE_MS)
    hand.click(panel.run.pick)
    hand.take(_LONG_MS)


def drag_threshold(hand: Hand) -> None:
    """Drag the threshold to the right and back."""
    hand.film.caption = "Drag the threshold: the rings follow"
    plot = hand.panel("Pick").peaks.histogram
    frame = plot.frame()
    here = frame.left() + frame.width() * (plot.cut - plot.edges[0]) / np.ptp(plot.edges)
    there = frame.left() + 0.85 * frame.width()
    path = here + (there - here) * np.sin(np.linspace(0, np.pi, _DRAG))
    hand.drag(plot, [QPointF(x, frame.center().y()).toPoint() for x in path])
    hand.take(_PAUSE_MS)


def correct(hand: Hand) -> None:
    """Click wrong picks away in the gallery, and accept a row of right ones with a box."""
    hand.film.caption = "Gallery: click wrong picks away"
    hand.session.gallery.choose(order="worst", shown="accepted")
    panel = hand.panel("Gallery")
    view, wrong = panel.view, wrong_entries(hand)
    hand.take(_LONG_MS)
    in_sight = [entry for entry in view.shown if wrong[entry]]
    for entry in in_sight[:_MOST_CLICKS]:
        hand.click(view.viewport(), view.place_of(entry).center())
    hand.take(_PAUSE_MS)
    hand.film.caption = "Drag a box over good ones, and accept them"
    columns = view.grid.columns
    row = next(k for k in view.shown[::columns] if not wrong[k : k + columns].any())
    ends = [view.place_of(entry).center() for entry in (row, row + columns - 1)]
    shares = np.linspace(0, 1, _BOX)
    hand.drag(view.viewport(), [ends[0] + (ends[1] - ends[0]) * share for share in shares])
    hand.click(panel.accept)
    hand.take(_PAUSE_MS)


def train(hand: Hand) -> None:
    """Train the classifier, and keep it."""
    hand.film.caption = "Train the classifier with these labels"
    panel = hand.panel("Train")
    hand.click(panel.train)
    hand.take(_LONG_MS)
    hand.film.caption = "Keep it if it is better"
    hand.click(panel.keep)
    hand.take(_LONG_MS)


def export(hand: Hand) -> None:
    """Pick all micrographs, and export them."""
    hand.film.caption = "Pick all micrographs"
    hand.click(hand.panel("Train").pick_all)
    hand.take(_PAUSE_MS)
    hand.film.caption = "Export for RELION, cryoSPARC and others"
    panel = hand.panel("Export")
    hand.click(panel.export)
    hand.take(2 * _LONG_MS)


def wrong_entries(hand: Hand) -> NDArray[np.bool_]:
    """Tell for each entry of the gallery whether it is not at a true particle."""
    listing = hand.session.gallery.listing
    points = (listing[entry] for entry in range(len(listing)))
    centers_yx = np.array([part.centers_yx[row] for part, row in points])
    truth_yx = read_coordinates(hand.session.current.record.path.with_suffix(".csv")).centers_yx
    distance = cKDTree(truth_yx).query(centers_yx)[0]
    return np.asarray(distance > hand.session.current.diameter_px / 2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", nargs="?", type=Path, default=IMAGES / "window.gif")
    main(parser.parse_args().path)
