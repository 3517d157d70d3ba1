"""Part of the panel Train with the result of a training."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from napari_drpnet.picking.networks.card import Kind
from napari_drpnet.plugin.fields.controls import Hint, column
from napari_drpnet.project.learning.outcome import TrainedNetwork, TrainingOutcome

if TYPE_CHECKING:
    from napari_drpnet.training.from_labels.label_scores import LabelScore

_ROWS = {
    "right": ("Right labels", "Number of labels that the network classifies correctly"),
    "precision": ("Precision", "Share of accepted labels among those that the network accepts"),
    "recall": ("Recall", "Share of the accepted labels that the network accepts"),
    "f1": ("F1", "Harmonic mean of precision and recall"),
}
_HELD_OUT = "Labels are divided into parts; each is classified after training on the others"
_BY = {
    "person": "your labels, held out",
    "classes": "labels of 2D classes, held out",
    "model": "automatic labels, held out",
}
_BETTER = "Better: keep it to use it for all picks."
_BETTER_BY_MODEL = "Better on picks that were certain: check what would change."
_NOT_BETTER = "Not clearly better: {} stays unless you keep this one anyway."
_NONE_BETTER = "Not clearly better: the old networks stay unless you keep these anyway."
_OLD: dict[Kind, str] = {"classifier": "the old classifier", "detector": "the old detector"}
_BY_MODEL = "Measured on automatic labels only; label some picks by hand."


class TrainOutcome(QWidget):
    """Result of a training: rates before and after, changed picks, and a conclusion.

    Parameters
    ----------
    next_change : QPushButton
        Button that shows the next pick that would change.

    Attributes
    ----------
    tables : dict of str to RatesTable
        Tables of the rates, by kind of network.
    changed : QLabel
        Numbers of picks that would change.
    changes : QWidget
        Container of `changed` and `next_change`.
    sentence : Hint
        Conclusion whether the result is better.
    """

    def __init__(self, next_change: QPushButton) -> None:
        super().__init__()
        self.tables: dict[Kind, RatesTable] = {
            "detector": RatesTable("Detector"),
            "classifier": RatesTable("Classifier"),
        }
        self.sentence = Hint()
        self.changed = QLabel()
        self.changed.setToolTip("Picks that would change are marked with pink diamonds")
        self.changes = QWidget()
        row = QHBoxLayout(self.changes)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.changed, stretch=1)
        row.addWidget(next_change)
        self._next_change = next_change
        self.setLayout(column(*self.tables.values(), self.changes, self.sentence))

    def show_outcome(self, outcome: TrainingOutcome | None, shown: str | None) -> None:
        """Show the result of a training.

        Parameters
        ----------
        outcome : TrainingOutcome or None
            Result to show; None hides the widget.
        shown : str or None
            Id of the current micrograph. The changes are shown only if they refer to it.
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
            f"Picks here: {before:,} → {after:,}\n◇ {lost:,} would go, {gained:,} would come"
        )
        self.changes.setVisible(outcome.micrograph is not None and outcome.micrograph == shown)
        self._next_change.setEnabled(outcome.changed > 0)
        by_model = outcome.labelled_by == "model"
        text = _conclusion(outcome.networks, _BETTER_BY_MODEL if by_model else _BETTER)
        self.sentence.say(f"{text} {_BY_MODEL}" if by_model else text)


class RatesTable(QWidget):
    """Table of the rates of one network before and after training.

    Parameters
    ----------
    title : str
        Name of the network.

    Attributes
    ----------
    heading : QLabel
        Name of the network, and the source of the labels that it is measured on.
    cells : dict of str to tuple of QLabel
        Cells of each number, before and after.
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
        for across, text in enumerate(("Before", "After"), 1):
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
        """Show the rates of a trained network, and the labels that they are measured on."""
        self.heading.setText(f"<b>{self._title}</b> on {labels}")
        for across, scores in enumerate((trained.before, trained.after)):
            for name, text in _texts(scores).items():
                self.cells[name][across].setText(text)


def _texts(scores: "LabelScore") -> dict[str, str]:
    rates = {name: f"{value:.2f}" for name, value in scores.rates._asdict().items()}
    return {"right": f"{scores.right:,} of {scores.labels:,}"} | rates


def _conclusion(trained: Sequence[TrainedNetwork], better: str) -> str:
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
