"""Panel Segment: the classes of the pixels over the micrograph, and the dirt among them."""

from functools import partial

import napari
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_drpnet.plugin.fields.controls import Foldable, Hint, column, row
from napari_drpnet.plugin.fields.opacity_row import OpacityRow
from napari_drpnet.plugin.panels.learn import LearnPanel
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.progress import JobProgress
from napari_drpnet.plugin.panels.segment_limits import LimitsPanel
from napari_drpnet.plugin.panels.segmenter import SegmenterPanel
from napari_drpnet.plugin.panels.strokes import StrokesPanel
from napari_drpnet.plugin.plots.class_legend import ClassLegend
from napari_drpnet.project.actions import ACTIONS

_TEACHING = "Paint the classes where the segmenter is wrong, and train it on your strokes"
_LINES = "Draw lines around the areas of the classes instead of filling them"


class SegmentPanel(Panel):
    """Panel that segments the micrograph that is shown, and sets what of it is dirt.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    segmenter : SegmenterPanel
        Choice of the segmenter for picking.
    about : Hint
        Message about the segmenter that the button uses if none is chosen.
    segment : QPushButton
        Button that segments the current micrograph.
    progress : JobProgress
        Progress of segmenting.
    failure, warning : Hint
        Why segmenting failed; that nearly everything is dirt, or that the classes are outdated.
    legend : ClassLegend
        Legend of the classes with their shares.
    dirty : Hint
        Share of dirt.
    classes, lines : QCheckBox
        Check boxes of the layer of the classes.
    opacity : OpacityRow
        Slider of the opacity of the classes.
    limits : LimitsPanel
        Sliders of the dirt, and of the picks of a segmenter.
    teaching : Foldable
        Part with the next two, closed at first.
    strokes : StrokesPanel
        Painting of strokes.
    learn : LearnPanel
        Training on strokes.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.segmenter = SegmenterPanel(napari_viewer)
        self.about = Hint(self)
        self.segment = self.action_button("segment")
        self.progress = JobProgress((self.segment,), self.action_button("cancel_segmenting"))
        self.failure = self.failure_hint("segment")
        self.warning = Hint(self, marked=True)
        self.legend, self.dirty = ClassLegend(), Hint(self)
        self.limits = LimitsPanel(napari_viewer)
        self.strokes = StrokesPanel(napari_viewer)
        self.learn = LearnPanel(napari_viewer)
        lessons = QWidget()
        lessons.setLayout(column(self.strokes, self.learn))
        self.teaching = Foldable("Strokes", lessons, _TEACHING)
        parts = (self.segmenter, self.about, self.progress, self.failure, self.warning)
        layout = column(*parts, self.legend, self.dirty, self._make_overlay(), margin=8)
        layout.addWidget(self.limits)
        layout.addWidget(self.teaching)
        layout.addStretch(1)
        self.setLayout(layout)
        self._listen()
        self._show_classes()
        self._show_overlay()

    def _make_overlay(self) -> QWidget:
        view = self.session.view
        self.classes, self.lines = QCheckBox(ACTIONS["classes"].title), QCheckBox("Lines")
        self.classes.setToolTip(ACTIONS["classes"].hint)
        self.lines.setToolTip(_LINES)
        self.opacity = OpacityRow("the classes")
        self.classes.toggled.connect(partial(setattr, view, "show_classes"))
        self.lines.toggled.connect(partial(setattr, view, "classes_as_lines"))
        self.opacity.changed.connect(partial(setattr, view, "classes_opacity"))
        overlay = QWidget()
        overlay.setLayout(column(row(self.classes, self.lines), self.opacity, spacing=2))
        return overlay

    def _listen(self) -> None:
        session, view = self.session, self.session.view.events
        self.listen(session.segmenting.changed, self._show_classes)
        self.listen(session.settings_changed, self._show_classes)
        self.listen(session.current.changed, self._show_classes)
        self.show_job(self.progress, "segment")
        for signal in (view.show_classes, view.classes_opacity, view.classes_as_lines):
            self.listen(signal, self._show_overlay)

    # ---- updates from the session

    def _show_classes(self) -> None:
        segmenting = self.session.segmenting
        shown = segmenting.shown
        self.about.say(segmenting.about)
        self.segment.setEnabled(self.session.current.record is not None)
        self.legend.show_shares(shown.shares if shown else {})
        self.dirty.say(f"Dirty area: {shown.dirt.area:.1%}" if shown else "")
        self.warning.say(segmenting.warning)

    def _show_overlay(self) -> None:
        view = self.session.view
        for box, ticked in ((self.classes, view.show_classes), (self.lines, view.classes_as_lines)):
            with QSignalBlocker(box):
                box.setChecked(ticked)
        self.lines.setEnabled(view.show_classes)
        self.opacity.show_value(view.classes_opacity, enabled=view.show_classes)
