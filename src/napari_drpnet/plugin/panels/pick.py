"""Panel Pick: particle and detector, the buttons that pick, advice, and sliders."""

import napari

from napari_drpnet.plugin.fields.controls import column
from napari_drpnet.plugin.panels.advice import AdvicePanel
from napari_drpnet.plugin.panels.lowpass import LowpassPanel
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.particle import ParticlePanel
from napari_drpnet.plugin.panels.peaks import PeaksPanel
from napari_drpnet.plugin.panels.run import RunPanel


class PickPanel(Panel):
    """Panel that finds the particles of a micrograph.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    particle : ParticlePanel
        Form of the particle and the detector.
    run : RunPanel
        Buttons that pick.
    advice : AdvicePanel
        Advice about the result.
    peaks : PeaksPanel
        Settings that turn the distance map into picks.
    lowpass : LowpassPanel
        Low-pass of the displayed micrograph.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.particle = ParticlePanel(napari_viewer)
        self.run = RunPanel(napari_viewer)
        self.advice = AdvicePanel(napari_viewer)
        self.peaks = PeaksPanel(napari_viewer)
        self.lowpass = LowpassPanel(napari_viewer)
        layout = column(self.particle, self.run, self.advice, self.peaks, margin=8)
        layout.addStretch(1)
        layout.addWidget(self.lowpass)
        self.setLayout(layout)
