"""What came of a training, as the panel Train shows it."""

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from napari_drpnet.plugin.parts import Hint
from napari_drpnet.precision_recall import Rates
from napari_drpnet.project.learning import Trial

_RATES = {
    "precision": "Share of the labels that it accepts which you have accepted",
    "recall": "Share of the labels that you have accepted which it accepts",
    "f1": "Both in one number: the harmonic mean of precision and recall",
}
_TITLES = {"precision": "precision", "recall": "recall", "f1": "F1"}
_HELD_OUT = "Your labels are dealt into parts; each is judged after training on the others"
_BETTER = "Better: keep it, and all picks are judged anew."
_NOT_BETTER = "Not clearly better: the old classifier stays unless you keep this one anyway."


class TrainOutcome(QWidget):
    """A table of before and after, and whether that is better."""

    def __init__(self) -> None:
        super().__init__()
        self._cells: dict[str, tuple[QLabel, QLabel]] = {}
        self.sentence = Hint()
        self.changed = QLabel()
        self.changed.setToolTip("From accepted to rejected, or back, if you keep it")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for part in (self._make_table(), self.changed, self.sentence):
            layout.addWidget(part)

    def show_trial(self, trial: Trial | None, shown: str | None) -> None:
        """Show what came of a training.

        Parameters
        ----------
        trial : Trial or None
            None hides all.
        shown : str or None
            Id of the micrograph that is shown: the changes are counted on one only.
        """
        self.setVisible(trial is not None)
        if trial is None:
            return
        for column, rates in enumerate((trial.before, trial.after)):
            self._show_rates(column, rates)
        what = "pick" if trial.changed == 1 else "picks"
        self.changed.setText(f"{trial.changed} {what} of this micrograph would change")
        self.changed.setVisible(trial.micrograph == shown)
        self.sentence.say(_BETTER if trial.improved else _NOT_BETTER)

    def _make_table(self) -> QWidget:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        grid.setColumnStretch(0, 1)
        title = QLabel("On labels not trained on")
        title.setToolTip(_HELD_OUT)
        grid.addWidget(title, 0, 0)
        for column, text in enumerate(("before", "after"), 1):
            grid.setColumnStretch(column, 1)
            grid.addWidget(_cell(text, _HELD_OUT), 0, column)
        for row, (name, tooltip) in enumerate(_RATES.items(), 1):
            title = QLabel(_TITLES[name])
            title.setToolTip(tooltip)
            grid.addWidget(title, row, 0)
            self._cells[name] = _cell("", _HELD_OUT), _cell("", _HELD_OUT)
            for column, cell in enumerate(self._cells[name], 1):
                grid.addWidget(cell, row, column)
        return table

    def _show_rates(self, column: int, rates: Rates) -> None:
        for name, value in rates._asdict().items():
            self._cells[name][column].setText(f"{value:.2f}")


def _cell(text: str, tooltip: str) -> QLabel:
    label = QLabel(text)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setToolTip(tooltip)
    return label
