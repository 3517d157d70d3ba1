"""Part of the panel Pick with the settings that turn the distance map into picks."""

import napari
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from napari_drpnet.plugin.fields.controls import Foldable, Hint, column
from napari_drpnet.plugin.fields.forms import FormRows
from napari_drpnet.plugin.fields.stage_fields import StageFields
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.segmenter import SegmenterPanel
from napari_drpnet.plugin.plots.histogram_plot import HistogramPlot
from napari_drpnet.project.points.histograms import candidate_histogram
from napari_drpnet.project.stages.plan import Plan

_MORE = "Settings that rarely need to change: level, score, border, units, device"
_CAPTIONS = {"height": "height of the maximum", "prominence": "prominence of the maximum"}
_OF_SEGMENTS = {"height": "score", "prominence": "prominence of the score"}
_DEVICES = ["auto", "cpu", "cuda", "mps"]


class PeaksPanel(Panel):
    """Sliders of threshold, sigma and least distance, with the histogram of the scores.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    stale : Hint
        Message that the micrograph was picked with other settings.
    live : QWidget
        Container of histogram, sliders and counts, hidden until the diameter is known.
    histogram : HistogramPlot
        Histogram of the scores of all candidates, with the cut.
    threshold, sigma, min_distance : SliderField
        Sliders of the settings.
    counts : Hint
        Numbers of picks above the threshold, of accepted picks, and of picks on dirt.
    segmenter : SegmenterPanel
        Choice of the segmenter.
    more : Foldable
        Collapsible form of the settings that rarely need to change.
    units : OptionalField
        Field of the units of the distance map, in `more`.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._peaks = StageFields(self.session, "peaks")
        self._detector = StageFields(self.session, "detector")
        self.histogram = HistogramPlot()
        self.explain_absence(self.histogram)
        self.threshold = self._peaks.slider("threshold", 0, 1)
        self.sigma = self._peaks.slider("sigma_px", 0, 5)
        self.min_distance = self._peaks.slider("min_distance", 0, 2, label="Least distance")
        self.counts = Hint()
        self.counts.setToolTip("Accepted by the classifier or by you; accepted picks are exported")
        self.stale = Hint(marked=True)
        self.live = QWidget()
        sliders = (self.threshold, self.sigma, self.min_distance)
        self.live.setLayout(column(self.histogram, *sliders, self.counts))
        self.segmenter = SegmenterPanel(napari_viewer)
        self.more = Foldable("More", self._rare_fields(), _MORE)
        self.setLayout(column(self.stale, self.live, self.segmenter, self.more))
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._show_staleness)
        self._listen()
        self._show_points()
        self._show_settings()

    def _listen(self) -> None:
        session = self.session
        self.histogram.cut_dragged.connect(self._on_cut)
        self.histogram.cut_released.connect(session.settle)
        self.listen(session.settings_changed, self._show_settings)
        self.listen(session.current.points_changed, self._show_points)
        self.listen(session.current.states_changed, self._show_counts)
        self.listen(session.micrographs_changed, self._check_staleness)
        self.listen(session.runner.status_changed, self._check_staleness)

    def _rare_fields(self) -> QWidget:
        peaks, detector = self._peaks, self._detector
        self.units = detector.field("map_units", label="Units")
        return FormRows(
            peaks.field("level", label="Level k"),
            peaks.field("score"),
            peaks.field("border"),
            peaks.field("border_box_px"),
            peaks.field("max_count", label="Most picks"),
            self.units,
            detector.field("normalization", label="Contrast"),
            detector.field("device", choices=lambda: _DEVICES),
        )

    def _on_cut(self, score: float) -> None:
        self._peaks.drag("threshold", score / self.session.project.settings.peaks.level)

    # ---- updates from the session

    def _show_settings(self) -> None:
        self.live.setVisible(self.session.project.settings.particle is not None)
        self._peaks.show()
        self._detector.show()
        self._show_cut()
        self._check_staleness()

    def _show_cut(self) -> None:
        plan = self.session.plan
        if plan is not None and (cut := plan.parameters.peaks.threshold) is not None:
            self.histogram.set_cut(cut * plan.parameters.peaks.level)

    def _show_points(self) -> None:
        """Show the histogram of the scores, which does not depend on the cut."""
        current, plan = self.session.current, self.session.plan
        review = current.review
        if review is None or current.decision is None or plan is None:
            self.histogram.clear()
        else:
            histogram = candidate_histogram(review, plan.parameters)
            self.histogram.set_histogram(histogram.edges, histogram.counts)
            self.histogram.set_caption(_caption(plan))
            self.threshold.set_range(0, float(histogram.edges[-1]))
        self._show_settings()
        self._show_counts()

    def _show_counts(self) -> None:
        decision = self.session.current.decision
        self.counts.say("" if decision is None else decision.counts)
        self._check_staleness()

    def _check_staleness(self, _: object = None) -> None:
        """Check after the current event, because a job that updates the picks may start now."""
        self._soon.start(0)

    def _show_staleness(self) -> None:
        self.stale.say(self.session.staleness)


def _caption(plan: Plan) -> str:
    """Return the name of the score that the threshold is compared with."""
    captions = _OF_SEGMENTS if plan.picks_by_segmentation else _CAPTIONS
    return captions[plan.parameters.peaks.score]
