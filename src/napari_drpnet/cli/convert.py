"""`drpnet convert`: one coordinate file into another format."""

from dataclasses import replace
from pathlib import Path

import click

from napari_drpnet.cli.numbers import BOX_SIZE, count_rows
from napari_drpnet.formats import Coordinates, read_coordinates, write_coordinates
from napari_drpnet.formats.matlab_star import convert_matlab_star, matlab_star_confidence
from napari_drpnet.geometry import flip_rows

SURE = 0.9


@click.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--box-size",
    type=BOX_SIZE,
    metavar="PX",
    help="Side of the boxes of a .box file",
)
@click.option(
    "--flip-rows",
    type=count_rows,
    metavar="NY|MICROGRAPH",
    help="Mirror top to bottom: the number of rows, or a micrograph that has them",
)
@click.option(
    "--from-matlab-scale",
    "matlab_scale",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SCALE",
    help="IN is a .star file of DRPnet's MATLAB code, which printed this scale",
)
@click.option("--not-matlab", is_flag=True, help="IN is none, although it looks like it")
@click.option("--overwrite", is_flag=True, help="Replace OUT")
def command(
    source: Path,
    target: Path,
    box_size: int | None,
    flip_rows: int | None,
    matlab_scale: float | None,
    not_matlab: bool,
    overwrite: bool,
) -> None:
    """Convert the coordinate file IN to OUT; suffixes tell the formats: .star, .box, .csv.

    .star and .box files have whole pixels, .csv has all digits.
    """
    if target.exists() and not overwrite:
        raise click.UsageError(f"{target} is there already; replace it with --overwrite")
    coordinates = _read(source, matlab_scale, not_matlab)
    if flip_rows is not None:
        coordinates = _flip(coordinates, flip_rows)
    if box_size:
        coordinates = replace(coordinates, box_size_px=float(box_size))
    _require_writable(coordinates, target)
    write_coordinates(target, coordinates)
    click.echo(f"{len(coordinates)} particles: {source} -> {target}")


def _read(source: Path, matlab_scale: float | None, not_matlab: bool) -> Coordinates:
    if matlab_scale is not None:
        return convert_matlab_star(source, matlab_scale)
    is_star = source.suffix.lower() == ".star"
    if is_star and not not_matlab and matlab_star_confidence(source) > SURE:
        raise click.ClickException(
            f"{source}: this looks like a file of DRPnet's MATLAB code, with binned coordinates "
            "that count from 1. Give the scale that the code printed with --from-matlab-scale, "
            "or say --not-matlab."
        )
    return read_coordinates(source)


def _flip(coordinates: Coordinates, rows: int) -> Coordinates:
    y = coordinates.centers_yx[:, 0]
    if (y < -0.5).any() or (y > rows - 0.5).any():
        raise click.UsageError(f"particles lie outside {rows} rows, so that is not their number")
    return replace(coordinates, centers_yx=flip_rows(coordinates.centers_yx, rows))


def _require_writable(coordinates: Coordinates, target: Path) -> None:
    if target.suffix.lower() != ".box":
        return
    if coordinates.box_size_px is None:
        raise click.UsageError("a .box file needs --box-size")
    names = set(coordinates.micrograph_names or ())
    if len(names) > 1:
        raise click.UsageError(
            f"a .box file is about one micrograph, and there are {len(names)} in the other file"
        )
