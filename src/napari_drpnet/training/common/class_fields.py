"""Training fields of a segmenter: preprocessed micrographs with the class of each pixel."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.class_maps import resample_classes
from napari_drpnet.base.segmentation import PARTICLE, UNKNOWN
from napari_drpnet.images.preprocess import NetworkImage, stack_channels
from napari_drpnet.simulation import Structure, draws, simulate_micrograph
from napari_drpnet.simulation.parameters import SimulationParameters
from napari_drpnet.training.common.fields import (
    Field,
    make_fainter,
    polarity_of,
    random_look,
    random_parameters,
    random_structure,
)
from napari_drpnet.training.common.recipe import CLEAN, DirtMixture, HardFields

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
ClassMap = NDArray[np.uint8]

#: Channels of the input, as on the card of a segmenter.
INPUTS = ("view", "grey")
#: Target that is no class: a pixel of a real micrograph that is known to have no particles.
NO_PARTICLE = 254
#: Detectability d' of the faintest particles. The shape of fainter ones cannot be seen.
LEAST_DETECTABILITY = 2.5
_NO_DIRT: dict[str, Any] = {
    "carbon": False,
    "ice_crystals": 0,
    "crystalline_ice": 0.0,
    "junk": 0,
    "debris": 0,
    "cubic_ice": 0.0,
    "stain_plateaus": 0,
}
_NOWHERE = np.empty((0, 2))
#: Distances from centres, particle diameters, up to which pixels are particles, and from which on
#: they are not, where only centres are known.
_PARTICLE_REACH, _OTHER_REACH = 0.35, 0.6


@dataclass(frozen=True, eq=False)
class ClassField:
    """Input of a segmenter with the true class of each pixel.

    Parameters
    ----------
    inputs : (2, h, w) float16 array
        Channels `INPUTS` of the preprocessed micrograph.
    classes : (h, w) uint8 array
        Class of each pixel, numbered as in `napari_drpnet.base.segmentation`; `MIXED` if several
        classes cover it, `NO_PARTICLE` if it is known not to be a particle.
    centers_yx : (n, 2) float array
        Centres of the particles that do not lie on dirt ``(y, x)``, network pixels.
    on_dirt_yx : (m, 2) float array
        Centres of the particles on dirt ``(y, x)``, network pixels.
    valid : (h, w) bool array or None
        Mask of the pixels that are not blank; None if all are valid.
    """

    inputs: NDArray[np.float16]
    classes: ClassMap
    centers_yx: Floats
    on_dirt_yx: Floats
    valid: Mask | None = None

    @property
    def detected(self) -> Field:
        """The field as a detector sees it."""
        return Field(self.inputs[0], self.centers_yx, self.valid)

    @classmethod
    def of(
        cls,
        view: NetworkImage,
        classes: ClassMap,
        centers_yx: Floats = _NOWHERE,
        on_dirt_yx: Floats = _NOWHERE,
    ) -> "ClassField":
        """Make a field of a preprocessed micrograph.

        Parameters
        ----------
        view : NetworkImage
            Preprocessed micrograph with its grey values.
        classes : (ny, nx) uint8 array
            Class map, edge to edge with the micrograph but of any size.
        centers_yx, on_dirt_yx : (n, 2) float array
            Centres of particles beside and on dirt ``(y, x)``, unbinned pixels.
        """
        classes = resample_classes(classes, view.frame.network_shape)
        if view.valid is not None:
            classes = np.where(view.valid, classes, np.uint8(UNKNOWN))
        inputs = stack_channels(view, INPUTS).astype(np.float16)
        to_network = view.frame.to_network
        return cls(inputs, classes, to_network(centers_yx), to_network(on_dirt_yx), view.valid)


def classes_from_centers(
    shape: tuple[int, int], centers_yx: Floats, diameter_px: float
) -> ClassMap:
    """Return what the centres of particles tell about the classes of pixels.

    Parameters
    ----------
    shape : (int, int)
        Shape ``(ny, nx)`` of the micrograph.
    centers_yx : (n, 2) float array
        Centres ``(y, x)`` of all particles, pixels.
    diameter_px : float
        Particle diameter, pixels.

    Returns
    -------
    (ny, nx) uint8 array
        `PARTICLE` near a centre, `NO_PARTICLE` far from all, 0 (unknown) at outlines.
    """
    from scipy.spatial import cKDTree

    if not len(centers_yx):
        return np.full(shape, NO_PARTICLE, np.uint8)
    places = np.indices(shape).reshape(2, -1).T
    distance, _ = cKDTree(centers_yx).query(places, distance_upper_bound=diameter_px)
    classes = np.full(len(places), UNKNOWN, np.uint8)
    classes[distance < _PARTICLE_REACH * diameter_px] = PARTICLE
    classes[distance > _OTHER_REACH * diameter_px] = NO_PARTICLE
    return classes.reshape(shape)


def random_class_fields(
    seed: int,
    structures: Sequence[Structure],
    particle_px: float,
    looks: int,
    mixture: DirtMixture,
    hard: HardFields = CLEAN,
    spectrum: Sequence[float] | None = None,
) -> list[ClassField]:
    """Simulate one random micrograph and return `looks` augmented views of it.

    Parameters
    ----------
    seed, structures, particle_px, looks
        As for `random_fields`.
    mixture : DirtMixture
        Shares of micrographs with dirt.
    hard : HardFields
        Shares of micrographs that are harder than usual for other reasons.
    spectrum : sequence of float, optional
        Background spectrum that the network expects; see `preprocess`.

    Returns
    -------
    list of ClassField
        The views, `looks` of them.
    """
    rng = np.random.default_rng(seed)
    structure = random_structure(structures, rng)
    parameters = random_parameters(structure.diameter_angstrom, rng, hard)
    parameters = parameters.model_copy(update=_NO_DIRT)
    parameters = parameters.model_copy(update=random_dirt(parameters, mixture, rng))
    simulated = simulate_micrograph(parameters, [structure], seed)
    centers, pixels = simulated.centers_yx, np.asarray(simulated.micrograph.pixels, float)
    if len(centers) and draws.chance(rng, hard.noisy):
        pixels = make_fainter(pixels, centers, rng, LEAST_DETECTABILITY)
    look = partial(random_look, pixels, particle_px, polarity_of(parameters), spectrum, hard.blank)
    views = (look(rng, grey=True) for _ in range(looks))
    return [ClassField.of(view, simulated.classes, centers, simulated.on_dirt_yx) for view in views]


def random_dirt(
    parameters: SimulationParameters, mixture: DirtMixture, rng: np.random.Generator
) -> dict[str, Any]:
    """Draw parameters of the dirt of a micrograph: none, some kinds, or nothing but dirt.

    Parameters
    ----------
    parameters : SimulationParameters
        Parameters of the micrograph without dirt.
    mixture : DirtMixture
        Shares of micrographs with dirt.
    rng : Generator
        Random number generator.

    Returns
    -------
    dict
        Parameters to change.
    """
    chance = partial(draws.chance, rng)
    gradient = {"thickness_gradient": draws.log_uniform(rng, 1.2, 6.0)} if chance(0.15) else {}
    kind = rng.random()
    if kind < mixture.covered:
        return gradient | _cover(parameters, rng)
    if kind > mixture.covered + mixture.dirt:
        return gradient
    kinds = (_films, _crystals, _protein, _small)
    update = gradient | _few_particles(rng)
    for number in rng.permutation(len(kinds))[: int(rng.integers(1, 5))]:
        update |= kinds[number](rng)
    if parameters.negative_stain and chance(0.3):
        update["stain_plateaus"] = int(rng.integers(1, 6))
    if chance(mixture.on_dirt):
        update["on_dirt"] = draws.log_uniform(rng, 0.1, 1.0)
    return update


def _cover(parameters: SimulationParameters, rng: np.random.Generator) -> dict[str, Any]:
    """Draw parameters of a frame that is all crystalline ice or all carbon, with few particles."""
    if draws.chance(rng, 0.5) and not parameters.negative_stain:
        return {"crystalline_ice": draws.log_uniform(rng, 0.05, 0.3), "particles": 0}
    film = {"carbon": True, "carbon_shape": "all", "on_dirt": 1.0}
    return film | {"particles": parameters.particles // 3 if draws.chance(rng, 0.4) else 0}


def _few_particles(rng: np.random.Generator) -> dict[str, Any]:
    """Remove the particles of a tenth of the micrographs with dirt."""
    return {"particles": 0} if draws.chance(rng, 0.1) else {}


def _films(rng: np.random.Generator) -> dict[str, Any]:
    """Draw parameters of a carbon or gold film with holes of all sizes."""
    shape = str(rng.choice(["random", "hole", "holes"], p=[0.3, 0.45, 0.25]))
    return {"carbon": True, "carbon_shape": shape, "gold": draws.chance(rng, 0.3)}


def _crystals(rng: np.random.Generator) -> dict[str, Any]:
    """Draw numbers of ice crystals and drops from half a diameter to several."""
    chance = partial(draws.chance, rng)
    return {
        "ice_crystals": int(rng.integers(1, 12)) if chance(0.6) else 0,
        "ice_drops": int(draws.log_uniform(rng, 1, 10)) if chance(0.6) else 0,
    }


def _small(rng: np.random.Generator) -> dict[str, Any]:
    """Draw numbers of sharp crystals of similar size and of cracks, and the contrast of cubes."""
    kind = rng.random()
    if kind < 0.4:
        return {"hexagonal_ice": int(draws.log_uniform(rng, 2, 60))}
    if kind < 0.75:
        return {"cubic_ice": draws.log_uniform(rng, 0.03, 0.4)}
    return {"cracks": int(rng.integers(1, 5))}


def _protein(rng: np.random.Generator) -> dict[str, Any]:
    """Draw numbers of aggregates, pieces of debris and rods."""
    chance = partial(draws.chance, rng)
    return {
        "junk": int(rng.integers(1, 9)) if chance(0.6) else 0,
        "debris": int(draws.log_uniform(rng, 2, 40)) if chance(0.6) else 0,
        "rods": int(rng.integers(1, 9)) if chance(0.45) else 0,
    }
