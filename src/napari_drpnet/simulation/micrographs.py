"""Simulation of one micrograph with known truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import inside
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.simulation import contamination, optics
from napari_drpnet.simulation.debris import debris_piece, place_debris
from napari_drpnet.simulation.parameters import SimulationParameters
from napari_drpnet.simulation.stain import stain_relief
from napari_drpnet.simulation.structures import PROTEIN_CONTRAST_VOLT, Structure, make_shape

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SimulatedMicrograph:
    """A simulated micrograph with the positions of its particles.

    Parameters
    ----------
    micrograph : Micrograph
        Micrograph with electron counts per pixel in float32.
    centers_yx : (n, 2) float array
        True centres ``(y, x)`` in unbinned pixels.
    diameter_angstrom : float
        Particle diameter in Å.
    """

    micrograph: Micrograph
    centers_yx: Floats
    diameter_angstrom: float


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
        zeros. No particle lies on carbon, on a crystal or beyond the beam.
    """
    rng = np.random.default_rng(seed)
    structures = _at_size(structures, parameters.diameter_angstrom, rng)
    diameter = float(np.mean([structure.diameter_angstrom for structure in structures]))
    # Features with a separate generator do not change the random draws of all others.
    scene = _Scene(parameters, diameter, rng, np.random.default_rng((seed, 1)))
    centers = scene.place_particles()
    potential = np.zeros(scene.shape)
    for center in centers:
        structure = structures[int(rng.integers(len(structures)))]
        points = structure.points @ random_rotation(rng).T
        scene.project(potential, points, structure.weights, center)
    scene.add_debris(potential, structures, centers)
    expose = scene.expose_stain if parameters.negative_stain else scene.expose_ice
    pixels = scene.detect(expose(potential)).astype(np.float32)
    return SimulatedMicrograph(
        Micrograph(pixels, parameters.pixel_size_angstrom),
        centers[inside(centers, scene.shape, parameters.zero_border_px)],
        diameter,
    )


def random_rotation(rng: np.random.Generator) -> Floats:
    """Return a rotation matrix ``(3, 3)`` drawn uniformly from all orientations."""
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_quat(rng.normal(size=4)).as_matrix())


def _at_size(
    structures: Sequence[Structure], diameter_angstrom: float | None, rng: np.random.Generator
) -> list[Structure]:
    if not structures:
        return [make_shape("blob", diameter_angstrom or 180.0, rng)]
    if diameter_angstrom is None:
        return list(structures)
    return [structure.scaled_to(diameter_angstrom) for structure in structures]


class _Scene:
    """The imaged area of a specimen: its frame, its obstacles, and the physics of one exposure."""

    def __init__(
        self,
        parameters: SimulationParameters,
        diameter_angstrom: float,
        rng: np.random.Generator,
        extra_rng: np.random.Generator,
    ) -> None:
        self.parameters = parameters
        self.rng = rng
        self.extra_rng = extra_rng
        self.shape = (parameters.height_px, parameters.width_px)
        self.pixel = parameters.pixel_size_angstrom
        self.diameter_angstrom = diameter_angstrom
        self.diameter_px = diameter_angstrom / self.pixel
        self.carbon = (
            contamination.carbon_film(self.shape, rng)
            if parameters.carbon
            else np.zeros(self.shape, bool)
        )
        self.crystal_transmission, self.crystals = contamination.ice_crystals(
            self.shape, parameters.ice_crystals, self.diameter_px, rng
        )
        if parameters.cubic_ice:
            transmission, crystals = contamination.cubic_ice(
                self.shape, parameters.cubic_ice, self.diameter_px, extra_rng
            )
            self.crystal_transmission *= transmission
            self.crystals |= crystals
        self.beam = (
            optics.beam_with_edge(self.shape, parameters.beam_edge, extra_rng)
            if parameters.beam_edge
            else None
        )

    def place_particles(self) -> Floats:
        """Draw the centres ``(n, 2)`` of particles, away from obstacles and from each other."""
        margin = 0.5 * self.diameter_px
        low, high = -margin, np.array(self.shape) + margin
        blocked = self._blocked()
        cells: dict[tuple[int, int], list[Floats]] = {}
        least = self.parameters.min_distance * self.diameter_px
        size = max(least, 1.0)
        placed: list[Floats] = []
        for _ in range(30 * self.parameters.particles):
            if len(placed) == self.parameters.particles:
                break
            if placed and self.rng.random() < self.parameters.clumped:
                angle = self.rng.uniform(0, 2 * np.pi)
                step = self.diameter_px * self.rng.uniform(0.85, 1.1)
                center = placed[int(self.rng.integers(len(placed)))] + step * np.array(
                    [np.sin(angle), np.cos(angle)]
                )
                reach = min(least, 0.8 * self.diameter_px)
            else:
                center, reach = self.rng.uniform(low, high), least
            row, column = np.floor(center / size).astype(int)
            near = (
                other
                for i in (row - 1, row, row + 1)
                for j in (column - 1, column, column + 1)
                for other in cells.get((i, j), ())
            )
            if blocked(center) or any(np.hypot(*(center - other)) < reach for other in near):
                continue
            placed.append(center)
            cells.setdefault((row, column), []).append(center)
        return np.array(placed).reshape(-1, 2)

    def _blocked(self) -> Callable[[Floats], bool]:
        """Return a test for positions too near to carbon, a crystal or the edge of the beam."""
        on_obstacle, beam = self._on_obstacle(), self.beam
        if beam is None:
            return on_obstacle
        least = 0.5 * self.diameter_px
        return lambda center: bool(beam.depth_at(center) < least) or on_obstacle(center)

    def _on_obstacle(self) -> Callable[[Floats], bool]:
        """Return a test for positions too near to carbon or a crystal."""
        from scipy import ndimage

        obstacles = self.carbon | self.crystals
        if not obstacles.any():
            return lambda center: False
        clearance = ndimage.distance_transform_edt(~obstacles)
        least = 0.45 * self.diameter_px
        high = np.array(self.shape) - 1

        def blocked(center: Floats) -> bool:
            y, x = np.clip(np.round(center), 0, high).astype(int)
            return bool(clearance[y, x] < least)

        return blocked

    def project(self, potential: Floats, points: Floats, weights: Floats, center: Floats) -> None:
        """Add the projection of a point cloud, centred at `center`, to `potential` (V·Å)."""
        from napari_drpnet.simulation.projection import spread_points

        positions = center + points[:, 1:] / self.pixel
        low = np.maximum(np.floor(positions.min(axis=0)).astype(int), 0)
        high = np.minimum(np.floor(positions.max(axis=0)).astype(int) + 2, self.shape)
        if (high <= low).any():
            return
        patch = spread_points(positions, weights, low, high)
        potential[low[0] : high[0], low[1] : high[1]] += patch / self.pixel**2

    def expose_ice(self, potential: Floats) -> Floats:
        """Return the expected counts per pixel of a vitrified specimen."""
        parameters, rng = self.parameters, self.rng
        self._add_junk(potential)
        thickness = parameters.ice_thickness_angstrom * (
            1 + parameters.ice_variation * optics.smooth_noise(self.shape, self._wide(), rng)
        ).clip(0.1)
        unevenness = self._unevenness()
        if unevenness is not None:
            thickness = thickness * (1 + unevenness).clip(0.05)
        # Density fluctuations of a slab grow with the square root of its volume.
        potential += rng.normal(size=self.shape) * np.sqrt(thickness) * 3.0 / self.pixel
        if parameters.carbon:
            grain = contamination.carbon_texture(self.shape, rng) * rng.uniform(150, 400)
            potential += self.carbon * (grain / self.pixel + rng.uniform(300, 900))
        phase = potential * optics.interaction_constant(parameters.voltage_kv)
        contrast = self._imaged(phase, amplitude_contrast=0.08)
        transmission = np.exp(-thickness / 3000) * self._film_transmission()
        transmission *= np.where(self.carbon, rng.uniform(0.7, 0.95), 1.0)
        if unevenness is not None:
            transmission *= (1 - self._particle_contrast() * unevenness).clip(0.05)
        return self._illuminated(transmission * (1 + contrast).clip(0.02))

    def _unevenness(self) -> Floats | None:
        """Return the relative deviation of the film thickness; None if the film is even."""
        deviation = self.parameters.film_unevenness
        if not deviation:
            return None
        length = self.parameters.film_scale * self.diameter_px
        return deviation * optics.smooth_noise(self.shape, length, self.extra_rng)

    def _particle_contrast(self) -> float:
        """Return the approximate relative contrast of a compact particle in ice.

        It is the contrast of a ball of protein after the transfer at one cycle per diameter or at
        frequency 0, whichever is stronger. An uneven film has this contrast times the deviation
        of its thickness, in addition to absorption, because unevenness of real ice hides particles
        more than absorption alone explains.
        """
        transfer = optics.contrast_transfer(
            np.array([0.0, self.diameter_angstrom**-2]),
            defocus_angstrom=self.parameters.defocus_um * 1e4,
            voltage_kv=self.parameters.voltage_kv,
            b_factor=self.parameters.b_factor,
        )
        phase = optics.interaction_constant(self.parameters.voltage_kv) * PROTEIN_CONTRAST_VOLT
        return float(np.abs(transfer).max() * phase * 2 / 3 * self.diameter_angstrom)

    def _film_transmission(self) -> Floats:
        """Return the transmission of the crystals and, if there is one, of a crystalline film."""
        strength = self.parameters.crystalline_ice
        if not strength:
            return self.crystal_transmission
        film = contamination.crystalline_film(self.shape, self.diameter_px, self.rng)
        return np.asarray(self.crystal_transmission * (1 + strength * film).clip(0.1))

    def expose_stain(self, potential: Floats) -> Floats:
        """Return the expected counts per pixel of a negatively stained specimen."""
        from scipy import ndimage

        parameters, rng = self.parameters, self.rng
        self._add_junk(potential)
        protein = potential / PROTEIN_CONTRAST_VOLT  # Å of protein along the beam
        depth = self.diameter_angstrom * rng.uniform(0.3, 0.9)
        film = (
            depth
            * (
                1
                + (0.15 + parameters.ice_variation)
                * optics.smooth_noise(self.shape, self._wide(), rng)
            ).clip(0.1)
            * self._stain_relief()
        )
        excluded = film * (1 - np.exp(-protein / film))
        # Stain gathers around protein, but always less than the protein itself excludes.
        puddle = rng.uniform(0.05, 0.4) * ndimage.gaussian_filter(protein, 0.22 * self.diameter_px)
        grain = rng.normal(size=self.shape) * rng.uniform(1.0, 3.0) * np.sqrt(film) / self.pixel
        stain = (film - excluded + puddle + grain).clip(0)
        absorbed = stain * rng.uniform(0.002, 0.005)
        # The transfer starts at −2 × 0.4, so that the contrast at low frequency is the absorption.
        contrast = self._imaged((absorbed - absorbed.mean()) / 0.8, amplitude_contrast=0.4)
        transmission = self.crystal_transmission * np.where(self.carbon, 0.7, 1.0)
        return self._illuminated(transmission * (1 + contrast).clip(0.02))

    def _stain_relief(self) -> Floats | float:
        """Return the relative depth of the stain with unevenness, puddles and plateaus; or 1."""
        parameters = self.parameters
        unevenness = self._unevenness()
        depth = 1.0 if unevenness is None else (1 + unevenness).clip(0.05)
        if parameters.stain_puddles or parameters.stain_plateaus:
            depth = depth * stain_relief(
                self.shape,
                parameters.stain_puddles,
                parameters.stain_plateaus,
                self.diameter_px,
                self.extra_rng,
            )
        return depth

    def detect(self, expected: Floats) -> Floats:
        """Add shot noise to the expected counts, and hot pixels and a border of zeros if set."""
        counts = self.rng.poisson(expected).astype(float)
        if self.parameters.hot_pixels:
            y, x = (self.rng.integers(side, size=self.parameters.hot_pixels) for side in self.shape)
            counts[y, x] = expected.mean() * self.rng.uniform(5, 100, len(y))
        border = self.parameters.zero_border_px
        if border:
            framed = np.zeros_like(counts)
            inner = (slice(border, -border), slice(border, -border))
            framed[inner] = counts[inner]
            return framed
        return counts

    def add_debris(
        self, potential: Floats, structures: Sequence[Structure], centers: Floats
    ) -> None:
        """Add pieces of debris to `potential`, clear of the particles at `centers`."""
        rng = self.extra_rng
        pieces = [
            debris_piece(structures, self.diameter_angstrom, rng)
            for _ in range(self.parameters.debris)
        ]
        if not pieces:
            return
        sizes = np.array([piece.diameter_angstrom for piece in pieces]) / self.pixel
        for index, center in place_debris(sizes, self.shape, centers, self.diameter_px, rng):
            piece = pieces[index]
            points = piece.points @ random_rotation(rng).T
            self.project(potential, points, piece.weights, center)

    def _add_junk(self, potential: Floats) -> None:
        for _ in range(self.parameters.junk):
            points = contamination.aggregate(self.diameter_angstrom, self.rng)
            mass = self.rng.uniform(0.2, 1.0) * self.diameter_angstrom**3 * PROTEIN_CONTRAST_VOLT
            weights = np.full(len(points), mass / 4 / len(points))
            self.project(potential, points, weights, self.rng.uniform(0, self.shape))

    def _imaged(self, phase: Floats, amplitude_contrast: float) -> Floats:
        transfer = partial(
            optics.contrast_transfer,
            defocus_angstrom=self.parameters.defocus_um * 1e4,
            voltage_kv=self.parameters.voltage_kv,
            amplitude_contrast=amplitude_contrast,
            b_factor=self.parameters.b_factor,
        )
        return optics.filtered(phase, transfer, self.pixel)

    def _wide(self) -> float:
        """Return the length in pixels over which illumination and ice vary."""
        return max(self.shape) / 5

    def _illuminated(self, transmission: Floats) -> Floats:
        beam = 1 + self.parameters.ice_variation * optics.smooth_noise(
            self.shape, 2 * self._wide(), self.rng
        )
        expected = transmission * beam.clip(0.1) * self.parameters.dose * self.pixel**2
        if self.beam is not None:
            expected = expected * self.beam.intensity(self.shape)
        return np.asarray(expected)
