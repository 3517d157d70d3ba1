"""Power spectrum of the micrograph that is shown, a part of the panel View."""

import napari
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_drpnet.plugin.fields.controls import Foldable, Hint, column, guard_wheel
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.plots.spectrum_plot import SpectrumPlot

_TITLE = "Power spectrum"
_TOOLTIP = "Power spectrum of the micrograph, with rings at the zeros of the transfer function"
_VOLTAGES_KV = 300, 200, 120, 100


class SpectrumPanel(Panel):
    """Power spectrum with the rings of the contrast transfer function.

    The spectrum is measured only while this part of the panel is open.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    fold : Foldable
        Part that opens with a click on its title.
    plot : SpectrumPlot
        Plot of the spectrum.
    voltage : QComboBox
        Choice of the acceleration voltage.
    note : Hint
        Description of the rings, or the reason why there are none.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.plot = SpectrumPlot()
        self.voltage = QComboBox()
        for voltage in _VOLTAGES_KV:
            self.voltage.addItem(f"{voltage} kV", float(voltage))
        self.voltage.setToolTip("Acceleration voltage of the microscope, for the rings")
        self.voltage.setAccessibleName("voltage")
        guard_wheel(self.voltage)
        self.voltage.currentIndexChanged.connect(self._choose_voltage)
        content = QWidget()
        self.note = Hint(content)
        rows = column(self.plot, self.note)
        rows.addLayout(_beside(QLabel("voltage"), self.voltage))
        content.setLayout(rows)
        self.fold = Foldable(_TITLE, content, _TOOLTIP)
        self.fold.button.toggled.connect(self.session.spectrum.want)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.fold)
        self.listen(self.session.spectrum.changed, self._show)
        self._show()

    def _choose_voltage(self) -> None:
        self.session.spectrum.voltage_kv = self.voltage.currentData()

    def _show(self) -> None:
        shown = self.session.spectrum
        is_open = self.session.current.record is not None
        self.plot.empty_text = "Measuring…" if is_open else "Open a micrograph"
        self.plot.set_image(shown.spectrum.image if shown.spectrum else None)
        self.plot.set_rings(shown.zeros)
        self.note.say(shown.note)
        with QSignalBlocker(self.voltage):
            self.voltage.setCurrentIndex(self.voltage.findData(shown.voltage_kv))


def _beside(*parts: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    for part in parts:
        row.addWidget(part)
    row.addStretch()
    return row
