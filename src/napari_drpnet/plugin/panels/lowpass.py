"""Low-pass of the displayed micrograph, a part of the panels Pick and View."""

import napari
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QCheckBox, QGridLayout

from napari_drpnet.images.display import DisplayParameters
from napari_drpnet.plugin.fields.controls import LABEL_WIDTH, Hint
from napari_drpnet.plugin.fields.forms import field_widget, show_value
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.project.actions import ACTIONS

_WIDTH = 120
_NO_PIXEL_SIZE = "The low-pass needs the pixel size."


class LowpassPanel(Panel):
    """Row with a check box for the low-pass, and its resolution.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    check : QCheckBox
        Check box that switches the low-pass on.
    resolution : OptionalField
        Field of the resolution in Å; None fits the particle.
    hint : Hint
        Reason why the micrograph is shown without the low-pass.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.check = QCheckBox("Low-pass")
        self.check.setToolTip(ACTIONS["lowpass"].hint)
        self.check.setMinimumWidth(LABEL_WIDTH)
        self.check.toggled.connect(lambda on: self._change(lowpass=on))
        self.resolution = field_widget(DisplayParameters, "lowpass_angstrom", label="low-pass")
        number = self.resolution.inner.native
        number.setDecimals(1)
        number.setMaximumWidth(_WIDTH)  # the field would be as wide as the text for None
        self.resolution.changed.connect(lambda value: self._change(lowpass_angstrom=value))
        self.hint = Hint(self)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.addWidget(self.check, 0, 0)
        grid.addWidget(self.resolution.native, 0, 1)
        grid.addWidget(self.hint, 1, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        self.listen(self.session.view.events.display, self._show)
        self.listen(self.session.settings_changed, self._show)
        self.listen(self.session.current.image_changed, self._show)
        self.listen(self.session.current.changed, self._show)
        self._show()

    def _change(self, **values: bool | float | None) -> None:
        view = self.session.view
        view.display = view.display.model_copy(update=values)

    def _show(self) -> None:
        display, current = self.session.view.display, self.session.current
        with QSignalBlocker(self.check):
            self.check.setChecked(display.lowpass)
        self.resolution.set_recommended(current.display.automatic_lowpass_angstrom)
        if self.resolution.value != display.lowpass_angstrom:
            show_value(self.resolution, display.lowpass_angstrom)
        is_missing = current.image is not None and current.pixel_size_angstrom is None
        self.resolution.native.setEnabled(display.lowpass and not is_missing)
        self.hint.say(_NO_PIXEL_SIZE if display.lowpass and is_missing else "")
