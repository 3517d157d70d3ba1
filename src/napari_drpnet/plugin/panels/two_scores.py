"""Part of the panel Classify with height and P(particle) of all candidates, and both cuts."""

import napari

from napari_drpnet.plugin.fields.controls import Hint, column
from napari_drpnet.plugin.fields.stage_fields import StageFields
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.plots.plot import ACCENT
from napari_drpnet.plugin.plots.scatter_plot import ScatterPlot
from napari_drpnet.project.points.axes import LogitAxis
from napari_drpnet.project.points.histograms import score_axis
from napari_drpnet.project.points.two_scores import Fate, two_scores

_ORANGE = "#e08a00"
_COLORS = {Fate.BELOW: "", Fate.REJECTED: _ORANGE, Fate.ACCEPTED: ACCENT}
_TOOLTIP = (
    "All candidates: accepted ones green, rejected ones orange, those below the threshold grey.\n"
    "Drag the vertical line for the threshold, the horizontal one for accept; "
    "click a dot to see its pick"
)
_UNKNOWN = (
    "Expected recall among all candidates, those below the threshold counted with their "
    "P(particle). It cannot know about particles that have no candidate at all, and it is only as "
    "right as P(particle) is"
)


class TwoScoresPanel(Panel):
    """Scatter plot of two scores of the candidates, and the expected recall among all of them.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    plot : ScatterPlot
        Candidates, with the threshold and the least P(particle).
    recall : Hint
        Expected recall among all candidates.
    rows : list of int
        Row of the review of each dot.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._peaks = StageFields(self.session, "peaks")
        self._classifier = StageFields(self.session, "classifier")
        self.plot = ScatterPlot(tuple(_COLORS[fate] for fate in Fate))
        self.plot.setToolTip(_TOOLTIP)
        self.plot.describe = self._describe
        self.explain_absence(self.plot)
        self.recall = Hint()
        self.recall.setToolTip(_UNKNOWN)
        self.rows: list[int] = []
        self.setLayout(column(self.plot, self.recall))
        self.plot.cut_dragged.connect(self._drag)
        self.plot.cut_released.connect(self.session.settle)
        self.plot.dot_clicked.connect(self._focus)
        self.listen(self.session.settings_changed, self._show_cuts)
        self.listen(self.session.current.points_changed, self._show_points)
        self.listen(self.session.current.states_changed, self._show_points)
        self._show_points()

    # ---- updates from the session

    def _show_points(self) -> None:
        decision = self.session.current.decision
        if decision is None:
            self.plot.clear()
            self.recall.say("")
            return
        parameters = decision.plan.parameters
        scores = two_scores(decision.review, decision.states, parameters)
        self.rows = scores.rows.tolist()
        axis = score_axis(decision.review, parameters)
        self.plot.set_axes(axis, LogitAxis(), parameters.peaks.score, "P(particle)")
        self.plot.set_dots(scores.score, scores.probability, scores.fate)
        expected = decision.expected_of_all
        text = "expected recall with candidates below the threshold"
        shown = expected is not None and decision.accepted_count
        self.recall.say(f"{text}: {expected.recall:.2f}" if expected and shown else "")
        self._show_cuts()

    def _show_cuts(self) -> None:
        plan = self.session.plan
        self.plot.set_cuts(plan.cut if plan else None, self.session.current.accept)

    def _describe(self, dot: int) -> str:
        decision = self.session.current.decision
        if decision is None:
            return ""
        score = f"{decision.plan.parameters.peaks.score} {self.plot.x[dot]:.3g}"
        return f"{score}, {decision.review.describe(self.rows[dot], decision.plan.parameters)}"

    # ---- user actions

    def _drag(self, direction: str, cut: float) -> None:
        if direction == "x":
            self._peaks.drag("threshold", cut / self.session.project.settings.peaks.level)
        else:
            self._classifier.drag("accept", cut)

    def _focus(self, dot: int) -> None:
        review = self.session.current.review
        if review is not None:
            y, x = review.centers_yx[self.rows[dot]]
            self.session.selection.focus((float(y), float(x)))
