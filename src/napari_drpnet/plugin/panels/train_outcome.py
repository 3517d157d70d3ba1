"""What came of a training, as the panel Train shows it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from napari_drpnet.picking.networks.card import Kind
from napari_drpnet.plugin.fields.controls import Hint, column
from napari_drpnet.project.learning.outcome import TrainedNetwork, TrainingOutcome

if TYPE_CHECKING:
    from napari_drpnet.training.from_labels.classifier import LabelScore

_ROWS = {
    "right": ("right labels", "How many of the labels it judges as they say"),
    "precision": ("precision", "Share of the labels that it accepts which are accepted ones"),
    "recall": ("recall", "Share of the accepted labels which it accepts"),
    "f1": ("F1", "Both in one number: the harmonic mean of precision and recall"),
}
_HELD_OUT = "Labels are dealt into parts; each is judged after training on the others"
_BY = {"person": "your labels, held out", "model": "automatic labels, held out"}
_BETTER = "Better: keep it, and all is picked with it."
_BETTER_BY_MODEL = "Better on what was sure already: look at what would change."
_NOT_BETTER = "Not clearly better: {} stays unless you keep this one anyway."
_NONE_BETTER = "Not clearly better: the old networks stay unless you keep these anyway."
_OLD: dict[Kind, str] = {"classifier": "the old classifier", "detector": "the old detector"}
_BY_MODEL = "Only automatic labels say so; a few of your own would say more."


class TrainOutcome(QWidget):
    """Tables of before and after, what would change, and whether that is better.

    Parameters
    ----------
    next_change : QPushButton
        Shows the next point that would change.

    Attributes
    ----------
    tables : dict of str to RatesTable
        How each network does.
    changed : QLabel
        How many picks would change.
    changes : QWidget
        That label with its button.
    sentence : Hint
        Whether the result is better.
    """

    def __init__(self, next_change: QPushButton) -> None:
        super().__init__()
        self.tables: dict[Kind, RatesTable] = {
            "detector": RatesTable("Detector"),
            "classifier": RatesTable("Classifier"),
        }
        self.sentence = Hint()
        self.changed = QLabel()
        self.changed.setToolTip("They have pink diamonds around them")
        self.changes = QWidget()
        row = QHBoxLayout(self.changes)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.changed, stretch=1)
        row.addWidget(next_change)
        self._next_change = next_change
        self.setLayout(column(*self.tables.values(), self.changes, self.sentence))

    def show_outcome(self, outcome: TrainingOutcome | None, shown: str | None) -> None:
        """Show what came of a training.

        Parameters
        ----------
        outcome : TrainingOutcome or None
            None hides all.
        shown : str or None
            Id of the micrograph that is shown: the changes are counted on one only.
        """
        self.setVisible(outcome is not None)
        if outcome is None:
            return
        trained = {one.kind: one for one in outcome.networks}
        for kind, table in self.tables.items():
            table.setVisible(kind in trained)
            if kind in trained:
                table.show_network(trained[kind], _BY[outcome.labelled_by])
        before, after = outcome.accepted
        lost, gained = len(outcome.lost_yx), len(outcome.gained_yx)
        self.changed.setText(
            f"Picks here: {before} → {after}\n◇ {lost} would go, {gained} would come"
        )
        self.changes.setVisible(outcome.micrograph is not None and outcome.micrograph == shown)
        self._next_change.setEnabled(outcome.changed > 0)
        by_model = outcome.labelled_by == "model"
        told = _judge(outcome.networks, _BETTER_BY_MODEL if by_model else _BETTER)
        self.sentence.say(f"{told} {_BY_MODEL}" if by_model else told)


class RatesTable(QWidget):
    """How one network does before and after.

    Parameters
    ----------
    title : str
        Of the network.

    Attributes
    ----------
    heading : QLabel
        The network, and the labels that it is judged by.
    cells : dict of str to tuple of QLabel
        Each number before and after.
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        grid.setColumnStretch(0, 1)
        self.heading = QLabel()
        self.heading.setToolTip(_HELD_OUT)
        grid.addWidget(self.heading, 0, 0, 1, 3)
        for across, text in enumerate(("before", "after"), 1):
            grid.setColumnStretch(across, 1)
            grid.addWidget(_cell(text), 1, across)
        self.cells: dict[str, tuple[QLabel, QLabel]] = {}
        for row, (name, (text, tooltip)) in enumerate(_ROWS.items(), 2):
            label = QLabel(text)
            label.setToolTip(tooltip)
            grid.addWidget(label, row, 0)
            self.cells[name] = _cell(""), _cell("")
            for across, cell in enumerate(self.cells[name], 1):
                grid.addWidget(cell, row, across)

    def show_network(self, trained: TrainedNetwork, labels: str) -> None:
        """Show what a network has learned, and what that was judged by."""
        self.heading.setText(f"<b>{self._title}</b> on {labels}")
        for across, verdict in enumerate((trained.before, trained.after)):
            for name, text in _texts(verdict).items():
                self.cells[name][across].setText(text)


def _texts(verdict: "LabelScore") -> dict[str, str]:
    rates = {name: f"{value:.2f}" for name, value in verdict.rates._asdict().items()}
    return {"right": f"{verdict.right} of {verdict.labels}"} | rates


def _judge(trained: Sequence[TrainedNetwork], better: str) -> str:
    worse = [_OLD[one.kind] for one in trained if not one.improved]
    if not worse:
        return better
    if len(trained) == 1:
        return _NOT_BETTER.format(worse[0])
    if len(worse) == len(trained):
        return _NONE_BETTER
    return f"Better in part: {worse[0]} was as good. To keep that, train the other one alone."


def _cell(text: str) -> QLabel:
    label = QLabel(text)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setToolTip(_HELD_OUT)
    return label
