"""Form field of the brush size, in particle diameters and in Å."""

import math

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QHBoxLayout, QLabel, QSlider, QWidget

from napari_drpnet.plugin.fields.controls import LABEL_WIDTH, guard_wheel
from napari_drpnet.plugin.fields.number_box import set_up_number
from napari_drpnet.project.actions import ACTIONS
from napari_drpnet.project.view import BRUSH_LIMITS

_STEPS = 100
_LOW, _HIGH = BRUSH_LIMITS


class BrushField(QWidget):
    """Row with a label, a logarithmic slider, a number and the brush size in Å.

    Signals are emitted only for changes by the user, not by the setter.

    Attributes
    ----------
    slider : QSlider
        Slider of the size, on a logarithmic scale.
    number : QDoubleSpinBox
        Spin box of the size in particle diameters.
    angstrom : QLabel
        Label of the size in Å; empty while the particle diameter is unknown.
    """

    #: Emitted with the diameter of the brush in particle diameters (float).
    value_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        label = QLabel("Brush size")
        label.setFixedWidth(LABEL_WIDTH)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _STEPS)
        self.slider.setMinimumWidth(60)
        self.number = QDoubleSpinBox()
        set_up_number(self.number)
        self.number.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.number.setDecimals(1)
        self.number.setRange(_LOW, _HIGH)
        self.number.setSuffix(" ⌀")
        self.number.setStyleSheet("min-width: 44px; max-width: 44px; padding: 1px 6px")
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.angstrom = QLabel()
        self.angstrom.setMinimumWidth(52)
        self.angstrom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        keys = " and ".join(ACTIONS[name].key for name in ("smaller_brush", "larger_brush"))
        for part in (label, self.slider, self.number, self.angstrom):
            row.addWidget(part, stretch=int(part is self.slider))
            part.setToolTip(
                f"Diameter of the brush, in particle diameters (⌀) and in Å.\nKeys {keys}"
            )
        for part in (self.slider, self.number):
            part.setAccessibleName("brush size")
            guard_wheel(part)
        self.slider.valueChanged.connect(self._on_slider)
        self.number.valueChanged.connect(self.value_changed)

    def set_value(self, diameters: float, diameter_angstrom: float | None) -> None:
        """Show the size of the brush.

        Parameters
        ----------
        diameters : float
            Diameter of the brush in particle diameters.
        diameter_angstrom : float or None
            Particle diameter in Å; None while it is unknown.
        """
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            self.slider.setValue(round(_STEPS * math.log(diameters / _LOW, _HIGH / _LOW)))
            self.number.setValue(diameters)
        size = None if diameter_angstrom is None else diameters * diameter_angstrom
        self.angstrom.setText("" if size is None else f"{size:.0f} Å")

    def _on_slider(self, position: int) -> None:
        self.value_changed.emit(round(_LOW * (_HIGH / _LOW) ** (position / _STEPS), 1))
