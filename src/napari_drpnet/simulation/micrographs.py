"""Simulation of one micrograph with known truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import inside, nearest_pixels
from napari_drpnet.base.segmentation import CARBON, ICE
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.simulation.class_map import ClassMap
from napari_drpnet.simulation.exposure import Exposure
from napari_drpnet.simulation.parameters import SimulationParameters
from napari_drpnet.simulation.scene import Scene
from napari_drpnet.simulation.structures import Structure, make_shape

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SimulatedMicrograph:
    """A simulated micrograph with the positions of its particles and the class of each pixel.

    Parameters
    ----------
    micrograph : Micrograph
        Micrograph with electron counts per pixel in float32.
    centers_yx : (n, 2) float array
        True centres ``(y, x)`` in unbinned pixels of the particles that do not lie on dirt.
    diameter_angstrom : float
        Particle diameter in Å.
    classes : (ny, nx) uint8 array
        Class of each pixel, numbered as in `napari_drpnet.base.segmentation`. Particles and protein
        dirt are where the projected potential exceeds 10 % of the maximum of the object, before
        defocus. The class is unknown beyond the beam and in a border of zeros.
    on_dirt_yx : (m, 2) float array
        Centres ``(y, x)`` in unbinned pixels of particles that lie on ice or carbon. It is empty
        unless the parameter `on_dirt` lets particles lie there.
    kinds : (n,) int array
        Index of the structure of each particle in `centers_yx`.
    rotations : (n, 3, 3) float array
        Matrices by which the points ``(z, y, x)`` of the structures were rotated.
    """

    micrograph: Micrograph
    centers_yx: Floats
    diameter_angstrom: float
    classes: ClassMap
    on_dirt_yx: Floats
    kinds: NDArray[np.intp]
    rotations: Floats


def simulate_micrograph(
    parameters: SimulationParameters, structures: Sequence[Structure] = (), seed: int = 0
) -> SimulatedMicrograph:
    """Simulate a micrograph of particles in random orientations.

    Parameters
    ----------
    parameters : SimulationParameters
        Parameters of sample, optics and exposure.
    structures : sequence of Structure
        Structures to choose from for each particle. If the parameters set a diameter, all are
        scaled to it. If empty, a rounded analytic shape is used.
    seed : int
        Seed of the random generators. The same seed gives the same micrograph.

    Returns
    -------
    SimulatedMicrograph
        Micrograph with the centres of all particles in the frame, except those in a border of
        zeros. No particle lies beyond the beam. None lies on carbon, a crystal, a crack or a rod,
        unless the parameter `on_dirt` is set.
    """
    rng = np.random.default_rng(seed)
    structures = _at_size(structures, parameters.diameter_angstrom, rng)
    diameter = float(np.mean([structure.diameter_angstrom for structure in structures]))
    scene = Scene(parameters, diameter, rng, seed)
    centers = scene.place_particles()
    kinds, rotations = scene.add_particles(structures, centers)
    scene.add_debris(structures, centers)
    scene.add_aggregates()
    exposure = Exposure(scene)
    pixels = exposure.detect(exposure.expect()).astype(np.float32)
    classes = scene.classes()
    seen = inside(centers, scene.shape, parameters.zero_border_px)
    centers, kinds, rotations = centers[seen], kinds[seen], rotations[seen]
    # Particles under an aggregate count as seen where no particle is placed on dirt.
    on_dirt = np.isin(classes[nearest_pixels(classes.shape, centers)], (ICE, CARBON))
    on_dirt &= parameters.on_dirt > 0
    return SimulatedMicrograph(
        Micrograph(pixels, parameters.pixel_size_angstrom),
        centers[~on_dirt],
        diameter,
        classes,
        centers[on_dirt],
        kinds[~on_dirt],
        rotations[~on_dirt],
    )


def _at_size(
    structures: Sequence[Structure], diameter_angstrom: float | None, rng: np.random.Generator
) -> list[Structure]:
    if not structures:
        return [make_shape("blob", diameter_angstrom or 180.0, rng)]
    return [structure.scaled_to(diameter_angstrom) for structure in structures]
