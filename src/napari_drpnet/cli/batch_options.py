"""Options that all commands for many micrographs share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import reduce
from pathlib import Path
from typing import Any, Self, TypeVar

import click

from napari_drpnet.batch import Existing, GivenMasks, Watch
from napari_drpnet.batch.folder.mask_files import FULL_SIZE, MASK_FILES

Function = TypeVar("Function", bound=Callable[..., Any])

#: Name of the scheduler that means this computer alone.
LOCAL = "local"
EXIT_CODES = (
    "Exit codes: 0 all micrographs are finished; 1 a micrograph or another file could not be used, "
    "see the last lines; 2 wrong usage, nothing was done; 130 interrupted, continue with --resume."
)
#: How the argument for micrographs is shown.
SOURCES = "MICROGRAPH|FOLDER|PATTERN|STAR..."
_MOST_WORKERS = 1024


@dataclass(frozen=True)
class BatchOptions:
    """Values of the options of `batch_options`."""

    sources: tuple[str, ...]
    out: Path
    with_report: bool
    resume: bool
    overwrite: bool
    count: int | None
    scheduler: str
    watch: bool
    settle: float
    every: float
    stop_file: Path | None
    as_json: bool
    unusual: bool

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Take the values from those of all options of a command.

        Raises
        ------
        click.UsageError
            If options exclude each other.
        """
        options = cls(**{field.name: values[field.name] for field in fields(cls)})
        if options.stop_file and not options.watch:
            raise click.UsageError("--stop-file needs --watch")
        if options.overwrite and (options.resume or options.watch):
            other = "watch" if options.watch else "resume"
            raise click.UsageError(f"--{other} and --overwrite exclude each other")
        return options

    @property
    def existing(self) -> Existing:
        """Action if the folder already has files of these micrographs."""
        return "resume" if self.resume else "overwrite" if self.overwrite else "refuse"

    @property
    def waiting(self) -> Watch | None:
        """Settings of the watch for new micrographs; None without."""
        return Watch(self.settle, self.every, self.stop_file) if self.watch else None


def sources_and_folder(function: Function) -> Function:
    """Give a command the argument for micrographs and the option for the output folder."""
    return _decorate(
        function,
        click.argument("sources", nargs=-1, required=True, metavar=SOURCES),
        click.option(
            "--out", metavar="PATH", callback=_parse_folder, required=True, help="Output folder"
        ),
    )


def batch_options(function: Function) -> Function:
    """Give a command the options for the run: report, existing files, workers, watch, output."""
    return _decorate(
        function,
        click.option("--report", "with_report", is_flag=True, help="Also write the HTML report"),
        click.option(
            "--resume", is_flag=True, help="Keep micrographs finished with the same parameters"
        ),
        click.option("--overwrite", is_flag=True, help="Start again with all micrographs"),
        click.option(
            "--workers",
            "count",
            metavar="N|auto",
            default="auto",
            show_default=True,
            callback=_parse_workers,
            help="Number of processes; auto: one for each GPU, or up to one for each CPU core. "
            "With --scheduler slurm: number of jobs",
        ),
        click.option(
            "--scheduler",
            metavar="ADDRESS|slurm|local",
            default=LOCAL,
            show_default=True,
            help="Where to run: workers of a dask scheduler, SLURM jobs, or this computer alone",
        ),
        click.option("--watch", is_flag=True, help="Wait for new micrographs too"),
        click.option(
            "--settle",
            type=click.FloatRange(min=0),
            default=Watch.settle_seconds,
            show_default=True,
            metavar="SECONDS",
            help="With --watch: time without a change after which a file is complete",
        ),
        click.option(
            "--every",
            type=click.FloatRange(min=0, min_open=True),
            default=Watch.every_seconds,
            show_default=True,
            metavar="SECONDS",
            help="With --watch: interval between two searches for new micrographs",
        ),
        click.option(
            "--stop-file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="With --watch: stop as soon as this file exists",
        ),
        click.option(
            "--unusual", is_flag=True, help="Accept an implausible diameter or pixel size"
        ),
        click.option(
            "--json", "as_json", is_flag=True, help="Print one JSON object and nothing else"
        ),
    )


def given_mask_option(function: Function) -> Function:
    """Give a command the option ``--mask`` for masks of dirt that the user gives."""
    return _decorate(
        function,
        click.option(
            "--mask",
            type=click.Path(path_type=Path),
            metavar="FOLDER|FILE",
            help="Masks of dirt of any program, found by the names of the micrographs, or one for "
            "all; picks on dirt are rejected",
        ),
    )


def given_masks(mask: Path | None, flip_rows: bool | None) -> GivenMasks | None:
    """Return the masks of dirt that the user gives, or None.

    Raises
    ------
    click.UsageError
        If only their order of rows is given.
    """
    if mask is None and flip_rows is not None:
        raise click.UsageError("--flip-mask-rows and --keep-mask-rows need --mask")
    return GivenMasks(mask, flip_rows) if mask else None


def mask_options(name: str, default: str | None) -> Callable[[Function], Function]:
    """Return a decorator that gives a command the options for files of a segmentation.

    Parameters
    ----------
    name : str
        Name of the option for the kinds of files; the function gets them as ``masks``.
    default : str or None
        Default of this option; None for no files.
    """
    kinds = ", ".join(kind for kind in MASK_FILES if kind != FULL_SIZE)

    def decorate(function: Function) -> Function:
        return _decorate(
            function,
            click.option(
                name,
                "masks",
                default=default,
                show_default=default is not None,
                metavar="KINDS",
                callback=_parse_masks,
                help=f"Files of the segmentation to write: {kinds}, or several separated by commas",
            ),
            click.option(
                "--full-size",
                is_flag=True,
                help="Also write the mask in the shape of the micrograph, as NAME.mrc in float32",
            ),
        )

    return decorate


def all_masks(masks: tuple[str, ...], full_size: bool) -> tuple[str, ...]:
    """Return the kinds of files that the options of `mask_options` name."""
    return masks + (FULL_SIZE,) * full_size


def split_names(value: str) -> list[str]:
    """Split names that are separated by commas; case, spaces and leading dots do not matter."""
    return [name.strip().lstrip(".").lower() for name in value.split(",")]


def _decorate(function: Function, *decorators: Callable[[Function], Function]) -> Function:
    return reduce(lambda made, decorator: decorator(made), reversed(decorators), function)


def _parse_folder(context: click.Context, option: click.Parameter, value: str) -> Path:
    if not value.strip():
        raise click.BadParameter("the name is empty; use . for the current folder")
    return Path(value).expanduser()  # shells leave the ~ of --out=~/x


def _parse_workers(context: click.Context, option: click.Parameter, value: str) -> int | None:
    if value == "auto":
        return None
    if not value.isdecimal() or not 1 <= int(value) <= _MOST_WORKERS:
        raise click.BadParameter(f"{value!r} is neither auto nor a number from 1")
    return int(value)


def _parse_masks(
    context: click.Context, option: click.Parameter, value: str | None
) -> tuple[str, ...]:
    masks = tuple(dict.fromkeys(split_names(value))) if value is not None else ()
    known = [kind for kind in MASK_FILES if kind != FULL_SIZE]
    if not set(masks) <= set(known):
        raise click.BadParameter(f"{value!r} is not one or several of {', '.join(known)}")
    return masks
