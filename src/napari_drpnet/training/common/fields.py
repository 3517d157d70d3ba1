"""Training fields: random simulated micrographs, preprocessed for a network."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.images.preprocess import NetworkImage, Polarity, blur_wide, preprocess
from napari_drpnet.simulation import SHAPES, Structure, draws, make_shape, simulate_micrograph
from napari_drpnet.simulation.noise import (
    add_noise,
    coloured_noise,
    measure_detectability,
    random_spectrum,
    white,
)
from napari_drpnet.simulation.parameters import SimulationParameters
from napari_drpnet.training.common.recipe import STANDARD, HardFields

Floats = NDArray[np.float64]
Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

#: Particle diameter and side of a simulated field, pixels.
_DIAMETER_PX = 32.0
_SIDE_PX = 672
_SHAPE_SHARE = 0.5
_SIZE_JITTER = 0.18
#: Detectability d' of the faintest particles, and share of noise that is not white.
_LEAST_DETECTABILITY, _COLOURED_SHARE = 1.6, 0.7


@dataclass(frozen=True, eq=False)
class Field:
    """Preprocessed image with the true positions of its particles.

    Parameters
    ----------
    image : (h, w) float16 array
        Normalised image, particles bright.
    centers_yx : (n, 2) float array
        Centres of the particles ``(y, x)``, network pixels.
    valid : (h, w) bool array or None
        Mask of the pixels that are not blank, as in `NetworkImage`; None if all are valid.
    """

    image: NDArray[np.float16]
    centers_yx: Floats
    valid: Mask | None = None

    @property
    def extent(self) -> tuple[float, float]:
        """Height and width of a frame with the area of the valid pixels, network pixels."""
        share = 1.0 if self.valid is None else float(self.valid.mean())
        height, width = np.sqrt(share) * np.array(self.image.shape)
        return float(height), float(width)

    @classmethod
    def of(cls, view: NetworkImage, centers_yx: Floats) -> "Field":
        """Make a field of a preprocessed micrograph and its centres ``(n, 2)``, unbinned pixels."""
        return cls(view.image.astype(np.float16), view.frame.to_network(centers_yx), view.valid)


def random_fields(
    seed: int,
    structures: Sequence[Structure],
    particle_px: float,
    looks: int,
    hard: HardFields = STANDARD,
    spectrum: Sequence[float] | None = None,
) -> list[Field]:
    """Simulate one random micrograph and return `looks` augmented views of it.

    Parameters
    ----------
    seed : int
        Seed of the random numbers; the same seed gives the same fields.
    structures : sequence of Structure
        Structures to draw from. Half of the micrographs show simple shapes instead.
    particle_px : float
        Nominal particle diameter, network pixels.
    looks : int
        Number of augmented views.
    hard : HardFields
        Shares of micrographs that are harder than usual.
    spectrum : sequence of float, optional
        Background spectrum that the network expects; see `preprocess`.

    Returns
    -------
    list of Field
        The views, `looks` of them.
    """
    rng = np.random.default_rng(seed)
    structure = random_structure(structures, rng)
    parameters = random_parameters(structure.diameter_angstrom, rng, hard)
    simulated = simulate_micrograph(parameters, [structure], seed)
    centers, pixels = simulated.centers_yx, np.asarray(simulated.micrograph.pixels, float)
    if draws.chance(rng, hard.noisy):
        pixels = make_fainter(pixels, centers, rng)
    look = partial(random_look, pixels, particle_px, polarity_of(parameters), spectrum, hard.blank)
    return [Field.of(look(rng), centers) for _ in range(looks)]


def random_structure(structures: Sequence[Structure], rng: np.random.Generator) -> Structure:
    """Draw one of the structures, or in half of the cases a simple shape of random diameter."""
    if not structures or rng.random() < _SHAPE_SHARE:
        return make_shape(str(rng.choice(SHAPES)), np.exp(rng.uniform(4.4, 5.9)), rng)
    return structures[int(rng.integers(len(structures)))]


def polarity_of(parameters: SimulationParameters) -> Polarity:
    """Return the contrast of particles in simulated micrographs."""
    return "bright" if parameters.negative_stain else "dark"


def random_look(
    pixels: Floats,
    particle_px: float,
    polarity: Polarity,
    spectrum: Sequence[float] | None,
    blank: float,
    rng: np.random.Generator,
    grey: bool = False,
) -> NetworkImage:
    """Augment and preprocess a simulated micrograph.

    Parameters
    ----------
    pixels : (ny, nx) float array
        Simulated micrograph.
    particle_px : float
        Nominal particle diameter, network pixels; that of the look differs by up to 18 %.
    polarity : {'dark', 'bright'}
        Contrast of the particles.
    spectrum : sequence of float or None
        Background spectrum that the network expects; see `preprocess`.
    blank : float
        Probability of a blank part.
    rng : Generator
        Random number generator.
    grey : bool
        Whether to also compute the grey values; see `preprocess`.

    Returns
    -------
    NetworkImage
    """
    augmented = augment(pixels, rng)
    if draws.chance(rng, blank):
        augmented = blank_out(augmented, rng)
    jitter = np.exp(rng.uniform(-_SIZE_JITTER, _SIZE_JITTER))
    diameter_px = _DIAMETER_PX * jitter
    return preprocess(augmented, diameter_px, particle_px, polarity, spectrum=spectrum, grey=grey)


def make_fainter(
    pixels: Floats,
    centers_yx: Floats,
    rng: np.random.Generator,
    least: float = _LEAST_DETECTABILITY,
) -> Floats:
    """Add white or coloured noise to reduce the detectability of particles.

    Parameters
    ----------
    pixels : (ny, nx) float array
        Simulated micrograph.
    centers_yx : (n, 2) float array
        Centres of the particles ``(y, x)``, pixels.
    rng : Generator
        Random number generator.
    least : float
        Least d' of the particles.

    Returns
    -------
    (ny, nx) float array
        Micrograph in which particles have a d' between `least` and the present value. Without
        particles, noise of half to four times the standard deviation is added.
    """
    spectrum = random_spectrum(_DIAMETER_PX, rng) if draws.chance(rng, _COLOURED_SHARE) else white
    present = measure_detectability(pixels, centers_yx, _DIAMETER_PX)
    if len(centers_yx) and present > least:
        wanted = draws.log_uniform(rng, least, present)
        return add_noise(pixels, centers_yx, _DIAMETER_PX, wanted, spectrum, rng)
    if len(centers_yx):
        return pixels
    strength = pixels.std() * draws.log_uniform(rng, 0.5, 4)
    noise = coloured_noise((pixels.shape[0], pixels.shape[1]), spectrum, rng)
    return np.asarray(pixels + strength * noise)


def blank_out(image: Image, rng: np.random.Generator) -> Image:
    """Blank a random part of an image: a border, the area outside a round beam, or a rectangle."""
    height, width = image.shape
    y, x = np.indices((height, width))
    side = min(image.shape)
    kind = rng.integers(3)
    if kind == 0:
        depth = np.minimum(np.minimum(y, height - 1 - y), np.minimum(x, width - 1 - x))
        blank = depth < rng.uniform(0.02, 0.15) * side
    elif kind == 1:
        radius, angle = side * rng.uniform(0.6, 1.5), rng.uniform(0, 2 * np.pi)
        reach = radius - side * rng.uniform(0.0, 0.35)
        center = side / 2 + reach * np.array([np.sin(angle), np.cos(angle)])
        blank = np.hypot(y - center[0], x - center[1]) > radius
    else:
        low = rng.uniform(0, 0.8, 2) * side
        high = low + rng.uniform(0.05, 0.4, 2) * side
        blank = (y > low[0]) & (y < high[0]) & (x > low[1]) & (x < high[1])
    level = image.min() - rng.uniform(0, 1) * np.ptp(image)
    return np.where(blank, level, image).astype(np.float32)


def random_parameters(
    diameter_angstrom: float, rng: np.random.Generator, hard: HardFields = STANDARD
) -> SimulationParameters:
    """Draw random parameters of a micrograph: specimen, optics and contamination."""
    drawn = _usual_parameters(diameter_angstrom, rng)
    kind = rng.random()
    if kind < hard.faint:
        drawn = drawn.model_copy(update=_faint(rng))
    elif kind < hard.faint + hard.empty:
        drawn = drawn.model_copy(update=_empty(rng))
    elif kind < hard.faint + hard.empty + hard.dirty:
        drawn = drawn.model_copy(update=_dirt(rng, 2, 12, 0.6))
    return drawn.model_copy(update=_film_and_debris(drawn, hard, rng))


def _film_and_debris(
    drawn: SimulationParameters, hard: HardFields, rng: np.random.Generator
) -> dict[str, Any]:
    """Draw parameters of an uneven film, and of debris and crystals that look like particles."""
    log_uniform, chance = partial(draws.log_uniform, rng), partial(draws.chance, rng)
    stain = drawn.negative_stain
    update: dict[str, Any] = {}
    if chance(hard.uneven):
        update["film_unevenness"] = log_uniform(0.1, 1.2) if stain else log_uniform(0.04, 0.5)
        update["film_scale"] = log_uniform(0.12, 4.0)
    if stain and chance(hard.stained):
        update["stain_puddles"] = int(rng.integers(0, 12))
        update["stain_plateaus"] = int(rng.integers(0, 6))
    if chance(hard.debris):
        update["debris"] = int(log_uniform(2, 40))
    if chance(hard.cubic):
        update["cubic_ice"] = log_uniform(0.03, 0.4)
        update["particles"] = drawn.particles if chance(0.5) else 0
    return update


def _usual_parameters(diameter_angstrom: float, rng: np.random.Generator) -> SimulationParameters:
    log_uniform, chance = partial(draws.log_uniform, rng), partial(draws.chance, rng)
    crystalline = chance(0.06)
    return SimulationParameters(
        height_px=_SIDE_PX,
        width_px=_SIDE_PX,
        pixel_size_angstrom=diameter_angstrom / _DIAMETER_PX,
        particles=0 if crystalline or chance(0.08) else int(log_uniform(15, 350)),
        min_distance=rng.uniform(0.6, 1.2),
        clumped=rng.uniform(0, 0.7) if chance(0.4) else 0.0,
        voltage_kv=float(rng.choice([200.0, 300.0])),
        defocus_um=log_uniform(0.5, 3.5),
        dose=log_uniform(3, 60),
        b_factor=log_uniform(50, 600),
        ice_thickness_angstrom=rng.uniform(100, 1200),
        ice_variation=rng.uniform(0, 0.15),
        carbon=chance(0.2),
        ice_crystals=int(rng.integers(1, 12)) if chance(0.3) else 0,
        crystalline_ice=log_uniform(0.02, 0.2) if crystalline else 0.0,
        junk=int(rng.integers(1, 8)) if chance(0.3) else 0,
        hot_pixels=int(rng.integers(1, 30)) if chance(0.1) else 0,
        negative_stain=chance(0.25),
    )


def _faint(rng: np.random.Generator) -> dict[str, Any]:
    """Draw parameters of a faint field: low dose, near focus, strong envelope, rarely in stain."""
    log_uniform = partial(draws.log_uniform, rng)
    stain = {} if draws.chance(rng, 0.85) else {"negative_stain": False}
    return stain | {
        "particles": int(log_uniform(30, 250)),
        "dose": log_uniform(4, 14),
        "defocus_um": log_uniform(0.5, 1.3),
        "b_factor": log_uniform(150, 600),
        "crystalline_ice": 0.0,
    }


def _empty(rng: np.random.Generator) -> dict[str, Any]:
    """Draw parameters of a field without particles: dirt, and in half of them crystalline ice."""
    film = draws.log_uniform(rng, 0.02, 0.3) if draws.chance(rng, 0.5) else 0.0
    return _dirt(rng, 0, 14, 0.4) | {
        "particles": 0,
        "crystalline_ice": film,
        "ice_variation": rng.uniform(0, 0.2),
    }


def _dirt(rng: np.random.Generator, least: int, most: int, carbon: float) -> dict[str, Any]:
    """Draw numbers of ice crystals and junk, and carbon with a probability."""
    return {
        "ice_crystals": int(rng.integers(least, most)),
        "junk": int(rng.integers(least // 2, 9)),
        "carbon": draws.chance(rng, carbon),
    }


def augment(pixels: NDArray[np.floating], rng: np.random.Generator) -> Image:
    """Augment a micrograph as other programs might have processed it.

    Parameters
    ----------
    pixels : (ny, nx) array
        Micrograph, in any units.
    rng : Generator
        Random number generator.

    Returns
    -------
    (ny, nx) float32 array
        Micrograph that is filtered, denoised, normalised, made noisier or reduced to 8 bits.
    """
    from scipy import ndimage

    image = np.asarray(pixels, np.float32)
    low, high = np.percentile(image, [0.5, 99.5])
    image = np.clip((image - low) / max(high - low, 1e-6), -0.5, 1.5)
    draw = rng.random(6)
    if draw[0] < 0.2:
        side = int(rng.choice([3, 5, 7]))
        image = _wiener(image, side)
    if draw[1] < 0.25:
        image = ndimage.gaussian_filter(image, rng.uniform(0.5, 2.5))
    elif draw[1] < 0.35:
        image = ndimage.median_filter(image, int(rng.choice([3, 5])))
    if draw[2] < 0.2:
        wide = rng.uniform(1.0, 5.0) * _DIAMETER_PX
        deviation = image - blur_wide(image, wide)
        spread = np.sqrt(np.maximum(blur_wide(deviation**2, wide), 0))
        image = np.asarray(deviation / np.maximum(spread, 1e-3) / 6 + 0.5, np.float32)
    if draw[3] < 0.3:
        image = np.clip(image, 0, 1) ** np.float32(rng.uniform(0.6, 1.6))
    if draw[4] < 0.25:
        noise = rng.normal(0, image.std() * rng.uniform(0.2, 1.2), image.shape)
        image = image + noise.astype(np.float32)
    if draw[5] < 0.3:
        image = np.round(np.clip(image, 0, 1) * 255) / np.float32(255)
    return np.asarray(image, np.float32)


def _wiener(image: Image, side: int) -> Image:
    """Apply a Wiener filter by local variance (Lim 1990), also where the image is flat."""
    from scipy.ndimage import uniform_filter

    mean = uniform_filter(image, side)
    variance = np.maximum(uniform_filter(image**2, side) - mean**2, 1e-12)
    noise = variance.mean()
    return np.asarray(mean + np.maximum(1 - noise / variance, 0) * (image - mean), np.float32)
