"""Part of the panel Pick with the segmenter, and the settings of what it finds."""

from functools import partial

import napari
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QWidget

from napari_drpnet.picking.loading import NONE, weights_names
from napari_drpnet.plugin.fields.controls import choose_weights_file, column
from napari_drpnet.plugin.fields.forms import FormRows
from napari_drpnet.plugin.fields.stage_fields import StageFields
from napari_drpnet.plugin.panels.panel import Panel


class SegmenterPanel(Panel):
    """Choice of the segmenter; sliders of the dirt and of the particles that it finds.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    weights : FileChoice
        Choice of the segmenter.
    clearance : SliderField
        Slider of the distance to dirt, hidden unless a segmenter is in use.
    probability, least_area, erosion : SliderField
        Sliders of the components, hidden unless the detector is a segmenter.
    rare : QWidget
        Fields of the settings that rarely need to change, for another part of the panel.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._fields = StageFields(self.session, "segmenter")
        self.weights = self._fields.field(
            "segmenter",
            choices=_list_choices,
            choose_file=partial(choose_weights_file, self, "segmenter"),
        )
        self.clearance = self._fields.slider("clearance", 0, 2)
        self.probability = self._fields.slider("particle_probability", 0, 1, label="P(particle)")
        self.least_area = self._fields.slider("least_area", 0, 2)
        self.erosion = self._fields.slider("erosion", 0, 0.5)
        self._components = QWidget()
        self._components.setLayout(column(self.probability, self.least_area, self.erosion))
        self.setLayout(column(FormRows(self.weights), self.clearance, self._components))
        self.rare = self._rare_fields()
        self.listen(self.session.settings_changed, self._show_settings)
        self._show_settings()

    def showEvent(self, event: QShowEvent) -> None:
        """Update the list of weights."""
        super().showEvent(event)
        self._fields.renew_choices("segmenter")

    def _rare_fields(self) -> QWidget:
        self._rare_of_dirt = FormRows(
            self._fields.field("dirt_probability", label="P(dirt)"),
            self._fields.field("least_speck"),
        )
        self._rare_of_components = FormRows(self._fields.field("greatest_area"))
        rare = QWidget(self)  # without a parent it would open as a window
        rare.setLayout(column(self._rare_of_dirt, self._rare_of_components, spacing=4))
        return rare

    def _show_settings(self) -> None:
        plan = self.session.plan
        finds_dirt = plan is not None and plan.has_segmenter
        picks = plan is not None and plan.picks_by_segmentation
        for part in (self.clearance, self._rare_of_dirt, self.rare):
            part.setVisible(finds_dirt)
        for part in (self._components, self._rare_of_components):
            part.setVisible(picks)
        self._fields.show()


def _list_choices() -> list[str]:
    return [NONE, *weights_names("segmenter")]
