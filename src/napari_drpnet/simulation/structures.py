"""Structures to simulate, as point clouds of electrostatic potential.

Atoms, voxels of a density map and analytic shapes are all represented as a cloud of points with
weights in V·Å³, so that the same projection applies to them.
"""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.images.mrc_files import decode_volume

Floats = NDArray[np.float64]
Density = NDArray[Any]

#: Potential of protein above that of vitreous ice, V (about 7.5 against 4.8).
PROTEIN_CONTRAST_VOLT = 2.8
#: Volume of protein per non-hydrogen atom: 1.21 Å³/Da (Harpaz et al. 1994) × 14.2 Da.
VOLUME_PER_ATOM = 17.2
_MAX_POINTS = 20_000
#: Greatest size of a file of atoms; those of ribosomes have some 30 MiB.
_MOST_TEXT_BYTES = 512 << 20
#: Greatest plausible coordinate, and least diameter of a structure, Å.
_FARTHEST_ANGSTROM, _LEAST_ANGSTROM = 1e6, 0.1


@dataclass(frozen=True, eq=False)
class Structure:
    """A particle as a cloud of points around its centre.

    Parameters
    ----------
    points : (n, 3) float array
        Positions ``(z, y, x)`` in Å. Their weighted mean is moved to the origin.
    weights : (n,) float array
        Potential of each point in V·Å³.
    name : str
        Name for messages and metadata.

    Raises
    ------
    ValueError
        If there are no points, shapes do not match, or the sum of the weights is not positive.
    """

    points: Floats
    weights: Floats
    name: str

    def __post_init__(self) -> None:
        if self.points.ndim != 2 or self.points.shape[1] != 3 or len(self.points) == 0:
            raise ValueError(f"points must be (n, 3) with n > 0, not {self.points.shape}")
        if self.weights.shape != self.points.shape[:1] or not self.weights.sum() > 0:
            raise ValueError(f"weights must be ({len(self.points)},) and have a positive sum")
        center = np.average(self.points, axis=0, weights=self.weights)
        object.__setattr__(self, "points", self.points - center)

    @property
    def diameter_angstrom(self) -> float:
        """Diameter in Å of the sphere around the centre that contains 98 % of the points."""
        return float(2 * np.quantile(np.linalg.norm(self.points, axis=1), 0.98))

    def scaled_to(self, diameter_angstrom: float | None) -> "Structure":
        """Return the structure scaled to a diameter at the same density; None keeps its size."""
        if diameter_angstrom is None:
            return self
        factor = diameter_angstrom / self.diameter_angstrom
        return Structure(self.points * factor, self.weights * factor**3, self.name)


def read_structure(path: str | Path) -> Structure:
    """Read a PDB, mmCIF, or density map file (each also as .gz).

    Parameters
    ----------
    path : path-like
        Path of a ``.pdb``, ``.ent``, ``.cif`` or ``.mmcif`` file, or of a ``.mrc``, ``.map`` or
        ``.ccp4`` file.

    Returns
    -------
    Structure

    Raises
    ------
    InputFileError
        If the file is missing, of another type, or has no atoms or no density. Also if a density
        map has more than 512³ voxels, or a file of atoms more than 512 MiB.
    """
    path = Path(path)
    if not path.is_file():
        raise InputFileError(path, "no such file", "Check the name of the structure")
    kind = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    try:
        if kind in ("pdb", "ent", "cif", "mmcif"):
            return _from_atoms(path)
        if kind in ("mrc", "map", "ccp4"):
            return _from_density(path)
    except (RuntimeError, ValueError, IndexError, OSError, EOFError, zlib.error) as error:
        raise InputFileError(
            path, f"not a readable structure ({error})", "Give a PDB, mmCIF or MRC density file"
        ) from error
    raise InputFileError(
        path, f"unknown type of structure '.{kind}'", "Give a .pdb, .cif, .mrc or .map file"
    )


def _from_atoms(path: Path) -> Structure:
    import gemmi

    _require_moderate_size(path)
    structure = gemmi.read_structure(str(path))
    if len(structure) == 0:
        raise ValueError("it holds no atoms")
    rows = [
        (site.atom.pos.z, site.atom.pos.y, site.atom.pos.x, site.atom.element.atomic_number)
        for site in structure[0].all()
        if not site.atom.is_hydrogen() and not site.residue.is_water()
    ]
    if not rows:
        raise ValueError("it holds no atoms")
    table = np.array(rows)
    # Scattering grows about as Z^0.7 across C, N, O, P, S; 6.6 is the mean over protein.
    weights = (table[:, 3] / 6.6) ** 0.7 * VOLUME_PER_ATOM * PROTEIN_CONTRAST_VOLT
    return _thinned(table[:, :3], weights, path.name)


def _require_moderate_size(path: Path) -> None:
    """Raise ValueError for a file of atoms that is, or is decompressed to, more than 512 MiB."""
    left = _MOST_TEXT_BYTES
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
        while left >= 0 and (piece := stream.read(1 << 20)):
            left -= len(piece)
    if left < 0:
        raise ValueError(f"more than {_MOST_TEXT_BYTES >> 20} MiB of atoms")


def _from_density(path: Path) -> Structure:
    stored, voxel = decode_volume(path)
    if len(stored) < 2 or not 0 < voxel < np.inf:
        raise ValueError("it holds no 3-D density with a voxel size")
    if not np.isfinite(stored).all():
        raise ValueError("its density is not finite everywhere")
    density = stored.astype(float)
    inside = density > 0.2 * density.max()
    if not inside.any():
        raise ValueError("its density is nowhere positive")
    values = density[inside]
    occupancy = np.minimum(values / np.median(values), 1.5)
    points = np.argwhere(inside).astype(float) * voxel
    weights = np.asarray(occupancy, float) * voxel**3 * PROTEIN_CONTRAST_VOLT
    return _thinned(points, weights, path.name, voxel)


def _thinned(points: Floats, weights: Floats, name: str, jitter: float = 0.0) -> Structure:
    """Keep at most `_MAX_POINTS` points at the same total weight, and jitter them by a voxel."""
    if not (np.abs(points) < _FARTHEST_ANGSTROM).all() or not np.isfinite(weights).all():
        raise ValueError("it holds positions or densities that are no plausible numbers")
    rng = np.random.default_rng(0)
    total = weights.sum()
    if len(points) > _MAX_POINTS:
        keep = rng.choice(len(points), _MAX_POINTS, replace=False)
        points, weights = points[keep], weights[keep]
    points = points + rng.uniform(-jitter / 2, jitter / 2, points.shape)
    if not total > 0:
        raise ValueError("its atoms are of no known element")
    structure = Structure(points, weights * total / weights.sum(), name)
    if structure.diameter_angstrom < _LEAST_ANGSTROM:
        raise ValueError("all of it is at one place")
    return structure


def make_shape(
    shape: str, diameter_angstrom: float, rng: np.random.Generator, points: int | None = None
) -> Structure:
    """Make an analytic particle: a solid of protein density with random proportions.

    Parameters
    ----------
    shape : str
        Name of the shape, one of `ALL_SHAPES`.
    diameter_angstrom : float
        Diameter in Å.
    rng : numpy.random.Generator
        Random generator.
    points : int, optional
        Greatest number of points; by default 6,000, and 40,000 for the large hemocyanin.

    Returns
    -------
    Structure

    Raises
    ------
    ValueError
        If `shape` is not one of `ALL_SHAPES`.
    """
    if shape not in ALL_SHAPES:
        raise ValueError(f"unknown shape {shape!r}; choose one of {', '.join(ALL_SHAPES)}")
    points = points or (40_000 if shape == _LARGE else 6000)
    return make_solid(
        shape, _SHAPE_DENSITIES.get(shape, _hemocyanin), diameter_angstrom, rng, 20 * points, points
    )


def make_solid(
    name: str,
    density_at: Callable[[Floats, np.random.Generator], Density],
    diameter_angstrom: float,
    rng: np.random.Generator,
    tries: int,
    points: int,
) -> Structure:
    """Make a structure by filling a solid with random points of protein density.

    Parameters
    ----------
    name : str
        Name of the structure.
    density_at : callable
        Function of positions ``(n, 3)`` in the cube from −1 to 1 and a random generator that
        returns the relative density ``(n,)``, from 0 to 1.
    diameter_angstrom : float
        Diameter in Å.
    rng : numpy.random.Generator
        Random generator.
    tries : int
        Number of points drawn in the cube. Those in the solid are kept.
    points : int
        Greatest number of points in the structure.

    Returns
    -------
    Structure

    Raises
    ------
    ValueError
        If the solid is so thin that fewer than 10 points lie in it.
    """
    candidates = rng.uniform(-1, 1, (tries, 3))
    density = density_at(candidates, rng)
    kept = candidates[rng.random(len(candidates)) < density]
    occupied = len(kept) / len(candidates) * 8
    kept = kept[:points]
    if len(kept) < 10:
        raise ValueError(f"too few points for a {name}")
    radius = diameter_angstrom / 2
    weight = occupied * radius**3 * PROTEIN_CONTRAST_VOLT * rng.uniform(0.6, 1.0) / len(kept)
    return Structure(kept * radius, np.full(len(kept), weight), name).scaled_to(diameter_angstrom)


def _blob(p: Floats, rng: np.random.Generator) -> Density:
    """Return the density of an ellipsoid with random lobes, like an irregular complex."""
    axes = rng.uniform(0.6, 1.0, 3)
    direction = rng.normal(size=(4, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    lobes = 1 + 0.25 * np.sin(3 * (p @ direction.T)).mean(axis=1)
    return np.asarray(np.linalg.norm(p / axes, axis=1) < 0.9 * lobes)


def _shell(p: Floats, rng: np.random.Generator) -> Density:
    r = np.linalg.norm(p, axis=1)
    return np.where(r < 1, np.where(r > rng.uniform(0.55, 0.85), 1.0, rng.uniform(0, 0.15)), 0.0)


def _barrel(p: Floats, rng: np.random.Generator) -> Density:
    r, z = np.hypot(p[:, 1], p[:, 2]), np.abs(p[:, 0])
    width, height, hole = rng.uniform(0.55, 0.8), rng.uniform(0.6, 0.95), rng.uniform(0.2, 0.5)
    return (r < width) & (r > hole * width) & (z < height)


def _ring(p: Floats, rng: np.random.Generator) -> Density:
    r, tube = np.hypot(p[:, 1], p[:, 2]), rng.uniform(0.15, 0.35)
    return np.hypot(r - (1 - tube), p[:, 0]) < tube


def _rod(p: Floats, rng: np.random.Generator) -> Density:
    return np.hypot(p[:, 1], p[:, 2]) < rng.uniform(0.25, 0.5)


def _dumbbell(p: Floats, rng: np.random.Generator) -> Density:
    radius = rng.uniform(0.35, 0.5)
    offset = np.array([1 - radius, 0, 0])
    lobes = [np.linalg.norm(p - sign * offset, axis=1) < radius for sign in (-1, 1)]
    neck = (np.hypot(p[:, 1], p[:, 2]) < 0.15) & (np.abs(p[:, 0]) < 0.6)
    return np.asarray(lobes[0] | lobes[1] | neck)


def _cube(p: Floats, rng: np.random.Generator) -> Density:
    return np.asarray((np.abs(p) < rng.uniform(0.4, 0.57, 3)).all(axis=1))


def _micelle(p: Floats, rng: np.random.Generator) -> Density:
    """Return the density of a membrane protein: a dense body with a fainter detergent belt."""
    r, z = np.hypot(p[:, 1], p[:, 2]), p[:, 0]
    body = (r < rng.uniform(0.4, 0.6)) & (z > -0.5) & (z < 0.9)
    belt = (r / 0.95) ** 2 + ((z + 0.2) / 0.35) ** 2 < 1
    return np.where(body, 1.0, np.where(belt, rng.uniform(0.2, 0.5), 0.0))


def _arms(p: Floats, rng: np.random.Generator) -> Density:
    """Return the density of a compact core with two to four thin arms, like an antibody."""
    solid = np.linalg.norm(p, axis=1) < rng.uniform(0.34, 0.46)
    count, turn = int(rng.integers(2, 5)), rng.uniform(0, 2 * np.pi)
    for arm in range(count):
        around = turn + 2 * np.pi * arm / count + rng.normal(0, 0.25)
        above = rng.normal(0, 0.3)
        direction = np.array([np.sin(above), *(np.cos(above) * _unit(around))])
        along = np.clip(p @ direction, 0, rng.uniform(0.75, 0.9))
        away = np.linalg.norm(p - along[:, None] * direction, axis=1)
        solid |= away < rng.uniform(0.14, 0.22)
    return np.asarray(solid)


def _unit(angle: float) -> Floats:
    return np.array([np.sin(angle), np.cos(angle)])


def _tubule(p: Floats, rng: np.random.Generator) -> Density:
    """Return the density of a short hollow tube, longer than wide."""
    r, width, hole = np.hypot(p[:, 1], p[:, 2]), rng.uniform(0.25, 0.45), rng.uniform(0.4, 0.65)
    return (r < width) & (r > hole * width) & (np.abs(p[:, 0]) < 0.95)


def _disc(p: Floats, rng: np.random.Generator) -> Density:
    """Return the density of a flat disc, like a nanodisc."""
    r = np.hypot(p[:, 1], p[:, 2] / rng.uniform(0.8, 1.0))
    return (r < 1) & (np.abs(p[:, 0]) < rng.uniform(0.14, 0.3))


def _hemocyanin(p: Floats, rng: np.random.Generator) -> Density:
    """Return the density of a hollow cylinder about as long as wide, as of limpet hemocyanin.

    Its wall has tiers, and a collar narrows the bore near each end.
    """
    r, z = np.hypot(p[:, 1], p[:, 2]), np.abs(p[:, 0])
    width, height = 0.68, 0.68 * rng.uniform(1.0, 1.14)
    wall = (r < width) & (r > width * rng.uniform(0.58, 0.66)) & (z < height)
    collar_at = height * rng.uniform(0.68, 0.8)
    collar = (r < 0.8 * width) & (r > rng.uniform(0.22, 0.34) * width)
    collar &= np.abs(z - collar_at) < 0.11 * height
    tiers = 0.75 + 0.25 * np.cos(6 * np.pi * p[:, 0] / height)
    return np.where(collar, 1.0, np.where(wall, tiers, 0.0))


_LARGE = "hemocyanin"
_SHAPE_DENSITIES = {
    "blob": _blob,
    "shell": _shell,
    "barrel": _barrel,
    "ring": _ring,
    "rod": _rod,
    "dumbbell": _dumbbell,
    "cube": _cube,
    "micelle": _micelle,
    "arms": _arms,
    "tubule": _tubule,
    "disc": _disc,
}
#: Shapes from which the fields of a training are drawn. Another one would change all draws.
SHAPES = tuple(_SHAPE_DENSITIES)
#: All shapes that `make_shape` makes.
ALL_SHAPES = (*SHAPES, _LARGE)
