"""The second stage: the classifier accepts picks, or rejects them."""

from functools import partial

import napari
from qtpy.QtCore import QSignalBlocker
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QCheckBox

from napari_drpnet.plugin.forms import FormRows
from napari_drpnet.plugin.histogram_plot import HistogramPlot
from napari_drpnet.plugin.panel import Panel
from napari_drpnet.plugin.parts import Hint, choose_weights_file, column
from napari_drpnet.plugin.stage_fields import StageFields
from napari_drpnet.project.actions import ACTIONS
from napari_drpnet.project.charts import probability_histogram
from napari_drpnet.project.derivation import weights_names

_ABOUT = (
    "P(particle) is how sure the classifier is that a pick is a particle, from 0 to 1. "
    "Picks at the line or right of it are accepted, the others rejected."
)
_NONE = "There is no classifier: every pick above the threshold is accepted."


class ClassifyPanel(Panel):
    """Classifier, and how strictly it judges.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Given by napari.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._fields = StageFields(self.session, "classifier")
        self.weights = self._fields.field(
            "classifier",
            choices=_list_choices,
            choose_file=partial(choose_weights_file, self, "classifier"),
        )
        self.histogram = HistogramPlot("P(particle)", empty_text="No picks yet: press Pick")
        self.accept = self._fields.slider("accept", 0, 1)
        self.about = Hint()
        self.about.say(_ABOUT)
        self.hint = Hint()
        self.counts = Hint()
        self.counts.setToolTip("Accepted picks are exported; what you say yourself goes first")
        self.show_rejected = QCheckBox("Show rejected picks")
        self.show_rejected.setToolTip(ACTIONS["rejected"].hint)
        self._lay_out()
        self._listen()
        self._show_settings()
        self._show_states()
        self._show_view()

    def showEvent(self, event: QShowEvent) -> None:
        """Look which weights there are."""
        super().showEvent(event)
        with self.weights.changed.blocked():
            self.weights.reset_choices()
        self._fields.show()

    def _lay_out(self) -> None:
        layout = column(
            FormRows(self.weights),
            self.hint,
            self.histogram,
            self.accept,
            self.counts,
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

    # ---- what the session says

    def _show_settings(self) -> None:
        self._fields.show()
        judges = self.session.project.settings.classifier.classifier != "none"
        plan = self.session.plan
        for part in (self.histogram, self.accept, self.about):
            part.setVisible(judges and plan is not None)
        self.hint.say(self.session.problem or "" if judges else _NONE)
        self.histogram.set_cut(plan.parameters.classifier.accept if plan else None)

    def _show_states(self) -> None:
        current = self.session.current
        if current.review is None:
            self.histogram.clear()
            self.counts.say("")
            return
        histogram = probability_histogram(current.review, current.states)
        self.histogram.set_histogram(histogram.edges, histogram.counts)
        accepted, count = current.accepted_count, current.above_count
        self.counts.say(f"{accepted} accepted, {count - accepted} rejected")

    def _show_view(self) -> None:
        with QSignalBlocker(self.show_rejected):
            self.show_rejected.setChecked(self.session.view.show_rejected)


def _list_choices() -> list[str]:
    return [*weights_names("classifier"), "none"]
