"""`drpnet pick`: micrographs in, coordinate files out."""

import json
import time
from pathlib import Path
from typing import Any

import click

from napari_drpnet.batch import (
    AlreadyPickedError,
    BatchReport,
    Existing,
    Outcome,
    Outputs,
    PickedMicrograph,
    list_entries,
    pick_micrographs,
)
from napari_drpnet.cli.group import INTERRUPTED
from napari_drpnet.cli.numbers import BOX_SIZE
from napari_drpnet.cli.options import build_model, model_options
from napari_drpnet.cli.pick_report import complain, describe, summarize, to_json
from napari_drpnet.cli.progress import MicrographBar
from napari_drpnet.formats import FORMATS
from napari_drpnet.parameters import PickParameters


def _parse_formats(context: click.Context, option: click.Parameter, value: str) -> tuple[str, ...]:
    names = [name.strip().lstrip(".").lower() for name in value.split(",")]
    suffixes = tuple(dict.fromkeys(f".{name}" for name in names))
    if not set(suffixes) <= set(FORMATS):
        known = ", ".join(suffix[1:] for suffix in FORMATS)
        raise click.BadParameter(f"{value!r} is not one or several of {known}")
    return suffixes


@click.command(
    epilog="Exit codes: 0 all micrographs are picked; 1 some, or another file, could not be used: "
    "see the last lines; 2 wrong usage, nothing was done; 130 interrupted, go on with --resume."
)
@click.argument("sources", nargs=-1, required=True, metavar="MICROGRAPH|FOLDER|PATTERN|STAR...")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Output folder")
@model_options(PickParameters)
@click.option(
    "--format",
    "formats",
    default="star",
    show_default=True,
    callback=_parse_formats,
    help="Coordinate files to write: star, csv, box, or several with commas between",
)
@click.option(
    "--box-size",
    type=BOX_SIZE,
    metavar="PX",
    help="Side of the boxes of .box files [default: 1.5 diameters, rounded up to even]",
)
@click.option(
    "--all-candidates",
    is_flag=True,
    help="Also write candidates.csv with every candidate, its prominence and probability",
)
@click.option("--preview", is_flag=True, help="Also write pictures of the micrographs with picks")
@click.option("--resume", is_flag=True, help="Keep what is finished with these same parameters")
@click.option("--overwrite", is_flag=True, help="Pick everything again")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else")
def command(
    sources: tuple[str, ...],
    out: Path,
    formats: tuple[str, ...],
    box_size: int | None,
    all_candidates: bool,
    preview: bool,
    resume: bool,
    overwrite: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Pick the particles of micrographs.

    Takes micrographs (MRC, TIFF, PNG, JPEG), folders with all below them, quoted patterns such
    as 'Movies/*/*.mrc', and RELION's lists such as micrographs_ctf.star. Sub-folders are
    mirrored: Movies/a/b.mrc becomes OUT/Movies/a/b_autopick.star when the list says so or the
    parent of Movies is given. OUT/autopick.star is the index for RELION: start drpnet in the
    project folder.

    Every micrograph is written when it is done, so a run that was stopped or killed goes on
    with --resume.
    """
    if resume and overwrite:
        raise click.UsageError("--resume and --overwrite exclude each other")
    existing: Existing = "resume" if resume else "overwrite" if overwrite else "refuse"
    parameters = build_model(PickParameters, values)
    outputs = Outputs(out, formats, box_size, all_candidates, preview)
    entries = list_entries(sources, out)
    start = time.perf_counter()
    with MicrographBar(len(entries)) as bar:

        def show(outcome: Outcome) -> None:
            bar.finish_one()
            is_old = isinstance(outcome, PickedMicrograph) and outcome.earlier
            if not as_json and not is_old:
                bar.write(describe(outcome))

        try:
            report = pick_micrographs(
                entries, parameters, outputs, existing=existing, job=bar, on_outcome=show
            )
        except AlreadyPickedError as error:
            raise click.UsageError(str(error)) from error
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    seconds = time.perf_counter() - start
    click.echo(json.dumps(to_json(report, seconds)) if as_json else summarize(report, seconds))
    if complaints := complain(report):
        click.echo(complaints, err=True)
    click.get_current_context().exit(_exit_code(report))


def _exit_code(report: BatchReport) -> int:
    if report.interrupted:
        return INTERRUPTED
    return 1 if report.failed else 0
