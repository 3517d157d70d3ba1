"""`drpnet pick`: micrographs in, coordinate files out."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import click

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.batch import (
    AlreadyPickedError,
    BatchEntry,
    BatchReport,
    Cluster,
    Existing,
    Outcome,
    Outputs,
    PickedMicrograph,
    Watch,
    Workers,
    choose_workers,
    find_entries,
    list_entries,
    pick_micrographs,
    watch_micrographs,
)
from napari_drpnet.batch.results.report import write_report
from napari_drpnet.batch.results.summary import to_json
from napari_drpnet.batch.workers.scheduler import SLURM
from napari_drpnet.cli.group import INTERRUPTED
from napari_drpnet.cli.interrupts import sigterm_interrupts
from napari_drpnet.cli.numbers import BOX_SIZE
from napari_drpnet.cli.options import build_model, model_options
from napari_drpnet.cli.pick_report import AdviceLines, complain, describe, summarize
from napari_drpnet.cli.progress import MicrographBar
from napari_drpnet.formats import WRITTEN
from napari_drpnet.picking.parameters import PickParameters

_MOST_WORKERS = 1024
_MOST_SHOWN = 3
_LOCAL = "local"


def _parse_folder(context: click.Context, option: click.Parameter, value: str) -> Path:
    if not value.strip():
        raise click.BadParameter("names no folder; the one you are in is called .")
    return Path(value)


def _parse_workers(context: click.Context, option: click.Parameter, value: str) -> int | None:
    if value == "auto":
        return None
    if not value.isdecimal() or not 1 <= int(value) <= _MOST_WORKERS:
        raise click.BadParameter(f"{value!r} is neither auto nor a number from 1")
    return int(value)


def _parse_formats(context: click.Context, option: click.Parameter, value: str) -> tuple[str, ...]:
    names = [name.strip().lstrip(".").lower() for name in value.split(",")]
    suffixes = tuple(dict.fromkeys(f".{name}" for name in names))
    if not set(suffixes) <= set(WRITTEN):
        known = ", ".join(suffix[1:] for suffix in WRITTEN)
        raise click.BadParameter(f"{value!r} is not one or several of {known}")
    return suffixes


@click.command(
    epilog="Exit codes: 0 all micrographs are picked; 1 some, or another file, could not be used: "
    "see the last lines; 2 wrong usage, nothing was done; 130 interrupted, go on with --resume."
)
@click.argument("sources", nargs=-1, required=True, metavar="MICROGRAPH|FOLDER|PATTERN|STAR...")
@click.option("--out", metavar="PATH", callback=_parse_folder, required=True, help="Output folder")
@model_options(PickParameters)
@click.option(
    "--format",
    "formats",
    default="star",
    show_default=True,
    callback=_parse_formats,
    help="Coordinate files to write: star, box, csv, cbox, txt, or several with commas between",
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
    help="Also write candidates.csv with every candidate: height, prominence, probability",
)
@click.option("--preview", is_flag=True, help="Also write pictures of the micrographs with picks")
@click.option("--report", "with_report", is_flag=True, help="Also write the page of drpnet report")
@click.option("--resume", is_flag=True, help="Keep what is finished with these same parameters")
@click.option("--overwrite", is_flag=True, help="Pick everything again")
@click.option(
    "--workers",
    "count",
    metavar="N|auto",
    default="auto",
    show_default=True,
    callback=_parse_workers,
    help="Processes that pick; auto: one for each GPU, or for each core where that pays. "
    "With --scheduler slurm: jobs",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS|slurm|local",
    default=_LOCAL,
    show_default=True,
    help="Who knows the workers: a scheduler of dask, SLURM, or this computer alone",
)
@click.option("--watch", is_flag=True, help="Go on with micrographs that are still to come")
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=Watch.settle_seconds,
    show_default=True,
    metavar="SECONDS",
    help="With --watch: a file that has not changed for so long is complete",
)
@click.option(
    "--every",
    type=click.FloatRange(min=0, min_open=True),
    default=Watch.every_seconds,
    show_default=True,
    metavar="SECONDS",
    help="With --watch: how often to look",
)
@click.option(
    "--stop-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --watch: end when this file is there",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else")
def command(
    sources: tuple[str, ...],
    out: Path,
    formats: tuple[str, ...],
    box_size: int | None,
    all_candidates: bool,
    preview: bool,
    with_report: bool,
    resume: bool,
    overwrite: bool,
    count: int | None,
    scheduler: str,
    watch: bool,
    settle: float,
    every: float,
    stop_file: Path | None,
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
    with --resume. With --watch it does so by itself, and picks until Ctrl-C or the stop file.
    """
    existing = _choose_existing(resume, overwrite, watch)
    if stop_file and not watch:
        raise click.UsageError("--stop-file goes with --watch")
    parameters = build_model(PickParameters, values)
    star = _relion_list(sources)
    outputs = Outputs(out, formats, box_size, all_candidates, preview, micrographs_star=star)
    run = _Run(sources, parameters, outputs, existing, as_json)
    try:
        waiting = Watch(settle, every, stop_file) if watch else None
        report = run.pick(scheduler, count, waiting)
    except (AlreadyPickedError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    run.summarize(report)
    if with_report and (report.picked or report.failed):
        click.echo(f"Report: {write_report(out)}", err=as_json)
    click.get_current_context().exit(_exit_code(report))


@dataclass(frozen=True)
class _Run:
    """What to pick and how, and what is printed about it."""

    sources: tuple[str, ...]
    parameters: PickParameters
    outputs: Outputs
    existing: Existing
    as_json: bool
    advice: AdviceLines = field(default_factory=AdviceLines)

    def pick(self, scheduler: str, count: int | None, watch: Watch | None) -> BatchReport:
        """Pick what is there, or also what is still to come."""
        find = partial(find_entries, self.sources, self.outputs.folder)
        entries = [] if watch else list_entries(self.sources, self.outputs.folder)
        if not watch:
            _require_some(entries)
        total = None if watch else len(entries)
        with (
            sigterm_interrupts(),
            MicrographBar(total) as bar,
            _choose_workers(scheduler, self.parameters, total, count) as workers,
        ):
            what = (self.parameters, self.outputs)
            show = partial(self._show, bar)
            if watch:
                return watch_micrographs(
                    find, *what, watch, job=bar, on_outcome=show, workers=workers
                )
            return pick_micrographs(
                entries, *what, existing=self.existing, job=bar, on_outcome=show, workers=workers
            )

    def _show(self, bar: MicrographBar, outcome: Outcome) -> None:
        is_old = isinstance(outcome, PickedMicrograph) and outcome.earlier
        bar.finish_one(is_old)
        if not self.as_json and not is_old:
            bar.write(describe(outcome))
            for line in self.advice.under(outcome):
                bar.warn(line)

    def summarize(self, report: BatchReport) -> None:
        """Print what came of all micrographs."""
        click.echo(json.dumps(to_json(report)) if self.as_json else summarize(report))
        if complaints := complain(report, advised=self.advice.has_told_all(report)):
            click.echo(complaints, err=True)


def _choose_workers(
    scheduler: str, parameters: PickParameters, total: int | None, count: int | None
) -> Workers:
    if scheduler == _LOCAL:
        return choose_workers(parameters.detector.device, total, count)
    if scheduler == SLURM and count is None:
        raise click.UsageError("--scheduler slurm needs --workers: how many jobs to submit")
    if scheduler != SLURM and count is not None:
        raise click.UsageError(f"--workers: the scheduler at {scheduler} has its own")
    return Cluster(scheduler, count or 0)


def _require_some(entries: Sequence[BatchEntry]) -> None:
    """Complain before anything is written when none of the micrographs is there."""
    if any(os.path.exists(entry.micrograph.path) for entry in entries):
        return
    names = [entry.micrograph.name for entry in entries[:_MOST_SHOWN]]
    shown = ", ".join(names + ["…"] * (len(entries) > len(names)))
    reason = "there is no such file" if len(entries) == 1 else "there are no such files"
    remedy = "Check the name, and the folder in which drpnet was started"
    raise InputFileError(shown, reason, remedy)


def _relion_list(sources: tuple[str, ...]) -> Path | None:
    """Return RELION's list where the micrographs of one such list are picked."""
    only = Path(sources[0])
    return only if len(sources) == 1 and only.suffix.lower() == ".star" else None


def _choose_existing(resume: bool, overwrite: bool, watch: bool) -> Existing:
    if overwrite and (resume or watch):
        raise click.UsageError(
            f"--{'watch' if watch else 'resume'} and --overwrite exclude each other"
        )
    return "resume" if resume else "overwrite" if overwrite else "refuse"


def _exit_code(report: BatchReport) -> int:
    if report.interrupted:
        return INTERRUPTED
    return 1 if report.failed else 0
