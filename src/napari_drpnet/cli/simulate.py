"""`drpnet simulate`: simulate micrographs with known particles."""

from pathlib import Path
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from napari_drpnet.base.wording import counted
from napari_drpnet.cli.options import build_model, model_options
from napari_drpnet.cli.output import printable
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
    "--classes",
    is_flag=True,
    help="Write the class of each pixel as well: background, particle, ice, carbon",
)
@click.option("--overwrite", is_flag=True, help="Replace existing files")
@model_options(SimulationParameters)
def command(
    out: Path,
    count: int,
    seed: int,
    structures: tuple[Path, ...],
    shape: str | None,
    classes: bool,
    overwrite: bool,
    **values: Any,
) -> None:
    """Simulate micrographs with known particles, to test a picker.

    Writes OUT/sim_0001.mrc with its pixel size, OUT/sim_0001.csv with the true centres, with
    --classes also OUT/sim_0001_classes.png, and so on. Without a structure or shape, the particle
    is an irregular blob.
    """
    if structures and shape:
        raise click.UsageError("--structure and --shape exclude each other")
    parameters = build_model(SimulationParameters, values)
    out = out.expanduser()  # shells leave the ~ of --out=~/x
    stems = [f"sim_{number:04d}" for number in range(1, count + 1)]
    suffixes = (".mrc", ".csv", "_classes.png") if classes else (".mrc", ".csv")
    files = [out / f"{stem}{suffix}" for stem in stems for suffix in suffixes]
    present = [file for file in files if file.exists()]
    if present and not overwrite:
        raise click.UsageError(f"{present[0]} already exists; replace it with --overwrite")
    particles = [read_structure(file) for file in structures]
    seeds = np.random.SeedSequence(seed).generate_state(count).tolist()
    for stem, its_seed in tqdm(list(zip(stems, seeds, strict=True)), disable=None, leave=False):
        simulated = simulate_micrograph(
            parameters, particles or _of_shape(shape, parameters, its_seed), its_seed
        )
        write_simulated(out, stem, simulated, classes=classes)
        tqdm.write(printable(_line(out / stem, simulated)))


def _of_shape(shape: str | None, parameters: SimulationParameters, seed: int) -> list[Structure]:
    if shape is None:
        return []
    diameter = parameters.diameter_angstrom or SHAPE_DIAMETER_ANGSTROM
    return [make_shape(shape, diameter, np.random.default_rng(seed))]


def _line(path: Path, simulated: SimulatedMicrograph) -> str:
    particles = counted(len(simulated.centers_yx), "particle")
    return f"{path}.mrc  {particles} of {simulated.diameter_angstrom:.0f} Å"
