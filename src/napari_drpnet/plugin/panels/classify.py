"""Panel Classify: the classifier, and the cut of P(particle) that accepts picks."""

from functools import partial

import napari
from qtpy.QtCore import QSignalBlocker
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QCheckBox

from napari_drpnet.picking.loading import weights_names
from napari_drpnet.plugin.fields.controls import Hint, choose_weights_file, column
from napari_drpnet.plugin.fields.forms import FormRows
from napari_drpnet.plugin.fields.stage_fields import StageFields
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.two_scores import TwoScoresPanel
from napari_drpnet.plugin.plots.histogram_plot import HistogramPlot
from napari_drpnet.project.actions import ACTIONS
from napari_drpnet.project.points.axes import LogitAxis
from napari_drpnet.project.points.histograms import probability_histogram
from napari_drpnet.project.stages.decision import Decision
from napari_drpnet.project.stages.plan import Plan

_ABOUT = (
    "P(particle) is how sure the classifier is that a pick is a particle, from 0 to 1. "
    "Picks at the line or right of it are accepted, the others rejected."
)
_NONE = "There is no classifier: every pick above the threshold is accepted."
_AUTOMATIC = "automatic: for best expected F1 here"
_NOT_FOUND = "automatic: found once this micrograph is picked"
_FIXED = "fixed for all micrographs (↺: automatic)"
_EXPECTED = (
    "Expected precision, recall and F1 of the accepted picks if P(particle) is right. "
    "Recall refers to the picks above the threshold. Your labels count as known"
)


class ClassifyPanel(Panel):
    """Panel with the classifier, and the cut of P(particle) that accepts picks.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    weights : FileChoice
        Field of the classifier.
    hint : Hint
        Message about the next step, or that there is no classifier.
    histogram : HistogramPlot
        Histogram of P(particle) of the picks, with the cut.
    accept : SliderField
        Slider of the cut.
    rule : Hint
        Message about the origin of the cut.
    least_f1 : FormRows
        Form with the field of the least F1.
    counts, expected : Hint
        Numbers of accepted and rejected picks; expected scores of the accepted picks.
    two_scores : TwoScoresPanel
        Height and P(particle) of the candidates, with both cuts.
    show_rejected : QCheckBox
        Check box that shows or hides rejected picks.
    about : Hint
        Explanation of P(particle).
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._fields = StageFields(self.session, "classifier")
        self.weights = self._fields.field(
            "classifier",
            choices=_list_choices,
            choose_file=partial(choose_weights_file, self, "classifier"),
        )
        self.histogram = HistogramPlot("P(particle)", axis=LogitAxis)
        self.explain_absence(self.histogram)
        accept_here = partial(getattr, self.session.current, "accept")
        self.accept = self._fields.slider("accept", 0, 1, axis=LogitAxis, found=accept_here)
        self.rule = Hint()
        self.least_f1 = FormRows(self._fields.field("least_f1", label="Least F1"))
        self.about = Hint()
        self.about.say(_ABOUT)
        self.hint = Hint()
        self.counts = Hint()
        self.counts.setToolTip("Accepted picks are exported; your labels override the classifier")
        self.expected = Hint()
        self.expected.setToolTip(_EXPECTED)
        self.two_scores = TwoScoresPanel(napari_viewer)
        self.show_rejected = QCheckBox("Show rejected picks")
        self.show_rejected.setToolTip(ACTIONS["rejected"].hint)
        self._lay_out()
        self._listen()
        self._show_settings()
        self._show_states()
        self._show_view()

    def showEvent(self, event: QShowEvent) -> None:
        """Update the list of weights."""
        super().showEvent(event)
        self._fields.renew_choices("classifier")

    def _lay_out(self) -> None:
        layout = column(
            FormRows(self.weights),
            self.hint,
            self.histogram,
            self.accept,
            self.rule,
            self.least_f1,
            self.counts,
            self.expected,
            self.two_scores,
            self.show_rejected,
            self.about,
            margin=8,
        )
        layout.addStretch(1)
        self.setLayout(layout)

    def _listen(self) -> None:
        self.histogram.cut_dragged.connect(partial(self._fields.drag, "accept"))
        self.histogram.cut_released.connect(self.session.settle)
        self.show_rejected.toggled.connect(self._on_show_rejected)
        self.listen(self.session.settings_changed, self._show_settings)
        self.listen(self.session.current.points_changed, self._show_states)
        self.listen(self.session.current.states_changed, self._show_states)
        self.listen(self.session.view.events.show_rejected, self._show_view)

    def _on_show_rejected(self, on: bool) -> None:
        self.session.view.show_rejected = on

    # ---- updates from the session

    def _show_settings(self) -> None:
        self._fields.show()
        classifies = self.session.project.settings.classifier.classifier != "none"
        plan = self.session.plan
        for part in (self.histogram, self.accept, self.two_scores, self.about):
            part.setVisible(classifies and plan is not None)
        self.least_f1.setVisible(classifies and plan is not None and plan.is_automatic)
        self.hint.say(self.session.problem or "" if classifies else _NONE)
        self._show_cut()

    def _show_cut(self) -> None:
        """Show the cut in use; an automatic cut is that of the current micrograph."""
        current, plan = self.session.current, self.session.plan
        is_refused = current.decision is not None and current.decision.is_refused
        self.histogram.set_cut(current.accept, keeps=not is_refused)
        classifies = self.session.project.settings.classifier.classifier != "none"
        rule = _rule(plan, current.decision) if plan and classifies else ""
        self.rule.say(rule, marked=is_refused)

    def _show_states(self) -> None:
        decision = self.session.current.decision
        self._fields.show()
        self._show_cut()
        if decision is None:
            self.histogram.clear()
            self.counts.say("")
            self.expected.say("")
            return
        histogram = probability_histogram(decision.review, decision.states)
        self.histogram.set_histogram(histogram.edges, histogram.counts)
        accepted, count = decision.accepted_count, decision.above_count
        on_dirt = int(decision.on_dirt.sum())
        dirt = f", {on_dirt} of them on dirt" if on_dirt else ""
        self.counts.say(f"{accepted} accepted, {count - accepted} rejected{dirt}")
        expected = decision.expected if accepted else None
        self.expected.say(f"expected: {expected.text}" if expected else "")

    def _show_view(self) -> None:
        with QSignalBlocker(self.show_rejected):
            self.show_rejected.setChecked(self.session.view.show_rejected)


def _rule(plan: Plan, decision: Decision | None) -> str:
    """Describe the origin of the cut; return "" if the weights recommend a number."""
    if not plan.is_automatic:
        return _FIXED if plan.recommends_automatic else ""
    if decision is None or decision.cut is None:
        return _NOT_FOUND
    if not decision.is_refused:
        return _AUTOMATIC
    best, least = decision.cut.best_f1, decision.plan.parameters.classifier.least_f1 or 0.0
    why = f"the best expected F1 is {best:.2f}, below least F1 {least:.2f}"
    return f"automatic: nothing is accepted, as {why}"


def _list_choices() -> list[str]:
    return [*weights_names("classifier"), "none"]
