"""Part of the panel Pick with the particle, the detector and the device."""

from functools import partial

import napari
from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from napari_drpnet.picking.loading import weights_names
from napari_drpnet.picking.parameters import ParticleParameters
from napari_drpnet.plugin.canvas.measure import Measure
from napari_drpnet.plugin.fields.controls import (
    LABEL_WIDTH,
    RESET_WIDTH,
    Hint,
    choose_weights_file,
    column,
)
from napari_drpnet.plugin.fields.forms import FormRows, field_widget, show_value
from napari_drpnet.plugin.fields.stage_fields import StageFields
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.project.controllers.device import DeviceProbe

_MEASURE = "Measure the diameter: draw a circle around a particle, from edge to edge"
_MISSING = "give it in Å"


class ParticlePanel(Panel):
    """Form with diameter, pixel size, polarity and detector; message about the device.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    diameter : FloatSpinBox
        Field of the diameter in Å; 0 stands for none.
    measure_button : QToolButton
        Button that switches measuring the diameter on and off.
    measure : Measure
        Measurement of the diameter with a drag on the canvas.
    pixel_size : OptionalField
        Field of the pixel size in Å; None stands for that of the file.
    polarity : ComboBox
        Choice of dark or bright particles.
    weights : FileChoice
        Choice of the detector.
    hint : Hint
        Message about the next step.
    probe : DeviceProbe
        Probe that finds the device.
    device : Hint
        Name of the device, and why it was chosen.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.measure = Measure(self.viewer, self.session)
        self.probe = DeviceProbe(self.session)
        self._particle = StageFields(self.session, "particle")
        self._detector = StageFields(self.session, "detector")
        self.pixel_size = self._particle.field("pixel_size_angstrom")
        policy = QSizePolicy.Policy
        self.pixel_size[0].native.setSizePolicy(policy.Ignored, policy.Fixed)  # long texts
        self.polarity = self._particle.field("polarity", label="Particles are")
        self.weights = self._detector.field(
            "weights",
            label="Detector",
            choices=partial(weights_names, "detector"),
            choose_file=partial(choose_weights_file, self, "detector"),
        )
        self.hint = Hint(marked=True)
        self.device = Hint()
        self.device.setToolTip("Device that runs the networks; choose another one in More below")
        rows = FormRows(self._diameter_row(), self.pixel_size, self.polarity, self.weights)
        self.setLayout(column(rows, self.hint, self.device))
        self._listen()
        self._show_settings()
        self._show_device()

    def showEvent(self, event: QShowEvent) -> None:
        """Update the list of weights and the device."""
        super().showEvent(event)
        self._detector.renew_choices("weights")
        self.probe.ask()

    def hideEvent(self, event: QHideEvent) -> None:
        """Switch measuring off when the panel is hidden."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.measure.stop()

    def _listen(self) -> None:
        current = self.session.current
        self.listen(self.session.settings_changed, self._show_settings)
        self.listen(self.session.settings_changed, self.probe.ask)
        self.listen(current.changed, self._show_settings)
        self.listen(current.image_changed, self._show_settings)
        self.listen(current.points_changed, self._show_settings)
        self.listen(current.states_changed, self._show_polarity)
        self.listen(self.measure.toggled, self._show_measuring)
        self.listen(self.measure.measured, current.measure)
        self.listen(self.session.picking.lacking, self._focus)
        self.listen(self.probe.changed, self._show_device)
        self.destroyed.connect(self.measure.stop)

    def _diameter_row(self) -> QWidget:
        self.diameter = field_widget(ParticleParameters, "diameter_angstrom")
        self.diameter.min = 0  # stands for "not given"
        self.diameter.native.setSpecialValueText(_MISSING)
        self.diameter.changed.connect(self._on_diameter)
        self.measure_button = QToolButton()
        self.measure_button.setText("⌀")
        self.measure_button.setStyleSheet("font-size: 13pt; padding: 0px")
        self.measure_button.setCheckable(True)
        self.measure_button.setFixedWidth(RESET_WIDTH)
        self.measure_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab leads to the pixel size
        self.measure_button.setToolTip(_MEASURE)
        self.measure_button.setAccessibleName("measure the diameter")
        self.measure_button.clicked.connect(self._on_measure)
        label = QLabel("Diameter")
        label.setFixedWidth(LABEL_WIDTH)
        label.setToolTip(self.diameter.tooltip)
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(label)
        layout.addWidget(self.diameter.native, stretch=1)
        layout.addWidget(self.measure_button)
        return row

    # ---- user actions

    def _on_diameter(self, value: float) -> None:
        if value > 0:
            self.session.change("particle", diameter_angstrom=value)
        else:
            self._show_settings()

    def _on_measure(self, on: bool) -> None:
        if not on:
            self.measure.stop()
        elif self.session.current.image is not None:
            self.measure.start()
        else:
            self.session.notify("info", "Open a micrograph first.")
        self._show_measuring(self.measure.is_on)

    def _focus(self, name: str) -> None:
        """Lead the user to the field of a parameter that is missing."""
        fields = {"diameter_angstrom": self.diameter, "pixel_size_angstrom": self.pixel_size[0]}
        fields[name].native.setFocus()
        fields[name].native.selectAll()

    # ---- updates from the session

    def _show_settings(self) -> None:
        particle = self.session.project.settings.particle
        show_value(self.diameter, particle.diameter_angstrom if particle else 0)
        self._particle.show()
        self._detector.show()
        self._show_pixel_size()
        self._show_polarity()
        self._show_hint()

    def _show_pixel_size(self) -> None:
        """Show the pixel size of the file while the user has given none."""
        image = self.session.current.image
        if image is None:
            self.pixel_size.set_recommended(None)
        elif image.pixel_size_angstrom is None:
            self.pixel_size.set_recommended(None, origin="missing", text=_MISSING)
        else:
            self.pixel_size.set_recommended(image.pixel_size_angstrom, origin="file")

    def _show_polarity(self) -> None:
        """Show the polarity that was found beside "auto", with "?" if it is uncertain."""
        decision, text = self.session.current.decision, "auto"
        if decision is not None and self.polarity.value == "auto":
            is_uncertain = any(one.topic == "polarity" for one in decision.advice)
            text = f"auto: {decision.stored.polarity}{'?' if is_uncertain else ''}"
        self.polarity.native.setItemText(0, text)

    def _show_hint(self) -> None:
        current, text = self.session.current, ""
        measured_px = self.session.draft.diameter_px
        if self.measure.is_on:
            text = "Draw across a particle on the micrograph, from edge to edge."
        elif current.record is None:
            text = ""  # RunPanel asks for micrographs first
        elif measured_px is not None:
            text = (
                f"Measured {measured_px:.0f} pixels: give the pixel size to get the diameter in Å."
            )
        elif self.session.project.settings.particle is None:
            text = "Type the particle diameter, or press ⌀ and draw it on the micrograph."
        elif current.image is not None and current.pixel_size_angstrom is None:
            text = "The file does not say its pixel size: give it in Å."
        self.hint.say(text)

    def _show_measuring(self, on: bool) -> None:
        with QSignalBlocker(self.measure_button):
            self.measure_button.setChecked(on)
        self._show_hint()

    def _show_device(self) -> None:
        self.device.say(self.probe.text, marked=not self.probe.is_usable)
