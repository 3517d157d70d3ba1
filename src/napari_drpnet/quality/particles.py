"""Particles of a refinement or classification: angles, classes, scores and places."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import swap_xy
from napari_drpnet.formats.programs.star import FOM, IMAGE, NO_FOM, X, Y
from napari_drpnet.quality.tables import finite_numbers, read_block
from napari_drpnet.quality.views import view_directions
from napari_drpnet.relion.star_tables import MICROGRAPH_NAME, Table, numbers, read_tables

Floats = NDArray[np.float64]

ROT, TILT = "rlnAngleRot", "rlnAngleTilt"
CLASS = "rlnClassNumber"
#: The block of particles in RELION 3.1 and later, and in RELION 3.0 and before.
BLOCKS = frozenset({"particles", "images", ""})
_PIXEL = "rlnMicrographOriginalPixelSize"


@dataclass(frozen=True, eq=False)
class Particles:
    """Particles of a job, each column None if the file lacks it.

    Parameters
    ----------
    count : int
        Number of particles.
    directions : (n, 3) float array or None
        Direction (x, y, z) from which each particle is seen, of length 1.
    class_numbers : (n,) int array or None
        Number of the class of each particle, counted from 1.
    score : (n,) float array or None
        Figure of merit of the picker; NaN where unknown.
    centers_yx : (n, 2) float array or None
        Centres ``(y, x)`` in pixels of the micrograph.
    micrograph_names : list of str or None
        Name of the micrograph of each particle.
    """

    count: int
    directions: Floats | None
    class_numbers: NDArray[np.intp] | None
    score: Floats | None
    centers_yx: Floats | None
    micrograph_names: Sequence[str] | None


def read_particles(path: Path) -> Particles:
    """Read the particles of a STAR file of RELION 2 to 5.

    Parameters
    ----------
    path : pathlib.Path
        Path of the file, such as ``Refine3D/job012/run_data.star``.

    Returns
    -------
    Particles

    Raises
    ------
    InputFileError
        If the file is damaged or has no particles, or if an angle, a class or a coordinate is
        missing or not a number.
    """
    table = read_block(path, BLOCKS, IMAGE)
    return Particles(
        count=len(table),
        directions=_directions(path, table),
        class_numbers=_classes(path, table),
        score=_scores(path, table),
        centers_yx=_centers(path, table),
        micrograph_names=_names(table),
    )


def _names(table: Table) -> list[str] | None:
    return table[MICROGRAPH_NAME] if MICROGRAPH_NAME in table.labels else None


def _directions(path: Path, table: Table) -> Floats | None:
    if ROT not in table or TILT not in table:
        return None
    return view_directions(finite_numbers(path, table, ROT), finite_numbers(path, table, TILT))


def _classes(path: Path, table: Table) -> NDArray[np.intp] | None:
    return finite_numbers(path, table, CLASS).astype(np.intp) if CLASS in table else None


def _scores(path: Path, table: Table) -> Floats | None:
    if FOM not in table:
        return None
    score = numbers(path, table, FOM)
    return np.where(np.isfinite(score) & (score != NO_FOM), score, np.nan)


def _centers(path: Path, table: Table) -> Floats | None:
    if X not in table or Y not in table:
        return None
    centers_xy = [finite_numbers(path, table, axis) for axis in (X, Y)]
    return swap_xy(np.column_stack(centers_xy))


def micrograph_pixel_size(path: Path) -> float | None:
    """Return the pixel size of the micrographs of a particle file in Å; None if unknown.

    Raises
    ------
    InputFileError
        If the file is damaged, or has several pixel sizes.
    """
    optics = read_tables(path, {"optics"}).get("optics")
    if optics is None or _PIXEL not in optics:
        return None
    sizes = np.unique(finite_numbers(path, optics, _PIXEL))
    if len(sizes) > 1:
        reason = f"has micrographs with pixels of {sizes[0]:g} and {sizes[1]:g} Å"
        raise InputFileError(path, reason, "Give particles of one pixel size")
    return float(sizes[0])


def count_particles(path: Path) -> int:
    """Return the number of particles in a STAR file, such as ``Select/job020/particles.star``."""
    return len(read_block(path, BLOCKS, IMAGE))
