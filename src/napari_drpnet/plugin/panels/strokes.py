"""Part of the panel Segment in which classes are painted on the micrograph."""

from functools import partial
from pathlib import Path
from typing import get_args

import napari
from qtpy.QtCore import QSignalBlocker
from qtpy.QtGui import QColor, QHideEvent, QIcon, QPixmap, QShowEvent
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QPushButton,
    QWidget,
)

from napari_drpnet.base.segmentation import CLASSES, UNKNOWN
from napari_drpnet.base.wording import counted
from napari_drpnet.formats.masks.class_maps import CLASS_COLOURS
from napari_drpnet.plugin.fields.controls import Hint, Soon, column, row
from napari_drpnet.plugin.fields.slider_field import SliderField
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.project.jobs.lanes import JobStatus
from napari_drpnet.project.view import STROKE_BRUSH_LIMITS, StrokeParameters, StrokeTool

_EXPLAINED = (
    "Takes the class away, like napari's eraser",
    "Neither particle nor dirt",
    "Particle, whole",
    "Ice, and all dirt that is no film: crystals, drops, aggregates",
    "Carbon, or any other support film",
)
_TOOLS: dict[StrokeTool, tuple[str, str]] = {
    "paint": ("Brush", "Drag to paint. The right button draws an outline and fills it"),
    "fill": ("Fill", "Click to give the class to connected pixels of the same class"),
    "polygon": ("Polygon", "Click the corners of an area; double-click or Enter fills it"),
}
_DARK = (
    "Strokes change only pixels that are darker than a cut, in the image as it is shown:\n"
    "those that are tinted. The eraser takes all"
)
_FILES = "Label pictures and masks (*.png *.tif *.tiff *.mrc *.npz)"
_FILE = (
    "Read a label picture or a mask of the micrograph that is shown, also of CASSPER, "
    "MicrographCleaner\nor Warp. Pixels that you have painted keep their class. "
    "A mask gives the chosen class"
)
_FOLDER = "Read the label pictures or masks of all micrographs, found by their names"
_ICON_PX = 12
_SOON_MS = 100


class StrokesPanel(Panel):
    """Part of a panel in which the user paints classes on the micrograph.

    While it is hidden, the mouse does not paint.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    look : QPushButton
        Button that lets the mouse move the view.
    classes : dict of int to QPushButton
        Buttons of the classes, by number, with the numbers of painted micrographs.
    tools : dict of str to QPushButton
        Buttons of napari's tools.
    brush : SliderField
        Field of the size of the brush in Å, or in unbinned pixels if the pixel size is unknown.
    dark : QCheckBox
        Check box of the dark brush.
    cut : SliderField
        Field of the brightest grey that the dark brush takes.
    obstacle : Hint
        Message about why nothing can be painted.
    counts : QLabel
        Number of micrographs with strokes.
    undo, redo, clear, load, load_folder : QPushButton
        Buttons of the last steps, of the strokes of this micrograph, and of files.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.obstacle, self.counts = Hint(self, marked=True), QLabel()
        self._count = Soon(self, self._show_counts, _SOON_MS)
        parts = (self._make_classes(), self._make_tools(), self._make_brush(), *self._make_dark())
        rows = column(*parts, self.obstacle, self.counts, *self._make_buttons(), spacing=4)
        rows.addWidget(self.failure_hint("read strokes"))
        rows.addStretch()
        self.setLayout(rows)
        self._listen()
        self._show_micrograph()
        self._show_counts()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw the strokes."""
        super().showEvent(event)
        if not event.spontaneous():
            self.session.view.show_strokes = True
            self._show_counts()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let the mouse move the view, unless the window was minimized."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.session.view.paints = False

    # ---- widgets

    def _make_classes(self) -> QWidget:
        box, group = QWidget(), QButtonGroup(self)
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        self.look = QPushButton("Look")
        self.look.setToolTip("Drag to move the view; nothing is painted")
        self.look.clicked.connect(self._look)
        self.classes = {number: QPushButton() for number in range(len(CLASSES) + 1)}
        for number, button in self.classes.items():
            button.setToolTip(_EXPLAINED[number])
            button.clicked.connect(partial(self._choose_class, number))
            if number != UNKNOWN:
                button.setIcon(_swatch(number))
        for place, button in enumerate((self.look, *self.classes.values())):
            button.setCheckable(True)
            group.addButton(button)
            grid.addWidget(button, place // 3, place % 3)
        return box

    def _make_tools(self) -> QWidget:
        self.tools: dict[StrokeTool, QPushButton] = {}
        group = QButtonGroup(self)
        for tool in get_args(StrokeTool):
            title, tooltip = _TOOLS[tool]
            button = self.tools[tool] = QPushButton(title)
            button.setCheckable(True)
            button.setToolTip(tooltip)
            button.clicked.connect(partial(self._choose_tool, tool))
            group.addButton(button)
        return row(*self.tools.values(), spacing=4, stretch=1)

    def _make_brush(self) -> QWidget:
        self.brush = SliderField(StrokeParameters, "brush", 1.0, 200.0, label="Brush size")
        self.brush.value_changed.connect(self._on_brush)
        self.brush.reset_requested.connect(self._reset_brush)
        return self.brush

    def _make_dark(self) -> tuple[QWidget, ...]:
        view = self.session.view
        self.dark = QCheckBox("Dark brush")
        self.dark.setToolTip(_DARK)
        self.dark.toggled.connect(partial(setattr, view, "is_brush_dark"))
        self.cut = SliderField(StrokeParameters, "dark_cut", -6.0, 2.0, label="Darker than")
        self.cut.number.setSuffix(" σ")
        self.cut.value_changed.connect(partial(setattr, view, "dark_cut"))
        default = StrokeParameters().dark_cut
        self.cut.reset_requested.connect(partial(setattr, view, "dark_cut", default))
        return self.dark, self.cut

    def _make_buttons(self) -> tuple[QWidget, ...]:
        self.undo, self.redo = self.action_button("undo"), self.action_button("redo")
        self.clear = QPushButton("Clear strokes")
        self.clear.setToolTip("Remove all strokes of the micrograph that is shown")
        self.clear.clicked.connect(self.session.strokes.clear)
        self.load, self.load_folder = QPushButton("Import file…"), QPushButton("Import folder…")
        self.load.setToolTip(_FILE)
        self.load.clicked.connect(self._load)
        self.load_folder.setToolTip(_FOLDER)
        self.load_folder.clicked.connect(self._load_folder)
        edits = row(self.undo, self.redo, self.clear, spacing=4, stretch=1)
        return edits, row(self.load, self.load_folder, spacing=4, stretch=1)

    # ---- updates from the session

    def _listen(self) -> None:
        session, view = self.session, self.session.view.events
        for signal in (view.paints, view.stroke_class, view.stroke_tool, view.stroke_brush):
            self.listen(signal, self._show_painting)
        for signal in (view.is_brush_dark, view.dark_cut, session.settings_changed):
            self.listen(signal, self._show_painting)
        for signal in (session.strokes.changed, session.strokes_changed, session.history_changed):
            self.listen(signal, self._show_micrograph)
        self.listen(session.micrographs_changed, self._ask_for_counts)
        self.listen(session.current.image_changed, self._show_micrograph)
        self.listen(session.runner.status_changed, self._show_job)

    def _show_painting(self) -> None:
        """Show what the mouse paints, and how."""
        view = self.session.view
        (self.classes[view.stroke_class] if view.paints else self.look).setChecked(True)
        self.tools[view.stroke_tool].setChecked(True)
        length, unit = self.session.strokes.brush_unit
        self.brush.number.setSuffix(f" {unit}")
        self.brush.set_range(*(length * limit for limit in STROKE_BRUSH_LIMITS))
        default = StrokeParameters()
        self.brush.set_value(length * view.stroke_brush, view.stroke_brush == default.brush)
        with QSignalBlocker(self.dark):
            self.dark.setChecked(view.is_brush_dark)
        self.cut.set_value(view.dark_cut, view.dark_cut == default.dark_cut)
        self.cut.setEnabled(view.is_brush_dark)

    def _show_micrograph(self) -> None:
        strokes, history = self.session.strokes, self.session.history
        self.obstacle.say(strokes.obstacle)
        self.clear.setEnabled(strokes.here is not None)
        for button in (self.look, *self.classes.values(), *self.tools.values()):
            button.setEnabled(strokes.frame is not None)
        self.undo.setEnabled(history.can_undo)
        self.redo.setEnabled(history.can_redo)
        self._show_painting()
        self._ask_for_counts()

    def _ask_for_counts(self) -> None:
        if self.isVisible():
            self._count.ask()

    def _show_counts(self) -> None:
        total, *counts = self.session.strokes.painted_counts
        self.counts.setText(f"{counted(total, 'micrograph')} with strokes")
        for number, button in self.classes.items():
            name = "Not said" if number == UNKNOWN else CLASSES[number - 1].capitalize()
            count = 0 if number == UNKNOWN else counts[number - 1]
            button.setText(f"{name} ({count})" if count else name)

    def _show_job(self, status: JobStatus) -> None:
        if status.kind == "read strokes":
            for button in (self.load, self.load_folder):
                button.setEnabled(status.state == "idle")

    # ---- user actions

    def _look(self) -> None:
        self.session.view.paints = False

    def _choose_class(self, number: int) -> None:
        self.session.view.stroke_class = number
        self.session.view.paints = True

    def _choose_tool(self, tool: StrokeTool) -> None:
        self.session.view.stroke_tool = tool
        self.session.view.paints = True

    def _on_brush(self, length: float) -> None:
        self.session.strokes.set_brush(length)
        self._show_painting()

    def _reset_brush(self) -> None:
        self.session.view.stroke_brush = int(StrokeParameters().brush)

    def _load(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Import strokes", "", _FILES)
        if name:
            self.session.strokes.load(Path(name))

    def _load_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Import strokes")
        if name:
            self.session.strokes.load(Path(name))


def _swatch(number: int) -> QIcon:
    """Return a square in the colour of a class."""
    pixels = QPixmap(_ICON_PX, _ICON_PX)
    pixels.fill(QColor(*CLASS_COLOURS[number]))
    return QIcon(pixels)
