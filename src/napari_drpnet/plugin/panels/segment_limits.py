"""Part of the panel Segment with the limits of dirt, and of the particles of a segmenter."""

import napari
from qtpy.QtWidgets import QGroupBox

from napari_drpnet.plugin.fields.controls import Hint, column
from napari_drpnet.plugin.fields.stage_fields import StageFields
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.project.points.axes import LogAxis

_NO_VETO = "Picks on dirt are not rejected: choose a segmenter above, and they are."


class LimitsPanel(Panel):
    """Sliders of the dirt on which picks are rejected, and of the picks of a segmenter.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    dirt_probability, least_speck, clearance : SliderField
        Sliders of the dirt; the clearance only while a segmenter was chosen for picking.
    probability, least_area, greatest_area, erosion : SliderField
        Sliders of the components, hidden unless the detector is a segmenter.
    counts : Hint
        Number of picks on dirt, or why they are not rejected.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        segmenting = self.session.segmenting
        self._fields = fields = StageFields(self.session, "segmenter", lambda: segmenting.plan)
        self.dirt_probability = fields.slider("dirt_probability", 0, 1, label="P(dirt)")
        self.least_speck = fields.slider("least_speck", 0, 2)
        self.clearance = fields.slider("clearance", 0, 2)
        self.counts = Hint(self)
        dirt = QGroupBox("Dirt: ice and carbon")
        dirt.setLayout(column(self.dirt_probability, self.least_speck, self.clearance, self.counts))
        self.probability = fields.slider("particle_probability", 0, 1, label="P(particle)")
        self.least_area = fields.slider("least_area", 0, 2)
        self.greatest_area = fields.slider("greatest_area", 0.5, 1000, axis=LogAxis)
        self.erosion = fields.slider("erosion", 0, 0.5)
        self._components = QGroupBox("Picks: areas of particles")
        self._components.setLayout(
            column(self.probability, self.least_area, self.greatest_area, self.erosion)
        )
        self.setLayout(column(dirt, self._components))
        self.listen(self.session.settings_changed, self._show)
        self.listen(self.session.current.points_changed, self._show)
        self.listen(self.session.current.states_changed, self._show)
        self._show()

    def _show(self) -> None:
        plan, decision = self.session.plan, self.session.current.decision
        rejects = self.session.segmenting.rejects
        self.clearance.setVisible(rejects)
        self._components.setVisible(plan is not None and plan.picks_by_segmentation)
        self._fields.show()
        if not rejects:
            self.counts.say(_NO_VETO if plan is not None else "")
        else:
            self.counts.say("" if decision is None else decision.describe_dirt())
