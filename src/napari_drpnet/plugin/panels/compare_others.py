"""Part of the panel Compare with the picks of another program."""

import napari
from qtpy.QtCore import Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QCheckBox, QGridLayout, QLabel, QWidget

from napari_drpnet.plugin.fields.controls import Hint, column, row
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.positions_row import PositionsRow
from napari_drpnet.plugin.plots.legend import MarkIcon
from napari_drpnet.project.points.marks import Mark

_ABOUT = (
    "Picks of crYOLO, Topaz, RELION or another program. They are only drawn and counted: "
    "they never become labels"
)
_COUNTS = {
    "agreed": ("Agreed", "Picks of both sets at most half a particle diameter apart, one to one"),
    "only_ours": ("Only ours", "Accepted picks without one of theirs"),
    "only_theirs": ("Only theirs", "Their picks without an accepted pick of ours"),
}


class CompareOthers(Panel):
    """Picks of another program beside those of the project, on the micrograph that is shown.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    positions : PositionsRow
        Row that loads and forgets their picks.
    hint : Hint
        Message while there is nothing to count.
    body : QWidget
        Container of the widgets below, hidden while no picks are loaded.
    counts : dict of str to QLabel
        Labels of the numbers ``agreed``, ``only_ours`` and ``only_theirs``.
    shown : QCheckBox
        Check box that draws their picks on the micrograph.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._others = self.session.other_picks
        self.positions = PositionsRow(self, self._others, "Load other picks", _ABOUT)
        self.hint = Hint()
        self.shown = QCheckBox("Show other picks")
        self.shown.setToolTip("Draw their picks on the micrograph, with this symbol")
        self.shown.toggled.connect(self._switch)
        symbol = row(MarkIcon(Mark.ONLY_THEIRS), self.shown, spacing=4)
        symbol.layout().addStretch()
        self.body = QWidget()
        self.body.setLayout(column(self._make_counts(), symbol, spacing=4))
        failure = self.failure_hint("other picks")
        self.setLayout(column(self.positions, failure, self.hint, self.body, spacing=4))
        self.listen(self._others.changed, self._on_changed)
        self.listen(self.session.view.events.show_other_picks, self._show_switch)
        self._show_switch()
        self._show_counts()

    def _make_counts(self) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        self.counts: dict[str, QLabel] = {}
        for across, (name, (_, tooltip)) in enumerate(_COUNTS.items()):
            label = QLabel()
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setToolTip(tooltip)
            grid.addWidget(label, 0, across)
            self.counts[name] = label
        return box

    def showEvent(self, event: QShowEvent) -> None:
        """Show what has changed while the panel was hidden."""
        super().showEvent(event)
        self._show_counts()

    def _switch(self, shown: bool) -> None:
        self.session.view.show_other_picks = shown

    def _on_changed(self) -> None:
        if self.isVisible():
            self._show_counts()

    def _show_switch(self) -> None:
        self.shown.setChecked(self.session.view.show_other_picks)

    def _show_counts(self) -> None:
        others = self._others
        self.hint.say(self._find_hint())
        self.body.setVisible(others.here_yx is not None)
        for name, (title, _) in _COUNTS.items():
            count = "–" if others.result is None else f"{getattr(others.result, name):,}"
            self.counts[name].setText(f"{title}: {count}")

    def _find_hint(self) -> str:
        """Return a message about what is missing; "" if there are numbers, or no other picks."""
        if self._others.source is None:
            return ""
        if self._others.here_yx is None:
            return "No other picks for this micrograph."
        return "Press Pick to count." if self.session.current.decision is None else ""
