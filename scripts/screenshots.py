"""Make the pictures of the window in docs/images, from the real window at work on the sample.

Run ``make screenshots`` after a change to a panel, and look at what has changed. Pictures of the
same window are the same, but for pixels of the thumbnails, which napari draws at random: the sample
is simulated with a fixed seed, napari has its default settings, and no settings or projects of the
user are read or written.
"""

import argparse
import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Before napari is imported: no settings of the user, and none that are kept.
os.environ["NAPARI_CONFIG"] = ""

import napari
import numpy as np
from napari.settings import get_settings
from PIL import Image
from qtpy.QtCore import QBuffer, QByteArray
from qtpy.QtWidgets import QApplication, QScrollArea, QWidget
from scipy.spatial import cKDTree

from napari_drpnet.base.segmentation import BACKGROUND, CARBON, ICE, PARTICLE
from napari_drpnet.batch.results.statistics import MicrographStatistics
from napari_drpnet.plugin.fields.controls import Foldable
from napari_drpnet.plugin.gallery.thumbnail_view import ThumbnailView
from napari_drpnet.plugin.panels.picker import PickerPanel, find_table
from napari_drpnet.project.controllers.statuses import Summary
from napari_drpnet.project.points.review import is_accepted
from napari_drpnet.project.sample_project import open_sample
from napari_drpnet.project.session import Session
from napari_drpnet.project.state.edits import MicrographEdit, MicrographRecord

IMAGES = Path(__file__).parent.parent / "docs" / "images"
#: A fixed name, since the panel Export shows it.
FOLDER = Path(tempfile.gettempdir()) / "drpnet-screenshots"
SIZE = 1366, 768
#: In the order of the pictures: comparing goes before correcting, and that before training.
TABS = ("Pick", "Segment", "Classify", "Compare", "Correct", "Gallery", "Train", "Export", "View")

_PATIENCE_S = 600.0
#: How long nothing may move before a picture is taken.
_QUIET_S = 0.5


def main(images: Path) -> None:
    """Take all pictures and write them into a folder."""
    images.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    get_settings().application.gui_notification_level = "none"
    viewer = napari.Viewer(title="DRPnet")
    try:
        _, picker = viewer.window.add_plugin_dock_widget("napari-drpnet", "DRPnet picker")
        viewer.window.resize(*SIZE)
        picker.session.open_project(FOLDER / "sample")
        open_sample(picker.session)
        settle(picker.session)
        for theme in ("light", "dark"):
            viewer.theme = theme
            settle(picker.session)
            save(screen(viewer), images / f"window-{theme}.png")
        take_panels(viewer, picker, images)
    finally:
        viewer.close()
        shutil.rmtree(FOLDER, ignore_errors=True)


def take_panels(viewer: napari.Viewer, picker: PickerPanel, images: Path) -> None:
    """Take a picture of each panel, after the work that it is for."""
    work: dict[str, Callable[[Session], None]] = {
        "Segment": lambda session: session.segmenting.segment_current(),
        "Correct": correct,
        "Train": train,
        "Export": export,
    }
    for title in TABS:
        picker.show_tab(title)
        settle(picker.session)
        if title == "Gallery":
            gallery(picker)
            settle(picker.session)
        if title in work:
            work[title](picker.session)
            settle(picker.session)
        save(panel(picker), images / f"panel-{title.lower()}.png")
        if title == "Segment":
            paint(viewer, picker)
            save(screen(viewer), images / "window-strokes.png")
            for layer in viewer.layers:
                layer.visible = layer.name != "strokes"
        if title == "Correct":
            save(screen(viewer), images / "window-correct.png")
        if title == "Gallery":
            averages(picker.session)
            save(panel(picker), images / "panel-averages.png")
    table = find_table(viewer.window)
    assert table is not None
    save(grab(table), images / "micrographs.png")
    open_many(picker.session)
    table.overview.open()
    settle(picker.session)
    save(grab(viewer.window.dock_widgets["Overview (napari-drpnet)"]), images / "overview.png")


def paint(viewer: napari.Viewer, picker: PickerPanel) -> None:
    """Paint particles, ice and carbon with the dark brush, and background without it."""
    session, view = picker.session, picker.session.view
    (strokes,) = picker.tabs.currentWidget().findChildren(Foldable)
    strokes.button.click()
    settle(session)
    frame, layer = session.strokes.frame, viewer.layers["strokes"]
    for other in set(viewer.layers) - {layer, viewer.layers["micrograph"]}:
        other.visible = False
    accepted = is_accepted(session.current.states)
    particles = frame.to_network(session.current.review.centers_yx[accepted])
    dirt = np.multiply([(0.89, 0.31), (0.06, 0.06), (0.5, 0.5)], frame.network_shape)
    work = (
        (BACKGROUND, 14, False, np.linspace(dirt[2], dirt[2] + (0, 90), 30)),
        (ICE, 80, True, dirt[:1]),
        (CARBON, 60, True, np.linspace(dirt[1], dirt[1] + (60, 0), 20)),
        (PARTICLE, 30, True, particles[::3]),
    )
    for number, size, is_dark, places in work:
        view.stroke_class, view.stroke_brush, view.is_brush_dark = number, size, is_dark
        view.paints = True
        with layer.block_history():
            for place in places:
                layer.paint(tuple(place), number)
    settle(session)


def correct(session: Session) -> None:
    """Do what a person would: flip wrong picks, add missed particles, paint over a doubtful one."""
    current, truth_yx = session.current, session.comparison.truth_yx
    session.view.tool = "click"
    reach = current.diameter_px / 2
    accepted_yx = current.review.centers_yx[is_accepted(current.states)]
    wrong = cKDTree(truth_yx).query(accepted_yx)[0] > reach
    missed = cKDTree(accepted_yx).query(truth_yx)[0] > reach
    doubt = np.where(is_accepted(current.states), current.review.probability, np.inf)
    doubtful_yx = current.review.centers_yx[np.argmin(doubt)]
    for center in accepted_yx[wrong]:
        current.click(tuple(center))
    for center in truth_yx[missed][:4]:
        current.click(tuple(center))
    with current.stroke(accepted=False):
        current.paint([doubtful_yx], reach, accepted=False)


def gallery(picker: PickerPanel) -> None:
    """Scroll to the least likely picks, where all marks are."""
    (view,) = picker.tabs.currentWidget().findChildren(ThumbnailView)
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())


def averages(session: Session) -> None:
    """Average the picks, and list those of a class."""
    session.averager.make()
    settle(session)
    session.averager.choose(1)
    settle(session)


def train(session: Session) -> None:
    """Say of the picks in doubt what they are, and teach the classifier with that."""
    session.selection.show_doubt()
    for _ in range(16):
        rows = session.selection.rows
        centers_yx = session.current.review.centers_yx[rows]
        distance = cKDTree(session.comparison.truth_yx).query(centers_yx)[0]
        session.selection.label(bool((distance < session.current.diameter_px / 2).all()))
    session.learner.train()


def export(session: Session) -> None:
    """Export what is picked."""
    exporter = session.exporter
    exporter.export(exporter.folder, exporter.choice, only_current=False)


def open_many(session: Session) -> None:
    """Add micrographs with made-up figures, and draw a limit of their counts."""
    rng = np.random.default_rng(0)
    records = tuple(
        MicrographRecord(
            id=f"m{number:05d}",
            name=f"{number}.mrc",
            path=FOLDER / f"{number}.mrc",
            output=str(number),
            pixel_size_angstrom=1.0,
            defocus_angstrom=float(rng.uniform(6e3, 3e4)),
        )
        for number in range(2, 400)
    )
    session.do_quietly(MicrographEdit(before=(), after=records))
    summaries = {}
    for record in records:
        count = int(rng.uniform(0, 120) if rng.random() < 0.1 else rng.normal(300, 50))
        precision = float(np.clip(0.55 + count / 900 + rng.normal(0, 0.03), 0, 1))
        figures = MicrographStatistics(
            record.name, record.path, (), count, count, 0.9, (), 0.1, 180.0, 1.0,
            expected_precision=precision,
        )  # fmt: skip
        summaries[record.id] = Summary("picked", count, count, figures=figures)
    session.summaries._put(summaries)
    session.overview.choose("count", "expected_precision")
    session.overview.set_limit(140.0)


def settle(session: Session) -> None:
    """Let the window work until nothing has run for a while."""
    begin = quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < _QUIET_S:
        QApplication.processEvents()
        time.sleep(0.01)
        if session.runner.is_busy:
            quiet_since = time.monotonic()
        if time.monotonic() - begin > _PATIENCE_S:
            raise TimeoutError("the window does not come to rest")


def screen(viewer: napari.Viewer) -> Image.Image:
    """Take the whole window."""
    return Image.fromarray(viewer.screenshot(canvas_only=False, flash=False))


def panel(picker: PickerPanel) -> Image.Image:
    """Take the tab in front, without the empty space below it."""
    area = picker.tabs.currentWidget()
    assert isinstance(area, QScrollArea)
    layout, width = area.widget().layout(), area.viewport().width()
    needed = layout.totalHeightForWidth(width)
    if not layout.hasHeightForWidth():
        needed = layout.totalSizeHint().height()
    if area.widget().findChild(ThumbnailView) is not None:
        needed = area.widget().height()  # thumbnails fill the panel
    picture = grab(picker)
    above = area.mapTo(picker, area.rect().topLeft()).y()
    return picture.crop((0, 0, picture.width, min(above + needed, picture.height)))


def grab(widget: QWidget) -> Image.Image:
    """Take one widget."""
    content = QByteArray()
    buffer: Any = QBuffer(content)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    widget.grab().save(buffer, "PNG")
    return Image.open(io.BytesIO(content.data()))


def save(picture: Image.Image, path: Path) -> None:
    """Write a small PNG of 256 colours; an octree keeps the rare ones, as of the rejected picks."""
    octree, none = Image.Quantize.FASTOCTREE, Image.Dither.NONE
    reduced = picture.convert("RGB").quantize(256, method=octree, dither=none)
    reduced.save(path, optimize=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="?", type=Path, default=IMAGES)
    main(parser.parse_args().images)
