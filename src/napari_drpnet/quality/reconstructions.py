"""Reconstructions of random subsets of particles, with the angles of the full set."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.formats.programs.star import IMAGE
from napari_drpnet.quality.fsc import UNFILTERED, find_resolution, read_half_maps
from napari_drpnet.quality.particles import BLOCKS
from napari_drpnet.quality.rosenthal_henderson import Point
from napari_drpnet.quality.tables import finite_numbers
from napari_drpnet.relion.lists import project_folder
from napari_drpnet.relion.star_tables import Table, find_table, read_tables, write_tables

PROGRAM = "relion_reconstruct"
_SUBSET = "rlnRandomSubset"
_SMALLEST, _DRAWS = 100, 3


def reconstruct_subsets(data: Path, symmetry: str, job: Job | None = None) -> list[Point]:
    """Reconstruct random subsets of particles, and return the resolution of each.

    Parameters
    ----------
    data : pathlib.Path
        Particles of a refinement with two half sets, ``run_data.star``.
    symmetry : str
        Point group as RELION names it.
    job : Job, optional
        Progress callback, called after each reconstruction; it may cancel the work.

    Returns
    -------
    list of Point
        Three points, of different subsets, for each of 100, 200, 400, … particles, and one for all.
        Resolutions are those of unmasked half maps; subsets without any are left out.

    Raises
    ------
    InputFileError
        If RELION is not installed, the particles have no half sets, or RELION fails.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise InputFileError(PROGRAM, "is not on the PATH", "Load RELION, or leave this plot out")
    tables = read_tables(data, BLOCKS | {"optics"})
    particles = find_table(data, tables, IMAGE, _SUBSET)
    if set(finite_numbers(data, particles, _SUBSET)) != {1, 2}:
        remedy = "Give a refinement with two half sets"
        raise InputFileError(data, "has particles of one half set only", remedy)
    job, points = job or SilentJob(), list[Point]()
    subsets = _draw(len(particles))
    project = _project(data, particles)
    with TemporaryDirectory(prefix="drpnet-") as folder:
        for done, rows in enumerate(subsets, 1):
            star = Path(folder, "subset.star")
            _write_subset(star, tables, particles, rows)
            halves = [Path(folder, f"half{half}{UNFILTERED}") for half in (1, 2)]
            for half, path in enumerate(halves, 1):
                _reconstruct(program, project, star, path, half, symmetry)
            resolution = find_resolution(*read_half_maps(halves[0], halves[1], 1.0))
            if resolution:
                angstrom, at_nyquist = resolution.interpolated, resolution.at_nyquist
                points.append(Point(len(rows), angstrom, at_nyquist, "angles of the full set"))
            job.advance(done, len(subsets), "reconstructions")
    return points


def _draw(count: int) -> list[NDArray[np.intp]]:
    """Return the rows of each subset; the same for every call."""
    generator = np.random.default_rng(0)
    sizes = [_SMALLEST << step for step in range(40) if _SMALLEST << step < count]
    draws = [generator.permutation(count)[:size] for size in sizes for _ in range(_DRAWS)]
    return [*draws, np.arange(count)]


def _project(data: Path, particles: Table) -> Path:
    """Return the folder that the names of the images refer to."""
    name = particles[IMAGE][0].rpartition("@")[2]
    project = project_folder(data, [name])
    if not (project / name).exists():
        remedy = "Copy the whole project, with the folder of its Extract job"
        raise InputFileError(project / name, "there are no images of the particles", remedy)
    return project.absolute()


def _write_subset(
    path: Path, tables: dict[str, Table], particles: Table, rows: NDArray[np.intp]
) -> None:
    chosen = Table(particles.labels, [particles.rows[row] for row in rows])
    parts = {name: chosen if each is particles else each for name, each in tables.items()}
    write_tables(
        path, {name: {label: part[label] for label in part.labels} for name, part in parts.items()}
    )


def _reconstruct(
    program: str, project: Path, star: Path, output: Path, half: int, symmetry: str
) -> None:
    options = [
        "--i",
        str(star),
        "--o",
        str(output),
        "--subset",
        str(half),
        "--sym",
        symmetry,
        "--ctf",
    ]
    done = subprocess.run(
        [program, *options], cwd=project, capture_output=True, text=True, check=False
    )
    if done.returncode or not output.exists():
        lines = [line for line in done.stderr.splitlines() if line.strip("= \t")]
        said = lines[-1].strip() if lines else f"exit code {done.returncode}"
        raise InputFileError(PROGRAM, f"failed: {said}", "Correct that, or leave this plot out")
