"""`drpnet convert`: convert a coordinate file to another format."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from napari_drpnet.base.geometry import inside
from napari_drpnet.base.wording import counted
from napari_drpnet.cli.convert_mask import MaskOptions, mask_options
from napari_drpnet.cli.convert_preview import rows_of, write_preview_of
from napari_drpnet.cli.convert_split import split
from napari_drpnet.cli.numbers import BOX_SIZE, count_rows, positive
from napari_drpnet.cli.output import echo
from napari_drpnet.formats import (
    FORMATS,
    WRITTEN,
    Coordinates,
    Format,
    fitting_formats,
    read_coordinates,
    write_coordinates,
)
from napari_drpnet.formats.micrograph_names import bare_path
from napari_drpnet.formats.programs.matlab_star import convert_matlab_star, matlab_star_confidence
from napari_drpnet.images.micrograph import read_micrograph

#: Confidence above which a file counts as the output of DRPnet's MATLAB code.
SURE = 0.9


def _names(action: str) -> "click.Choice[str]":
    return click.Choice([name for name, each in FORMATS.items() if getattr(each, action)])


@click.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="[OUT]", required=False, type=click.Path(path_type=Path))
@click.option("--from", "source_format", type=_names("read"), help="Format of IN")
@click.option("--to", "target_format", type=_names("write"), help="Format of OUT")
@click.option(
    "--box-size",
    type=BOX_SIZE,
    metavar="PX",
    help="Side of the boxes of a .box or .cbox file",
)
@click.option(
    "--scale",
    type=positive,
    metavar="FACTOR",
    default=1.0,
    help="Unbinned pixels per pixel of IN, whose coordinates were made on binned micrographs",
)
@click.option(
    "--flip-rows",
    type=count_rows,
    metavar="NY|MICROGRAPH",
    help="Mirror top to bottom: number of unbinned rows, or a micrograph to take it from",
)
@click.option(
    "--micrograph",
    metavar="MICROGRAPH",
    help="Micrograph of IN: for formats that name it in each row, for --preview and for --mask; "
    "particles outside it are left out",
)
@click.option(
    "--split-by",
    "micrographs_star",
    type=click.Path(path_type=Path),
    metavar="STAR",
    help="RELION's list of micrographs: write a file for each of them below the folder OUT, and "
    "what Particle extraction takes as input coordinates; IN names the micrograph of each row",
)
@click.option(
    "--preview",
    type=click.Path(path_type=Path),
    metavar="PNG",
    help="Draw the particles on --micrograph, to check the conversion",
)
@click.option(
    "--from-matlab-scale",
    "matlab_scale",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SCALE",
    help="IN is a .star file of DRPnet's MATLAB code, which printed this scale",
)
@click.option("--not-matlab", is_flag=True, help="IN is no such file, although it looks like one")
@mask_options
@click.option("--overwrite", is_flag=True, help="Replace existing files")
def command(**options: Any) -> None:
    """Convert the coordinate file IN to OUT.

    The formats follow from the suffixes .star, .box, .csv, .cbox, .txt, .json or .pos, and from the
    first line if several formats share a suffix. For other formats use --from and --to. IN may be
    RELION's index of many files, such as autopick.star. Files in .csv and .cbox have all digits,
    the others whole pixels.

    cryoSPARC's .cs files do not say from which row y counts: give --from cryosparc-mirrored or
    --from cryosparc-stored, and check with --preview which one is right; OUT may then be left out.
    CryoPPP's tables count from the last row: give the number of rows with --flip-rows.

    With --split-by, OUT is a folder. A file with the particles of many micrographs, such as
    particles.star of RELION or of cryoSPARC or a Topaz table, becomes a file for each micrograph of
    RELION's list. Start drpnet in RELION's project folder; the last lines then tell what to type in
    Particle extraction.

    With --mask, particles on ice and carbon are left out. The mask may be smaller than the
    micrograph, whose size is taken from the micrograph if it can be found.
    """
    mask = MaskOptions(**{each.name: options.pop(each.name) for each in fields(MaskOptions)})
    conversion = _Conversion(**options, has_mask=mask.mask is not None)
    mask.check_usage()
    conversion.check_usage()
    coordinates = conversion.inside(conversion.read())
    name = bare_path(conversion.source.name).name
    coordinates = mask.apply(coordinates, conversion.source, conversion.micrograph, name)
    if conversion.target and not conversion.micrographs_star:
        conversion.require_writable(coordinates)
    if conversion.preview and conversion.micrograph:
        write_preview_of(conversion.preview, coordinates, Path(conversion.micrograph))
    if conversion.target:
        conversion.write(coordinates, conversion.target)


@dataclass(frozen=True)
class _Conversion:
    """Options of the command, by their names."""

    source: Path
    target: Path | None
    source_format: str | None
    target_format: str | None
    box_size: int | None
    scale: float
    flip_rows: int | None
    micrograph: str | None
    micrographs_star: Path | None
    preview: Path | None
    matlab_scale: float | None
    not_matlab: bool
    overwrite: bool
    has_mask: bool

    def check_usage(self) -> None:
        """Refuse options that do not fit together, and existing output files."""
        if self.target is None and self.preview is None:
            raise click.UsageError("give OUT, or --preview")
        if self.preview and self.micrograph is None:
            raise click.UsageError("--preview needs --micrograph")
        if self.has_mask and self.flip_rows is not None and not self._counts_back:
            raise click.UsageError("--mask or --flip-rows, not both: convert in two steps")
        if self.matlab_scale is not None and self.scale != 1:
            raise click.UsageError("give --from-matlab-scale or --scale, not both")
        if self.micrographs_star and (self.target is None or self.target_format):
            raise click.UsageError("--split-by needs a folder OUT for RELION's files, and no --to")
        for file in (None if self.micrographs_star else self.target, self.preview):
            if file and file.exists() and not self.overwrite:
                raise click.UsageError(f"{file} already exists; replace it with --overwrite")

    @cached_property
    def reader(self) -> Format | None:
        """Format of the source; None if not exactly one fits, and then reading it fails."""
        if self.source_format:
            return FORMATS[self.source_format]
        fitting = fitting_formats(self.source)
        return fitting[0] if len(fitting) == 1 else None

    @cached_property
    def writer(self) -> Format | None:
        """Format of the target; None if its suffix is unknown, or if there is no target."""
        if self.target_format:
            return FORMATS[self.target_format]
        return WRITTEN.get(self.target.suffix.lower()) if self.target else None

    @property
    def _counts_back(self) -> bool:
        """Whether a format counts rows from the last one, for which alone ``--flip-rows`` is."""
        return any(each and each.from_last_row for each in (self.reader, self.writer))

    def read(self) -> Coordinates:
        """Read the source, and flip and resize it as requested."""
        reader = self.reader
        if self.matlab_scale is not None:
            coordinates = convert_matlab_star(self.source, self.matlab_scale)
        else:
            self._refuse_matlab()
            rows = self.flip_rows if reader and reader.from_last_row else None
            coordinates = read_coordinates(self.source, self.source_format, rows, self.scale)
        if self.flip_rows is not None and not self._counts_back:
            coordinates = _flip(coordinates, self.flip_rows)
        if self.box_size:
            coordinates = replace(coordinates, box_size_px=float(self.box_size))
        return coordinates

    def inside(self, coordinates: Coordinates) -> Coordinates:
        """Leave out rows outside of their micrograph, if it is there, and print their number."""
        if self.micrograph is None or not Path(self.micrograph).is_file():
            return coordinates
        kept = inside(coordinates.centers_yx, read_micrograph(self.micrograph).shape, 0.0)
        kept |= ~rows_of(self.micrograph, coordinates)
        if not kept.all():
            echo(f"{(~kept).sum()} of {len(kept)} particles left out: outside {self.micrograph}")
        return coordinates.where(kept)

    def require_writable(self, coordinates: Coordinates) -> None:
        """Refuse a target format that needs an option that is missing."""
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
                f"{kind} holds the particles of one micrograph, but the other file has "
                f"{len(set(names or ()))} micrographs"
            )
        if writer.names == "always" and names is None and self.micrograph is None:
            raise click.UsageError(
                f"{kind} names the micrograph of each row: it needs --micrograph"
            )

    def write(self, coordinates: Coordinates, target: Path) -> None:
        """Write the target, and print a summary."""
        if self.micrographs_star:
            split(self.source, coordinates, target, self.micrographs_star, self.overwrite)
            return
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
        echo(f"{counted(len(coordinates), 'particle')}: {self.source} -> {target}")

    def _refuse_matlab(self) -> None:
        is_plain = self.reader is not None and self.reader.name == "relion"
        if is_plain and not self.not_matlab and matlab_star_confidence(self.source) > SURE:
            raise click.ClickException(
                f"{self.source}: this looks like a file of DRPnet's MATLAB code, with binned "
                "coordinates that count from 1. Give the scale that the code printed with "
                "--from-matlab-scale, or give --not-matlab."
            )


def _flip(coordinates: Coordinates, rows: int) -> Coordinates:
    try:
        return coordinates.flipped(rows)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
