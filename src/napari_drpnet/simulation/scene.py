"""The imaged area of a simulated specimen."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.simulation import contamination, optics
from napari_drpnet.simulation.class_map import ClassMap, class_map, silhouette
from napari_drpnet.simulation.crystals import hexagonal_ice, ice_drops
from napari_drpnet.simulation.debris import debris_piece, place_debris
from napari_drpnet.simulation.films import support_film
from napari_drpnet.simulation.lines import ice_cracks, protein_rods
from napari_drpnet.simulation.parameters import SimulationParameters
from napari_drpnet.simulation.structures import PROTEIN_CONTRAST_VOLT, Structure

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]

#: Smoothing of silhouettes in particle diameters; aggregates are sums of fewer points.
_SMOOTHING, _AGGREGATE_SMOOTHING = 0.03, 0.1
#: Least thickness of protein in the silhouette of an aggregate, in particle diameters. Less is not
#: visible.
_LEAST_AGGREGATE = 0.06


def random_rotation(rng: np.random.Generator) -> Floats:
    """Return a rotation matrix ``(3, 3)`` drawn uniformly from all orientations."""
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_quat(rng.normal(size=4)).as_matrix())


class Scene:
    """The imaged area of a specimen: its frame, its obstacles, its particles and their classes.

    Parameters
    ----------
    parameters : SimulationParameters
        Parameters of the sample.
    diameter_angstrom : float
        Particle diameter in Å.
    seed : int
        Seed of the random generators.

    Attributes
    ----------
    potential : (ny, nx) float array
        Projected potential in V·Å of particles and protein dirt.
    carbon, ice, particles : (ny, nx) bool array
        Masks of the support film, of all other dirt, and of the particles.
    """

    def __init__(
        self,
        parameters: SimulationParameters,
        diameter_angstrom: float,
        rng: np.random.Generator,
        seed: int,
    ) -> None:
        self.parameters = parameters
        self.rng = rng
        # Features with separate generators do not change the random draws of all others.
        self.extra_rng, self.dirt_rng = (np.random.default_rng((seed, k)) for k in (1, 2))
        self.shape = (parameters.height_px, parameters.width_px)
        self.pixel = parameters.pixel_size_angstrom
        self.diameter_angstrom = diameter_angstrom
        self.diameter_px = diameter_angstrom / self.pixel
        self.potential = np.zeros(self.shape)
        self.particles = np.zeros(self.shape, bool)
        self.carbon = (
            support_film(self.shape, parameters.carbon_shape, rng, self.dirt_rng)
            if parameters.carbon
            else np.zeros(self.shape, bool)
        )
        self.crystal_transmission, self.ice = contamination.ice_crystals(
            self.shape, parameters.ice_crystals, self.diameter_px, rng
        )
        self._add_crystals()
        self.beam = (
            optics.beam_with_edge(self.shape, parameters.beam_edge, self.extra_rng)
            if parameters.beam_edge
            else None
        )
        self._add_rods()
        self.obstacles = self.carbon | self.ice

    def _add_crystals(self) -> None:
        """Add crystals, drops and cracks to the transmission and to the mask of ice."""
        parameters, size, rng = self.parameters, self.diameter_px, self.dirt_rng
        layers = []
        if parameters.cubic_ice:
            layers.append(
                contamination.cubic_ice(self.shape, parameters.cubic_ice, size, self.extra_rng)
            )
        if parameters.ice_drops:
            layers.append(ice_drops(self.shape, parameters.ice_drops, size, rng))
        if parameters.hexagonal_ice:
            layers.append(hexagonal_ice(self.shape, parameters.hexagonal_ice, size, rng))
        if parameters.cracks:
            transmission, mask = ice_cracks(self.shape, parameters.cracks, size, rng)
            layers.append((np.where(self.carbon, 1.0, transmission), mask & ~self.carbon))
        for transmission, mask in layers:
            self.crystal_transmission *= transmission
            self.ice |= mask

    def _add_rods(self) -> None:
        if not self.parameters.rods:
            return
        potential, mask = protein_rods(
            self.shape, self.parameters.rods, self.diameter_px, self.pixel, self.dirt_rng
        )
        self.potential += potential
        self.ice |= mask

    def place_particles(self) -> Floats:
        """Draw the centres ``(n, 2)`` of particles, away from obstacles and from each other.

        A share `on_dirt` of them may lie anywhere in the beam.
        """
        margin = 0.5 * self.diameter_px
        low, high = -margin, np.array(self.shape) + margin
        blocked, free = self._blocked(), self._draw_free()
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
            if blocked(center, free) or any(np.hypot(*(center - other)) < reach for other in near):
                continue
            placed.append(center)
            free = self._draw_free()
            cells.setdefault((row, column), []).append(center)
        return np.array(placed).reshape(-1, 2)

    def _draw_free(self) -> bool:
        """Draw whether the next particle may lie on dirt."""
        share = self.parameters.on_dirt
        return bool(share and self.dirt_rng.random() < share)

    def _blocked(self) -> Callable[[Floats, bool], bool]:
        """Return a test for positions too near to the edge of the beam or, if not free, to dirt."""
        on_obstacle, beam = self._on_obstacle(), self.beam
        least = 0.5 * self.diameter_px

        def blocked(center: Floats, free: bool) -> bool:
            if beam is not None and beam.depth_at(center) < least:
                return True
            return not free and on_obstacle(center)

        return blocked

    def _on_obstacle(self) -> Callable[[Floats], bool]:
        """Return a test for positions too near to an obstacle."""
        from scipy import ndimage

        if not self.obstacles.any():
            return lambda center: False
        clearance = ndimage.distance_transform_edt(~self.obstacles)
        least = 0.45 * self.diameter_px
        high = np.array(self.shape) - 1

        def blocked(center: Floats) -> bool:
            y, x = np.clip(np.round(center), 0, high).astype(int)
            return bool(clearance[y, x] < least)

        return blocked

    def add_particles(
        self, structures: Sequence[Structure], centers: Floats
    ) -> tuple[Indices, Floats]:
        """Add a particle of a random structure and orientation at each centre ``(n, 2)``.

        Returns
        -------
        kinds : (n,) int array
            Index of the structure of each particle.
        rotations : (n, 3, 3) float array
            Matrices by which the points ``(z, y, x)`` of the structures were rotated.
        """
        kinds, rotations = np.zeros(len(centers), np.intp), np.zeros((len(centers), 3, 3))
        for row, center in enumerate(centers):
            kinds[row] = int(self.rng.integers(len(structures)))
            structure, rotations[row] = structures[kinds[row]], random_rotation(self.rng)
            points = structure.points @ rotations[row].T
            self._project(points, structure.weights, center, self.particles)
        return kinds, rotations

    def add_debris(self, structures: Sequence[Structure], centers: Floats) -> None:
        """Add pieces of debris, clear of the particles at `centers`."""
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
            self._project(points, piece.weights, center, self.ice)

    def add_aggregates(self) -> None:
        """Add aggregates and fragments at random positions."""
        for _ in range(self.parameters.junk):
            points = contamination.aggregate(self.diameter_angstrom, self.rng)
            mass = self.rng.uniform(0.2, 1.0) * self.diameter_angstrom**3 * PROTEIN_CONTRAST_VOLT
            weights = np.full(len(points), mass / 4 / len(points))
            center = self.rng.uniform(0, self.shape)
            self._project(points, weights, center, self.ice, _AGGREGATE_SMOOTHING, _LEAST_AGGREGATE)

    def _project(
        self,
        points: Floats,
        weights: Floats,
        center: Floats,
        mask: Mask,
        smoothing: float = _SMOOTHING,
        least: float = 0.0,
    ) -> None:
        """Add the projection of a point cloud to the potential, and its silhouette to a mask."""
        from napari_drpnet.simulation.projection import spread_points

        blur = smoothing * self.diameter_px
        margin = int(np.ceil(3 * blur))
        positions = center + points[:, 1:] / self.pixel
        low = np.floor(positions.min(axis=0)).astype(int) - margin
        high = np.floor(positions.max(axis=0)).astype(int) + 2 + margin
        first, end = np.maximum(low, 0), np.minimum(high, self.shape)
        if (end <= first).any():
            return
        # The whole object, because its maximum may lie beyond the frame.
        patch = spread_points(positions, weights, low, high)
        seen = tuple(slice(a, b) for a, b in zip(first - low, end - low, strict=True))
        window = tuple(slice(a, b) for a, b in zip(first, end, strict=True))
        self.potential[window] += patch[seen] / self.pixel**2
        least *= self.diameter_angstrom * PROTEIN_CONTRAST_VOLT * self.pixel**2
        mask[window] |= silhouette(patch, blur, least)[seen]

    def classes(self) -> ClassMap:
        """Return the class ``(ny, nx)`` of each pixel."""
        seen = np.ones(self.shape, bool)
        if self.beam is not None:
            seen &= self.beam.intensity(self.shape) > 0.5
        border = self.parameters.zero_border_px
        if border:
            seen[:border] = seen[-border:] = seen[:, :border] = seen[:, -border:] = False
        ice = self.ice | bool(self.parameters.crystalline_ice)
        return class_map(self.particles, ice, self.carbon, seen)
