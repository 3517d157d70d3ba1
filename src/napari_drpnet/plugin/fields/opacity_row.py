"""Row with the slider of the opacity of a layer."""

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from napari_drpnet.plugin.fields.controls import guard_wheel

_INDENT, _PERCENT_WIDTH = 20, 40


class OpacityRow(QWidget):
    """Slider of an opacity from 0 to 1, with the value in per cent.

    Parameters
    ----------
    what : str
        Name of what is drawn, for the tooltip.

    Attributes
    ----------
    slider : QSlider
        Slider in per cent.
    percent : QLabel
        Value in per cent.
    """

    #: Emitted with the opacity (float) when the user has moved the slider.
    changed = Signal(float)

    def __init__(self, what: str) -> None:
        super().__init__()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setToolTip(f"Opacity of {what} over the micrograph, in %")
        self.slider.setAccessibleName(f"opacity of {what}")
        guard_wheel(self.slider)
        self.slider.valueChanged.connect(lambda percent: self.changed.emit(percent / 100))
        self.percent = QLabel()
        self.percent.setFixedWidth(_PERCENT_WIDTH)
        self.percent.setAlignment(Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout(self)
        row.setContentsMargins(_INDENT, 0, 0, 0)
        for part in (QLabel("Opacity"), self.slider, self.percent):
            row.addWidget(part)

    def show_value(self, opacity: float, *, enabled: bool) -> None:
        """Show an opacity without emitting `changed`."""
        percent = round(100 * opacity)
        with QSignalBlocker(self.slider):
            self.slider.setValue(percent)
        self.slider.setEnabled(enabled)
        self.percent.setText(f"{percent} %")
