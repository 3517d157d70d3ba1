"""`drpnet convert`: one coordinate file into another format."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import click
import numpy as np

from napari_drpnet.cli.numbers import BOX_SIZE, count_rows
from napari_drpnet.evaluation.pairing import bare_path
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
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.images.preview import write_preview

SURE = 0.9
#: Width of the rings of a preview where the file has no boxes, unbinned pixels.
RING_PX = 100.0


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
def command(**options: Any) -> None:
    """Convert the coordinate file IN to OUT.

    Suffixes tell the formats, .star, .box, .csv, .cbox or .txt, and the first line where several
    have that suffix; --from and --to tell others. IN may be RELION's index of many files, such as
    autopick.star. .star, .box and .txt files have whole pixels, the others all digits.

    cryoSPARC's .cs files do not tell from which row y counts: say --from cryosparc-mirrored or
    --from cryosparc-stored, and look with --preview which is right; OUT may then be left out.
    CryoPPP's tables count from the last row: say with --flip-rows how many there are.
    """
    conversion = _Conversion(**options)
    conversion.check_usage()
    coordinates = conversion.read()
    if conversion.target:
        conversion.require_writable(coordinates)
    if conversion.preview and conversion.micrograph:
        write_overlay(conversion.preview, coordinates, Path(conversion.micrograph))
    if conversion.target:
        conversion.write(coordinates, conversion.target)


@dataclass(frozen=True)
class _Conversion:
    """What the options of the command ask for, by their names."""

    source: Path
    target: Path | None
    source_format: str | None
    target_format: str | None
    box_size: int | None
    flip_rows: int | None
    micrograph: str | None
    preview: Path | None
    matlab_scale: float | None
    not_matlab: bool
    overwrite: bool

    def check_usage(self) -> None:
        """Refuse options that do not go together, and files that are there already."""
        if self.target is None and self.preview is None:
            raise click.UsageError("give OUT, or --preview")
        if self.preview and self.micrograph is None:
            raise click.UsageError("--preview needs --micrograph")
        for file in (self.target, self.preview):
            if file and file.exists() and not self.overwrite:
                raise click.UsageError(f"{file} is there already; replace it with --overwrite")

    @cached_property
    def reader(self) -> Format | None:
        """The format of the source where only one fits; else reading it says what is wrong."""
        if self.source_format:
            return FORMATS[self.source_format]
        fitting = fitting_formats(self.source)
        return fitting[0] if len(fitting) == 1 else None

    @cached_property
    def writer(self) -> Format | None:
        """The format of the target; None where its suffix is unknown, or there is none."""
        if self.target_format:
            return FORMATS[self.target_format]
        return WRITTEN.get(self.target.suffix.lower()) if self.target else None

    def read(self) -> Coordinates:
        """Read the source, as it shall be written."""
        reader = self.reader
        if self.matlab_scale is not None:
            coordinates = convert_matlab_star(self.source, self.matlab_scale)
        else:
            self._refuse_matlab()
            rows = self.flip_rows if reader and reader.from_last_row else None
            coordinates = read_coordinates(self.source, self.source_format, rows)
        counts_back = [each for each in (reader, self.writer) if each and each.from_last_row]
        if self.flip_rows is not None and not counts_back:
            coordinates = _flip(coordinates, self.flip_rows)
        if self.box_size:
            coordinates = replace(coordinates, box_size_px=float(self.box_size))
        return coordinates

    def require_writable(self, coordinates: Coordinates) -> None:
        """Refuse a target whose format needs what is not there, in terms of options."""
        writer = self.writer
        if writer is None:
            return
        is_usual = writer.name == WRITTEN[writer.suffix].name
        kind = f"a {writer.suffix} file" if is_usual else writer.title
        if writer.has_boxes and coordinates.box_size_px is None:
            raise click.UsageError(f"{kind} needs --box-size")
        if writer.from_last_row and self.flip_rows is None:
            raise click.UsageError(f"{kind} counts from the last row: it needs --flip-rows")
        names = coordinates.micrograph_names
        if writer.names == "never" and len(set(names or ())) > 1:
            raise click.UsageError(
                f"{kind} is about one micrograph, and there are {len(set(names or ()))} in the "
                "other file"
            )
        if writer.names == "always" and names is None and self.micrograph is None:
            raise click.UsageError(
                f"{kind} names the micrograph of each row: it needs --micrograph"
            )

    def write(self, coordinates: Coordinates, target: Path) -> None:
        """Write the target, and say so."""
        try:
            write_coordinates(
                target,
                coordinates,
                None,
                self.target_format,
                micrograph_name=self.micrograph,
                rows=self.flip_rows,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        click.echo(f"{len(coordinates)} particles: {self.source} -> {target}")

    def _refuse_matlab(self) -> None:
        is_plain = self.reader is not None and self.reader.name == "relion"
        if is_plain and not self.not_matlab and matlab_star_confidence(self.source) > SURE:
            raise click.ClickException(
                f"{self.source}: this looks like a file of DRPnet's MATLAB code, with binned "
                "coordinates that count from 1. Give the scale that the code printed with "
                "--from-matlab-scale, or say --not-matlab."
            )


def _flip(coordinates: Coordinates, rows: int) -> Coordinates:
    try:
        return coordinates.flipped(rows)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def write_overlay(path: Path, coordinates: Coordinates, micrograph: Path) -> None:
    """Draw the coordinates of one micrograph on it.

    Parameters
    ----------
    path : pathlib.Path
        The picture.
    coordinates : Coordinates
        Where rows name micrographs, those of this one are drawn, told by name without folder.
    micrograph : pathlib.Path
        The file of the micrograph.

    Raises
    ------
    InputFileError
        If that is no usable micrograph.
    click.UsageError
        If no row is about it.
    OSError
        If the picture cannot be written.
    """
    if coordinates.micrograph_names is not None:
        asked = bare_path(micrograph.name)
        rows = [bare_path(name).name == asked.name for name in coordinates.micrograph_names]
        if not any(rows):
            raise click.UsageError(f"--micrograph: no particle is of {asked}")
        coordinates = coordinates.where(np.array(rows))
    diameter = coordinates.box_size_px or RING_PX
    write_preview(path, read_micrograph(micrograph), coordinates.as_picks(), diameter)
