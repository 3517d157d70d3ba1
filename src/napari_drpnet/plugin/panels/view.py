"""Panel View: display of the micrograph, and of the layers over it."""

from functools import partial

import napari
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QCheckBox, QGroupBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from napari_drpnet.images.display import DisplayParameters
from napari_drpnet.plugin.fields.box_size_field import box_size_field, show_box_size
from napari_drpnet.plugin.fields.field_facts import FieldFacts
from napari_drpnet.plugin.fields.opacity_row import OpacityRow
from napari_drpnet.plugin.fields.slider_field import SliderField
from napari_drpnet.plugin.panels.lowpass import LowpassPanel
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.spectrum import SpectrumPanel
from napari_drpnet.project.actions import ACTIONS
from napari_drpnet.project.files.view_choice import ViewChoice
from napari_drpnet.project.jobs.runner import JobStatus

_ABOUT = "For display only: picking uses the original micrograph."
#: Range of the slider of the contrast, in standard deviations.
_CONTRAST = 1, 6
#: Actions that show or hide a layer, and the field of the view state that each changes.
_TOGGLES = {
    "points": "show_points",
    "rejected": "show_rejected",
    "map": "show_map",
    "classes": "show_classes",
    "boxes": "show_boxes",
}


class ViewPanel(Panel):
    """Panel for the display: low-pass, local contrast, inversion, layers and scale bar.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    lowpass : LowpassPanel
        Row of the low-pass.
    clahe, invert : QCheckBox
        Check boxes of the display filters.
    contrast : SliderField
        Slider of the contrast in standard deviations.
    auto_contrast : QPushButton
        Button that resets the contrast limits.
    busy : QLabel
        Message that the micrograph is being drawn.
    toggles : dict of str to QCheckBox
        Check boxes of the layers over the micrograph, by the fields of the view state.
    opacity : QSlider
        Slider of the opacity of the map of the detector in per cent.
    percent : QLabel
        Label of the opacity in per cent.
    box_size : OptionalField
        Field of the side of the box in pixels, the same as in the panel Export.
    scale_bar : QCheckBox
        Check box of the scale bar.
    spectrum : SpectrumPanel
        Power spectrum of the micrograph.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._scale_bar_model = self.viewer.canvas.overlays.scale_bar
        about = QLabel(_ABOUT)
        about.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addWidget(self._make_micrograph_group())
        layout.addWidget(self._make_overlay_group())
        self.spectrum = SpectrumPanel(napari_viewer)
        layout.addWidget(self.spectrum)
        layout.addStretch()
        self._show_display()
        self._show_job(self.session.runner.status("image"))
        self._show_micrograph()
        self._show_overlays()
        self._show_map_name()
        self._listen()

    # ---- widgets

    def _make_micrograph_group(self) -> QGroupBox:
        self.lowpass = LowpassPanel(self.viewer)
        self.clahe = _display_check("clahe", "Local contrast")
        self.invert = _display_check("invert", "Invert")
        for box in (self.clahe, self.invert):
            box.toggled.connect(self._change_display)
        self.contrast = SliderField(
            ViewChoice, "contrast_deviations", *_CONTRAST, label="Contrast ±"
        )
        self.contrast.number.setSuffix(" σ")
        self.contrast.value_changed.connect(
            partial(setattr, self.session.view, "contrast_deviations")
        )
        self.contrast.reset_requested.connect(self.controller.micrograph.reset_contrast)
        self.auto_contrast = QPushButton("Auto contrast")
        self.auto_contrast.setToolTip("Reset the black and white levels, without outliers")
        self.auto_contrast.clicked.connect(self.controller.micrograph.reset_contrast)
        self.busy = QLabel()
        row = QHBoxLayout()
        row.addWidget(self.auto_contrast)
        row.addWidget(self.busy)
        row.addStretch()
        group = QGroupBox("Micrograph")
        rows = QVBoxLayout(group)
        for part in (self.lowpass, self.contrast, self.clahe, self.invert):
            rows.addWidget(part)
        rows.addLayout(row)
        return group

    def _make_overlay_group(self) -> QGroupBox:
        group = QGroupBox("Over the micrograph")
        column = QVBoxLayout(group)
        self.toggles: dict[str, QCheckBox] = {}
        for name, field in _TOGGLES.items():
            box = _check(ACTIONS[name].title, ACTIONS[name].hint)
            box.toggled.connect(partial(setattr, self.session.view, field))
            self.toggles[field] = box
            column.addWidget(box)
            if name == "map":
                column.addWidget(self._make_opacity_row())
        column.addLayout(self._make_box_row())
        self.scale_bar = _check("Scale bar", "Show a scale bar in the unit of the axes")
        self.scale_bar.toggled.connect(partial(setattr, self._scale_bar_model, "visible"))
        column.addWidget(self.scale_bar)
        return group

    def _make_opacity_row(self) -> OpacityRow:
        self._opacity = OpacityRow("the detector map")
        self.opacity, self.percent = self._opacity.slider, self._opacity.percent
        self._opacity.changed.connect(partial(setattr, self.session.view, "map_opacity"))
        return self._opacity

    def _make_box_row(self) -> QHBoxLayout:
        self.box_size = box_size_field(self.session.exporter)
        row = QHBoxLayout()
        row.setContentsMargins(20, 0, 0, 0)
        row.addWidget(QLabel("Box size"))
        row.addWidget(self.box_size.native, stretch=1)
        return row

    def _listen(self) -> None:
        view = self.session.view.events
        self.listen(view.display, self._show_display)
        self.listen(view.contrast_deviations, self._show_micrograph)
        self.listen(view.map_opacity, self._show_overlays)
        for field in _TOGGLES.values():
            self.listen(getattr(view, field), self._show_overlays)
        self.listen(self._scale_bar_model.events.visible, self._show_overlays)
        self.listen(self.session.exporter.choice_changed, self._show_boxes)
        self.listen(self.session.runner.status_changed, self._show_job)
        self.listen(self.session.current.map_changed, self._show_map_name)
        self.listen(self.session.current.changed, self._show_micrograph)
        self.listen(self.session.current.image_changed, self._show_micrograph)
        for signal in (self.session.current.image_changed, self.session.current.diameter_changed):
            self.listen(signal, self._show_boxes)

    # ---- user actions

    def _change_display(self) -> None:
        view = self.session.view
        chosen = {"clahe": self.clahe.isChecked(), "invert": self.invert.isChecked()}
        view.display = view.display.model_copy(update=chosen)

    # ---- updates from the session

    def _show_display(self) -> None:
        display = self.session.view.display
        _tick(self.clahe, display.clahe)
        _tick(self.invert, display.invert)

    def _show_overlays(self) -> None:
        view = self.session.view
        for field, box in self.toggles.items():
            _tick(box, getattr(view, field))
        self._opacity.show_value(view.map_opacity, enabled=view.show_map)
        _tick(self.scale_bar, self._scale_bar_model.visible)
        self._show_boxes()

    def _show_boxes(self) -> None:
        show_box_size(self.box_size, self.session.exporter)

    def _show_map_name(self) -> None:
        """Name the map as its detector does; it keeps its name until there is another one."""
        shown = self.session.current.map
        if shown is not None:
            self.toggles["show_map"].setText(shown.name[:1].upper() + shown.name[1:])

    def _show_micrograph(self) -> None:
        image, deviations = self.session.current.image, self.session.view.contrast_deviations
        self.auto_contrast.setEnabled(image is not None)
        if deviations is not None:
            self.contrast.set_value(deviations, is_recommended=False)
        else:
            self.contrast.set_automatic(image.display.fitting_deviations if image else None)

    def _show_job(self, status: JobStatus) -> None:
        if status.kind == "image":
            self.busy.setText("" if status.state == "idle" else "drawing…")


def _check(text: str, tooltip: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(tooltip)
    return box


def _display_check(name: str, text: str) -> QCheckBox:
    return _check(text, FieldFacts.read(DisplayParameters, name).tooltip)


def _tick(box: QCheckBox, ticked: bool) -> None:
    with QSignalBlocker(box):
        box.setChecked(ticked)
