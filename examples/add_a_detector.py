"""Add a kind of detector: particles are the brightest places of the blurred view."""

import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter
from torch import nn

import napari_drpnet as drpnet
from napari_drpnet.picking.detectors import families, peaks, protocol
from napari_drpnet.picking.networks import build, card, weights
from napari_drpnet.simulation.parameters import SimulationParameters


class Spots(NamedTuple):
    """The evidence in one micrograph: the blurred view, and where it is dirty."""

    blurred: np.ndarray
    dirt: np.ndarray
    units: str = "absolute"
    nbytes: int = 0  # memory, for the cache of the window

    def candidates(self, *_):
        places = np.argwhere(maximum_filter(self.blurred, 7) == self.blurred)
        height = self.blurred[tuple(places.T)].astype(float)
        return peaks.Candidates(places.astype(float), height, height)

    def picture(self, *_):
        return protocol.Picture(self.blurred, limit=1.0)


class SpotFamily:
    """Detectors of this kind. One with a network would run it in `detect`."""

    def detect(self, view, network, *_):
        size = network.card.particle_px
        blurred = gaussian_filter(view.image, size / 4).astype(np.float32)
        return Spots(blurred, gaussian_filter(view.image, size) > 1.5)

    def find_polarity(self, *_):
        return False, 0.0  # not known: particles count as dark


# The architecture that the card of a weights file names decides which detector runs.
build.DETECTORS["spots"], families.FAMILIES["spots"] = nn.Identity, SpotFamily()


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    about = {"architecture": "spots", "licence": "none", "trained_on": "nothing"}
    own = folder / "spots.safetensors"
    weights.save_network(own, {}, card.DetectorCard(particle_px=9, threshold=0.5, **about))
    micrograph = drpnet.simulate_micrograph(SimulationParameters(particles=100)).micrograph
    asked = {"particle": {"diameter_angstrom": 180}, "detector": {"weights": str(own)}}
    picks = drpnet.pick(micrograph, drpnet.PickParameters.model_validate(asked))
    print(f"{picks.accepted.sum()} of 100 particles")
