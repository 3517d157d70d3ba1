"""Add a kind of detector: particles are the brightest places of the blurred view.

Run ``python examples/add_a_detector.py [FOLDER]``. The default is a new temporary folder.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter
from torch import nn

import napari_drpnet as drpnet
from napari_drpnet.picking.detectors.families import FAMILIES
from napari_drpnet.picking.detectors.peaks import Candidates
from napari_drpnet.picking.detectors.protocol import Picture
from napari_drpnet.picking.networks.build import DETECTORS
from napari_drpnet.picking.networks.card import DetectorCard
from napari_drpnet.picking.networks.weights import save_network
from napari_drpnet.simulation.parameters import SimulationParameters


@dataclass(frozen=True)
class Spots:
    """The evidence in one micrograph: the blurred view, and where it is dirty."""

    blurred: np.ndarray
    dirt: np.ndarray
    units, nbytes = "absolute", 0

    def candidates(self, peaks):
        places = np.argwhere(maximum_filter(self.blurred, 7) == self.blurred)
        height = self.blurred[tuple(places.T)].astype(float)
        return Candidates(places.astype(float), height, height)

    def picture(self, peaks):
        return Picture(self.blurred, limit=1.0)


class SpotFamily:
    """Detectors of this kind. One with a network would run it in `detect`."""

    def detect(self, view, network, parameters, job):
        particle_px = network.card.particle_px
        blurred = gaussian_filter(view.image, particle_px / 4).astype(np.float32)
        return Spots(blurred, dirt=gaussian_filter(view.image, particle_px) > 1.5)

    def find_polarity(self, view, network, parameters, job):
        return False, 0.0  # not known: particles count as dark


# The architecture that the card of a weights file names decides which detector runs.
DETECTORS["spots"], FAMILIES["spots"] = nn.Identity, SpotFamily()


def main(folder: Path) -> None:
    """Run the example in a folder."""
    card = DetectorCard(
        architecture="spots", particle_px=9, threshold=0.5, licence="none", trained_on="nothing"
    )
    save_network(folder / "spots.safetensors", {}, card)
    micrograph = drpnet.simulate_micrograph(SimulationParameters(particles=100)).micrograph
    asked = {"weights": str(folder / "spots.safetensors")}
    given = drpnet.PickParameters(particle={"diameter_angstrom": 180}, detector=asked)
    print(f"{drpnet.pick(micrograph, given).accepted.sum()} of 100 particles")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
