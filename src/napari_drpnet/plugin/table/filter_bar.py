"""Filter of the table of micrographs: words, status, dirt, and what to do with the rows shown."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QMenu, QSpinBox, QToolButton, QWidget

from napari_drpnet.plugin.fields.controls import guard_wheel
from napari_drpnet.plugin.table.micrograph_row import STATUS_TITLES

_DIRTY_WIDTH = 110


class FilterBar(QWidget):
    """Fields of the filter, and a button with the number of rows that pass it.

    Attributes
    ----------
    name : QLineEdit
        Words that the names of the rows must contain.
    status : QComboBox
        Status that the rows must have.
    dirty : QSpinBox
        Least dirty area of the rows in per cent, hidden while none is known.
    shown : QToolButton
        Number of rows, with a menu that includes or excludes all of them.
    """

    #: Emitted when the filter has changed.
    changed = Signal()
    #: Emitted with True to include, and with False to exclude all rows that are shown.
    include_shown = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.name = QLineEdit()
        self.name.setPlaceholderText("Filter by name")
        self.name.setToolTip("Show the micrographs whose names contain these words")
        self.name.setClearButtonEnabled(True)
        self.name.setMaximumWidth(200)
        self.name.textChanged.connect(self.changed)
        self.status = QComboBox()
        self.status.setToolTip("Show the micrographs with this status")
        self.status.addItem("All", None)
        for status, title in STATUS_TITLES.items():
            if status != "checking":  # it lasts for moments
                self.status.addItem(title, status)
        self.status.currentIndexChanged.connect(self.changed)
        guard_wheel(self.status)
        self.dirty = self._make_dirty()
        self.shown = self._make_shown()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in (self.name, self.status, self.dirty, self.shown):
            layout.addWidget(part)

    def _make_dirty(self) -> QSpinBox:
        box = QSpinBox()
        box.setRange(0, 100)
        box.setPrefix("Dirty ≥ ")
        box.setSuffix(" %")
        box.setSpecialValueText("Any dirt")
        box.setToolTip("Show the micrographs of which at least this share is ice or carbon")
        box.setAccessibleName("least dirty area")
        box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        box.setMaximumWidth(_DIRTY_WIDTH)
        box.valueChanged.connect(self.changed)
        guard_wheel(box)
        box.hide()
        return box

    def offer_dirt(self, is_known: bool) -> None:
        """Show the field of the dirty area if any is known; else hide it, and filter nothing."""
        self.dirty.setVisible(is_known)
        if not is_known:
            self.dirty.setValue(0)

    def _make_shown(self) -> QToolButton:
        button = QToolButton()
        button.setToolTip("Include or exclude all micrographs that are shown")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        menu.addAction("Include all shown", lambda: self.include_shown.emit(True))
        menu.addAction("Exclude all shown", lambda: self.include_shown.emit(False))
        button.setMenu(menu)
        return button

    def show_count(self, shown: int, total: int) -> None:
        """Show how many of the rows pass the filter."""
        self.shown.setText(f"{shown:,} of {total:,} shown" if shown < total else f"{total:,} shown")
