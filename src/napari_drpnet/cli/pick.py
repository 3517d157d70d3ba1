"""`drpnet pick`: pick micrographs, and write coordinate files."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from napari_drpnet.batch import Outputs
from napari_drpnet.cli.batch_options import (
    EXIT_CODES,
    BatchOptions,
    all_masks,
    batch_options,
    given_mask_option,
    given_masks,
    mask_options,
    sources_and_folder,
    split_names,
)
from napari_drpnet.cli.batch_run import Wording, run_batch
from napari_drpnet.cli.numbers import BOX_SIZE
from napari_drpnet.cli.options import build_model, model_options
from napari_drpnet.cli.pick_report import describe, summarize
from napari_drpnet.formats import WRITTEN
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.relion.pipeline import NEWEST, find_project_version


def _parse_formats(context: click.Context, option: click.Parameter, value: str) -> tuple[str, ...]:
    suffixes = tuple(dict.fromkeys(f".{name}" for name in split_names(value)))
    if not set(suffixes) <= set(WRITTEN):
        known = ", ".join(suffix[1:] for suffix in WRITTEN)
        raise click.BadParameter(f"{value!r} is not one or several of {known}")
    return suffixes


@click.command(epilog=EXIT_CODES)
@sources_and_folder
@model_options(PickParameters)
@given_mask_option
@click.option(
    "--flip-mask-rows/--keep-mask-rows",
    "flip_mask_rows",
    default=None,
    help="With --mask: whether the last row of a mask is the first of the micrograph, as in masks "
    "of Warp for MRC micrographs  [default: no, and such masks are refused]",
)
@click.option(
    "--format",
    "formats",
    default="star",
    show_default=True,
    callback=_parse_formats,
    help="Coordinate files to write: star, box, csv, cbox, txt, json, pos, or several separated by "
    "commas",
)
@click.option(
    "--box-size",
    type=BOX_SIZE,
    metavar="PX",
    help="Side of the boxes of .box and .cbox files [default: 1.5 diameters, rounded up to even]",
)
@click.option(
    "--all-candidates",
    is_flag=True,
    help="Also write candidates.csv: height, prominence and probability of every candidate",
)
@click.option("--preview", is_flag=True, help="Also write a picture of each micrograph with picks")
@mask_options("--masks", default=None)
@batch_options
def command(
    mask: Path | None,
    flip_mask_rows: bool | None,
    formats: tuple[str, ...],
    box_size: int | None,
    all_candidates: bool,
    preview: bool,
    masks: tuple[str, ...],
    full_size: bool,
    **values: Any,
) -> None:
    """Pick the particles of micrographs.

    The arguments are micrographs (MRC, TIFF, PNG, JPEG), folders with all their sub-folders,
    quoted patterns such as 'Movies/*/*.mrc', and RELION's lists such as micrographs_ctf.star.
    Sub-folders are mirrored: Movies/a/b.mrc becomes OUT/Movies/a/b_autopick.star if the list
    contains this name or the parent of Movies is given. For RELION, start drpnet in the project
    folder and give its list; the last lines then tell what to type in its Particle extraction.

    The files of each micrograph are written as soon as it is picked, so a run that was stopped or
    killed can continue with --resume. With --watch it always resumes, and picks until Ctrl-C or
    until the stop file exists.
    """
    options = BatchOptions.of(values)
    given = given_masks(mask, flip_mask_rows)
    parameters = build_model(PickParameters, values)
    relion = find_project_version(Path.cwd())
    outputs = Outputs(
        options.out,
        formats,
        box_size,
        all_candidates,
        preview,
        micrographs_star=_relion_list(options.sources),
        masks=all_masks(masks, full_size),
        relion=relion or NEWEST,
    )
    last_lines = partial(summarize, outputs=outputs, relion=relion)
    run_batch(options, parameters, outputs, Wording(describe, last_lines), given)


def _relion_list(sources: tuple[str, ...]) -> Path | None:
    """Return the path of RELION's list if it is the only source, else None."""
    only = Path(sources[0])
    return only if len(sources) == 1 and only.suffix.lower() == ".star" else None
