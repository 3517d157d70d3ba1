"""`drpnet simulate`: simulate micrographs with known particles."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from napari_drpnet.base.wording import counted
from napari_drpnet.cli.options import build_model, model_options
from napari_drpnet.cli.output import echo, printable
from napari_drpnet.simulation import (
    ALL_SHAPES,
    SimulatedMicrograph,
    Structure,
    make_shape,
    read_structure,
    simulate_micrograph,
)
from napari_drpnet.simulation.files import write_simulated
from napari_drpnet.simulation.parameters import SimulationParameters
from napari_drpnet.simulation.relion_project import (
    LIST,
    MICROGRAPHS,
    TrueParticles,
    project_files,
    write_project,
)
from napari_drpnet.simulation.series import PlannedMicrograph, plan_series

SHAPE_DIAMETER_ANGSTROM = 180.0


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Output folder")
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Number of micrographs",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Random seed; the same seed gives the same micrographs",
)
@click.option(
    "--structure",
    "structures",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Particle as PDB, mmCIF or density map; may be repeated for a mixture",
)
@click.option("--shape", type=click.Choice(ALL_SHAPES), help="Simple shape in place of a structure")
@click.option(
    "--defocus-range",
    type=click.FloatRange(0, 10),
    nargs=2,
    metavar="LOW HIGH",
    help="Draw the underfocus of each micrograph from this range in µm, in place of --defocus",
)
@click.option(
    "--classes",
    is_flag=True,
    help="Write the class of each pixel as well: background, particle, ice, carbon",
)
@click.option(
    "--relion",
    is_flag=True,
    help="Make OUT a RELION project: list with CTF, orientations and density of the particles",
)
@click.option(
    "--folders",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="With --relion: number of sub-folders, which hold the same names",
)
@click.option(
    "--optics-groups",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="With --relion: number of optics groups",
)
@click.option("--overwrite", is_flag=True, help="Replace existing files")
@model_options(SimulationParameters)
def command(
    out: Path,
    count: int,
    seed: int,
    structures: tuple[Path, ...],
    shape: str | None,
    defocus_range: tuple[float, float] | None,
    classes: bool,
    relion: bool,
    folders: int,
    optics_groups: int,
    overwrite: bool,
    **values: Any,
) -> None:
    """Simulate micrographs with known particles, to test a picker.

    Writes OUT/sim_0001.mrc with its pixel size, OUT/sim_0001.csv with the true centres, with
    --classes also OUT/sim_0001_classes.png, and so on. Without a structure or shape, the particle
    is an irregular blob.

    With --relion, these files are in OUT/Micrographs, and all micrographs have the same particle.
    OUT/micrographs_ctf.star lists them with their true defocus; OUT/Truth has the particles with
    their orientations, and their density.
    """
    if structures and shape:
        raise click.UsageError("--structure and --shape exclude each other")
    if not relion and (folders > 1 or optics_groups > 1):
        raise click.UsageError("--folders and --optics-groups need --relion")
    parameters = build_model(SimulationParameters, values)
    out = out.expanduser()  # shells leave the ~ of --out=~/x
    defocus = _defocus_range(defocus_range, parameters.defocus_um)
    try:
        planned = plan_series(count, seed, defocus, folders=folders, optics_groups=optics_groups)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    place = out / MICROGRAPHS if relion else out
    of_project = project_files(out, len(structures) or 1) if relion else []
    if not overwrite:
        _require_new([*_files(place, planned, classes), *of_project])
    particles = [read_structure(file) for file in structures]
    if relion:
        unscaled = particles or _of_shape(shape or "blob", parameters, seed)
        particles = [each.scaled_to(parameters.diameter_angstrom) for each in unscaled]
    true = _simulate(place, planned, parameters, particles, shape, classes)
    if relion:
        write_project(out, parameters, particles, true)
        echo(_next_steps(out, particles, true))


def _defocus_range(chosen: tuple[float, float] | None, fixed: float) -> tuple[float, float]:
    if chosen is None:
        return fixed, fixed
    if chosen[0] > chosen[1]:
        raise click.UsageError("--defocus-range: the first number is greater than the second")
    return chosen


def _files(folder: Path, planned: Iterable[PlannedMicrograph], classes: bool) -> list[Path]:
    suffixes = (".mrc", ".csv", "_classes.png") if classes else (".mrc", ".csv")
    return [folder / f"{each.stem}{suffix}" for each in planned for suffix in suffixes]


def _require_new(files: Iterable[Path]) -> None:
    present = next((file for file in files if file.exists()), None)
    if present:
        raise click.UsageError(f"{present} already exists; replace it with --overwrite")


def _simulate(
    folder: Path,
    planned: Sequence[PlannedMicrograph],
    parameters: SimulationParameters,
    particles: Sequence[Structure],
    shape: str | None,
    classes: bool,
) -> list[TrueParticles]:
    """Write the micrographs, print a line for each, and return their particles."""
    true = []
    for each in tqdm(planned, disable=None, leave=False):
        simulated = simulate_micrograph(
            parameters.model_copy(update={"defocus_um": each.defocus_um}),
            particles or _of_shape(shape, parameters, each.seed),
            each.seed,
        )
        write_simulated(folder, str(each.stem), simulated, classes=classes)
        tqdm.write(printable(_line(folder / each.stem, simulated)))
        true.append(TrueParticles.of(each, simulated))
    return true


def _of_shape(shape: str | None, parameters: SimulationParameters, seed: int) -> list[Structure]:
    if shape is None:
        return []
    diameter = parameters.diameter_angstrom or SHAPE_DIAMETER_ANGSTROM
    return [make_shape(shape, diameter, np.random.default_rng(seed))]


def _line(path: Path, simulated: SimulatedMicrograph) -> str:
    particles = counted(len(simulated.centers_yx), "particle")
    return f"{path}.mrc  {particles} of {simulated.diameter_angstrom:.0f} Å"


def _next_steps(
    project: Path, structures: Sequence[Structure], true: Sequence[TrueParticles]
) -> str:
    particles = counted(sum(len(each.centers_yx) for each in true), "particle")
    diameter = np.mean([structure.diameter_angstrom for structure in structures])
    return (
        f"RELION project {project}: {counted(len(true), 'micrograph')}, {particles}. Go on with\n"
        f"  cd {project}\n"
        f"  drpnet pick {LIST} --diameter {diameter:.0f} --out DRPnet"
    )
