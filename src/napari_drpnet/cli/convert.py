"""`drpnet convert`: one coordinate file into another format."""

from dataclasses import replace
from pathlib import Path

import click

from napari_drpnet.cli.convert_preview import write_overlay
from napari_drpnet.cli.numbers import BOX_SIZE, count_rows
from napari_drpnet.formats import (
    FORMATS,
    WRITTEN,
    Coordinates,
    Format,
    fitting_formats,
    read_coordinates,
    write_coordinates,
)
from napari_drpnet.formats.programs.matlab_star import convert_matlab_star, matlab_star_confidence

SURE = 0.9


def _names(verb: str) -> "click.Choice[str]":
    return click.Choice([name for name, each in FORMATS.items() if getattr(each, verb)])


@click.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="[OUT]", required=False, type=click.Path(path_type=Path))
@click.option("--from", "source_format", type=_names("read"), help="The format of IN")
@click.option("--to", "target_format", type=_names("write"), help="The format of OUT")
@click.option(
    "--box-size",
    type=BOX_SIZE,
    metavar="PX",
    help="Side of the boxes of a .box or .cbox file",
)
@click.option(
    "--flip-rows",
    type=count_rows,
    metavar="NY|MICROGRAPH",
    help="Mirror top to bottom: the number of rows, or a micrograph that has them",
)
@click.option(
    "--micrograph",
    metavar="MICROGRAPH",
    help="What IN is about: for formats that name it in each row, and for --preview",
)
@click.option(
    "--preview",
    type=click.Path(path_type=Path),
    metavar="PNG",
    help="Draw the particles on --micrograph, to see whether the conversion is right",
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
    target: Path | None,
    source_format: str | None,
    target_format: str | None,
    box_size: int | None,
    flip_rows: int | None,
    micrograph: str | None,
    preview: Path | None,
    matlab_scale: float | None,
    not_matlab: bool,
    overwrite: bool,
) -> None:
    """Convert the coordinate file IN to OUT.

    Suffixes tell the formats, .star, .box, .csv, .cbox or .txt, and the first line where several
    have that suffix; --from and --to tell others. IN may be RELION's index of many files, such as
    autopick.star. .star, .box and .txt files have whole pixels, the others all digits.

    cryoSPARC's .cs files do not tell from which row y counts: say --from cryosparc-mirrored or
    --from cryosparc-stored, and look with --preview which is right; OUT may then be left out.
    CryoPPP's tables count from the last row: say with --flip-rows how many there are.
    """
    if target is None and preview is None:
        raise click.UsageError("give OUT, or --preview")
    for file in (target, preview):
        if file and file.exists() and not overwrite:
            raise click.UsageError(f"{file} is there already; replace it with --overwrite")
    reader = FORMATS[source_format] if source_format else _fitting(source)
    writer = _writer(target, target_format) if target else None
    if matlab_scale is not None:
        coordinates = convert_matlab_star(source, matlab_scale)
    else:
        _refuse_matlab(source, reader, not_matlab)
        rows = flip_rows if reader and reader.from_last_row else None
        coordinates = read_coordinates(source, source_format, rows)
    counts_back = [each for each in (reader, writer) if each and each.from_last_row]
    if flip_rows is not None and not counts_back:
        coordinates = _flip(coordinates, flip_rows)
    if box_size:
        coordinates = replace(coordinates, box_size_px=float(box_size))
    if preview:
        if micrograph is None:
            raise click.UsageError("--preview needs --micrograph")
        write_overlay(preview, coordinates, Path(micrograph))
    if target:
        if writer:
            _require_writable(coordinates, writer, micrograph, flip_rows)
        try:
            write_coordinates(
                target, coordinates, None, target_format, micrograph_name=micrograph, rows=flip_rows
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        click.echo(f"{len(coordinates)} particles: {source} -> {target}")


def _fitting(source: Path) -> Format | None:
    """Return the format of a file where only one fits; else reading it says what is wrong."""
    fitting = fitting_formats(source)
    return fitting[0] if len(fitting) == 1 else None


def _writer(target: Path, name: str | None) -> Format | None:
    return FORMATS[name] if name else WRITTEN.get(target.suffix.lower())


def _refuse_matlab(source: Path, reader: Format | None, not_matlab: bool) -> None:
    is_plain = reader is not None and reader.name == "relion"
    if is_plain and not not_matlab and matlab_star_confidence(source) > SURE:
        raise click.ClickException(
            f"{source}: this looks like a file of DRPnet's MATLAB code, with binned coordinates "
            "that count from 1. Give the scale that the code printed with --from-matlab-scale, "
            "or say --not-matlab."
        )


def _flip(coordinates: Coordinates, rows: int) -> Coordinates:
    try:
        return coordinates.flipped(rows)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _require_writable(
    coordinates: Coordinates, writer: Format, micrograph: str | None, rows: int | None
) -> None:
    kind = f"a {writer.suffix} file" if writer.name == WRITTEN[writer.suffix].name else writer.title
    if writer.has_boxes and coordinates.box_size_px is None:
        raise click.UsageError(f"{kind} needs --box-size")
    if writer.from_last_row and rows is None:
        raise click.UsageError(f"{kind} counts from the last row: it needs --flip-rows")
    names = set(coordinates.micrograph_names or ())
    if writer.names == "never" and len(names) > 1:
        raise click.UsageError(
            f"{kind} is about one micrograph, and there are {len(names)} in the other file"
        )
    if writer.names == "always" and coordinates.micrograph_names is None and micrograph is None:
        raise click.UsageError(f"{kind} names the micrograph of each row: it needs --micrograph")
