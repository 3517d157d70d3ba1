"""The options of `drpnet convert` for masks."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from napari_drpnet.base.dirt import MOST_DIRT
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import pixels_from_angstrom
from napari_drpnet.base.wording import counted
from napari_drpnet.cli.numbers import not_negative, positive
from napari_drpnet.cli.output import echo
from napari_drpnet.formats import Coordinates, Filtered, MaskSource, filter_by_masks
from napari_drpnet.images.micrograph import read_micrograph

_OPTIONS = (
    click.option(
        "--mask",
        type=click.Path(path_type=Path),
        metavar="FILE|FOLDER",
        help="Leave out particles on dirt: a mask of any program, or a folder in which that of "
        "each micrograph is found by its name",
    ),
    click.option(
        "--clearance",
        type=not_negative,
        metavar="NUMBER",
        help="With --mask: leave out particles nearer to dirt than this, in diameters [default: 0]",
    ),
    click.option(
        "--diameter",
        type=positive,
        metavar="NUMBER",
        help="With --clearance: particle diameter in pixels of the micrograph, or in Å with "
        "--pixel-size",
    ),
    click.option("--pixel-size", type=positive, metavar="Å", help="Pixel size in Å"),
    click.option(
        "--frame",
        type=click.IntRange(min=1),
        nargs=2,
        metavar="NX NY",
        help="With --mask: columns and rows of the micrographs [default: from --micrograph, or "
        "from the micrographs that IN names]",
    ),
    click.option(
        "--full-size-mask", is_flag=True, help="With --mask: masks are as large as micrographs"
    ),
    click.option(
        "--flip-mask-rows/--keep-mask-rows",
        default=None,
        help="With --mask: whether to mirror masks top to bottom, as those of Warp for MRC "
        "micrographs [default: no, but Warp's are refused]",
    ),
)


def mask_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for masks to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class MaskOptions:
    """Options for masks, by their names."""

    mask: Path | None
    clearance: float | None
    diameter: float | None
    pixel_size: float | None
    frame: tuple[int, int] | None
    full_size_mask: bool
    flip_mask_rows: bool | None

    def check_usage(self) -> None:
        """Refuse options that do not fit together."""
        needs_mask = {
            "--clearance": self.clearance is not None,
            "--frame": bool(self.frame),
            "--full-size-mask": self.full_size_mask,
            "--flip-mask-rows": self.flip_mask_rows is not None,
        }
        for name, given in needs_mask.items():
            if given and self.mask is None:
                raise click.UsageError(f"{name} needs --mask")
        if self.clearance and self.diameter is None:
            raise click.UsageError("--clearance needs --diameter")
        if self.diameter and self.clearance is None:
            raise click.UsageError("--diameter needs --clearance")
        if self.pixel_size and self.diameter is None:
            raise click.UsageError("--pixel-size needs --diameter")
        if self.frame and self.full_size_mask:
            raise click.UsageError("give --frame or --full-size-mask, not both")

    def apply(
        self, coordinates: Coordinates, source: Path, micrograph: str | None, name: str
    ) -> Coordinates:
        """Leave out coordinates on dirt, and print their number.

        Parameters
        ----------
        coordinates : Coordinates
            Coordinates of `source`.
        source : pathlib.Path
            Coordinate file. Micrographs that it names are also looked for in its folder.
        micrograph : str, optional
            Micrograph whose size all have.
        name : str
            Name of the micrograph of all rows, if they have none.
        """
        if self.mask is None:
            return coordinates
        if not self.mask.exists():
            raise InputFileError(self.mask, "there is no such file or folder", "Check the name")
        names = set(coordinates.micrograph_names or ())
        if len(names) > 1 and not self.mask.is_dir():
            message = f"--mask: {source} has {len(names)} micrographs: give a folder of masks"
            raise click.UsageError(message)
        places = (Path(), source.parent)
        shape = self._shape(micrograph)
        masks = MaskSource(self.mask, shape, self.full_size_mask, self.flip_mask_rows, places)
        own_name = Path(micrograph).name if micrograph else name
        try:
            filtered = filter_by_masks(coordinates, masks, own_name, self._clearance_px)
        except ValueError as error:
            advice = "give --micrograph or --frame, or --full-size-mask if masks are as large"
            raise click.UsageError(f"--mask: {error}: {advice}") from error
        self._tell(filtered, len(coordinates))
        return filtered.coordinates

    def _shape(self, micrograph: str | None) -> tuple[int, int] | None:
        if self.frame:
            columns, rows = self.frame
            return rows, columns
        if micrograph and Path(micrograph).is_file() and not self.full_size_mask:
            return read_micrograph(micrograph).shape
        return None

    @property
    def _clearance_px(self) -> float:
        if not self.clearance or not self.diameter:
            return 0.0
        scale = self.pixel_size
        diameter = pixels_from_angstrom(self.diameter, scale) if scale else self.diameter
        return self.clearance * diameter

    def _tell(self, filtered: Filtered, count: int) -> None:
        near = f" or nearer to it than {self.clearance:g} diameters" if self.clearance else ""
        echo(f"{filtered.left_out:,} of {counted(count, 'particle')} left out: on dirt{near}")
        for name in filtered.not_applied:
            message = f"the mask of {name} is not applied: more than {MOST_DIRT:.0%} is dirt"
            echo(f"Warning: {message}", err=True)
