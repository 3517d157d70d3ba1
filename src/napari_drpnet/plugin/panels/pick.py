"""The first stage: from a diameter to picks."""

import napari

from napari_drpnet.plugin.fields.controls import column
from napari_drpnet.plugin.panels.advice import AdvicePanel
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.particle import ParticlePanel
from napari_drpnet.plugin.panels.peaks import PeaksPanel
from napari_drpnet.plugin.panels.run import RunPanel


class PickPanel(Panel):
    """Particle and detector, the buttons that pick, advice, and sliders that choose among picks.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    particle : ParticlePanel
        What is looked for.
    run : RunPanel
        The buttons that pick.
    advice : AdvicePanel
        What is odd about the result.
    peaks : PeaksPanel
        How candidates become picks.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.particle = ParticlePanel(napari_viewer)
        self.run = RunPanel(napari_viewer)
        self.advice = AdvicePanel(napari_viewer)
        self.peaks = PeaksPanel(napari_viewer)
        layout = column(self.particle, self.run, self.advice, self.peaks, margin=8)
        layout.addStretch(1)
        self.setLayout(layout)
