"""Panel Compare: the picks of the current micrograph compared with true particles."""

from functools import partial

import napari
from qtpy.QtCore import Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from napari_drpnet.base.wording import short_number
from napari_drpnet.evaluation.comparison import Comparison
from napari_drpnet.plugin.fields.controls import Hint, column, row
from napari_drpnet.plugin.panels.compare_others import CompareOthers
from napari_drpnet.plugin.panels.compare_totals import CompareTotals
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.positions_row import PositionsRow
from napari_drpnet.plugin.plots.curve_plot import CurvePlot
from napari_drpnet.plugin.plots.legend import MarkIcon
from napari_drpnet.project.points.marks import Mark

_TRUTH = "True positions are drawn as small white squares"
_RATES = {
    "precision": "Share of the accepted picks that are true particles: right / (right + wrong)",
    "recall": "Share of the true particles that are found: right / (right + missed)",
    "f1": "Harmonic mean of precision and recall",
}
_TITLES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}
_EXPECTED = (
    "Scores expected from P(particle) alone, among all candidates. They cannot know about "
    "particles without a candidate: the expected recall is too high where the detector misses some"
)
_COUNTS = {
    "right": (
        Mark.RIGHT,
        "Accepted picks within half a particle diameter of a true particle, one for each",
    ),
    "wrong": (
        Mark.WRONG,
        "All other accepted picks, including second picks of the same particle",
    ),
    "missed": (Mark.MISSED, "True particles without an accepted pick"),
}
_MARKS = "Mark right, wrong and missed ones on the micrograph, with these symbols"


class ComparePanel(Panel):
    """Panel that compares the picks with true positions.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    hint : Hint
        Message about the next step while there is no comparison.
    truth : PositionsRow
        Row that loads and forgets the true positions.
    body : QWidget
        Container of the widgets below, hidden while there is no comparison.
    rates : dict of str to QLabel
        Labels of ``precision``, ``recall`` and ``f1``.
    expected : Hint
        Scores that are expected without the truth, with a classifier.
    counts : dict of str to QLabel
        Labels of the numbers of ``right`` and ``wrong`` picks and of ``missed`` particles.
    next_wrong, next_missed : QPushButton
        Buttons that show the next wrong pick, and the next missed particle.
    marks : QCheckBox
        Check box that shows the marks on the micrograph.
    centring : QLabel
        Label of the median distance of right picks from their true centres.
    plot : CurvePlot
        Precision-recall curve.
    best : QLabel
        Label of the greatest F1, and of the cut that gives it.
    totals : CompareTotals
        Totals of all micrographs, hidden while there is no truth.
    others : CompareOthers
        Picks of another program.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.hint = Hint()
        self.body = QWidget()
        self.expected = Hint()
        self.expected.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.expected.setToolTip(_EXPECTED)
        rates, counts, curve = self._make_rates(), self._make_counts(), self._make_curve()
        parts = (rates, self.expected, counts, curve)
        self.body.setLayout(column(*parts, spacing=8))
        layout = QVBoxLayout(self)
        self.truth = PositionsRow(self, self.session.comparison, "Load truth", _TRUTH)
        self.totals, self.others = CompareTotals(napari_viewer), CompareOthers(napari_viewer)
        failure = self.failure_hint("truth")
        for part in (self.truth, failure, self.hint, self.body, self.totals, self.others):
            layout.addWidget(part)
        layout.addStretch()
        self._listen()

    # ---- widgets

    def _make_rates(self) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        self.rates: dict[str, QLabel] = {}
        for across, (name, tooltip) in enumerate(_RATES.items()):
            number, title = _large_label(), QLabel(_TITLES[name])
            for down, label in enumerate((number, title)):
                label.setAlignment(Qt.AlignmentFlag.AlignCenter)
                label.setToolTip(tooltip)
                grid.addWidget(label, down, across)
            self.rates[name] = number
        return box

    def _make_counts(self) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        self.counts: dict[str, QLabel] = {}
        for across, (name, (mark, tooltip)) in enumerate(_COUNTS.items()):
            label = QLabel()
            entry = row(MarkIcon(mark), label, spacing=4)
            entry.setToolTip(tooltip)
            grid.addWidget(entry, 0, across, Qt.AlignmentFlag.AlignCenter)
            self.counts[name] = label
        self.centring = QLabel()
        self.centring.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.centring.setToolTip("Median distance of the right picks from their true centres")
        grid.addWidget(self.centring, 1, 0, 1, len(_COUNTS))
        self.next_wrong = self.action_button("next_wrong")
        self.next_missed = self.action_button("next_missed")
        self.marks = QCheckBox("Show marks")
        self.marks.setToolTip(_MARKS)
        self.marks.toggled.connect(partial(setattr, self.session.view, "show_marks"))
        for across, part in enumerate((self.marks, self.next_wrong, self.next_missed)):
            grid.addWidget(part, 2, across)
        return box

    def _make_curve(self) -> QWidget:
        box = QWidget()
        self.plot = CurvePlot()
        self.best = QLabel()
        self.best.setWordWrap(True)
        self.best.setToolTip(
            "Greatest F1 that a cut of the picks of this micrograph would give, and that cut"
        )
        box.setLayout(column(self.plot, self.best))
        return box

    # ---- updates from the session

    def _listen(self) -> None:
        session = self.session
        self.listen(session.comparison.positions_changed, self._show_source)
        self.listen(session.comparison.changed, self._on_result)
        self.listen(session.view.events.show_marks, self._show_marks)
        self._show_marks()
        self._show_source()
        self._show_result()

    def _show_source(self) -> None:
        self.totals.setVisible(self.session.comparison.source is not None)

    def showEvent(self, event: QShowEvent) -> None:
        """Show the result, which is not updated while the panel is hidden."""
        super().showEvent(event)
        self._show_result()

    def _on_result(self) -> None:
        if self.isVisible():
            self._show_result()

    def _show_result(self) -> None:
        result, hint = self.session.comparison.result, self._find_hint()
        self.hint.say(hint)
        self.body.setVisible(result is not None and not hint)
        if result is not None:
            self._show_rates(result)
            self._show_curve(result)

    def _show_marks(self) -> None:
        self.marks.setChecked(self.session.view.show_marks)

    def _find_hint(self) -> str:
        """Return a message about the next step; "" if there is a comparison to show."""
        session = self.session
        if session.current.record is None:
            return "Open micrographs first."
        if session.comparison.source is None:
            return "Load true positions of the particles, to see how good the picks are."
        if session.comparison.truth_yx is None:
            return "No truth for this micrograph."
        return "Press Pick first." if session.current.decision is None else ""

    def _show_rates(self, result: Comparison) -> None:
        tally = result.tally
        for name, value in tally.rates._asdict().items():
            self.rates[name].setText(f"{value:.2f}")
        counts = (tally.true_positives, tally.false_positives, tally.false_negatives)
        for (name, label), count in zip(self.counts.items(), counts, strict=True):
            label.setText(f"{name.capitalize()}: {count:,}")
        self.next_wrong.setEnabled(tally.false_positives > 0)
        self.next_missed.setEnabled(tally.false_negatives > 0)
        decision = self.session.current.decision
        expected = decision.expected_of_all if decision else None
        self.expected.say(f"Expected: {expected.text}" if expected else "")
        self.centring.setText(self._describe_centring(result.median_centring_error_px))

    def _describe_centring(self, error_px: float | None) -> str:
        if error_px is None:
            return "No pick is right"
        size = self.session.current.pixel_size_angstrom
        error = f"{error_px:.1f} px" if size is None else f"{error_px * size:.1f} Å"
        return f"Centring error: {error}"

    def _show_curve(self, result: Comparison) -> None:
        self.plot.set_curve(result.curve.recall, result.curve.precision)
        self.plot.set_point(result.tally.rates)
        best, review = result.best, self.session.current.review
        self.plot.set_best(best.rates if best else None)
        if best is None or review is None:
            self.best.setText("")
            return
        cut = f"{review.merit_name} ≥ {short_number(best.threshold)}"
        self.best.setText(f"Best F1 {best.rates.f1:.2f} at {cut}")


def _large_label() -> QLabel:
    label = QLabel()
    # napari's theme overrides a font that is set with setFont.
    label.setStyleSheet("font-size: 20pt; font-weight: bold")
    return label
