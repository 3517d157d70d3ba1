"""`drpnet pick`: pick micrographs, and write coordinate files."""

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
        raise click.BadParameter("the name is empty; use . for the current folder")
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
    epilog="Exit codes: 0 all micrographs are picked; 1 a micrograph or another file could not be "
    "used, see the last lines; 2 wrong usage, nothing was done; 130 interrupted, continue with "
    "--resume."
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
    help="Coordinate files to write: star, box, csv, cbox, txt, or several separated by commas",
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
@click.option("--report", "with_report", is_flag=True, help="Also write the HTML report")
@click.option("--resume", is_flag=True, help="Keep micrographs finished with the same parameters")
@click.option("--overwrite", is_flag=True, help="Pick all micrographs again")
@click.option(
    "--workers",
    "count",
    metavar="N|auto",
    default="auto",
    show_default=True,
    callback=_parse_workers,
    help="Number of processes that pick; auto: one for each GPU, or up to one for each CPU core. "
    "With --scheduler slurm: number of jobs",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS|slurm|local",
    default=_LOCAL,
    show_default=True,
    help="Where to pick: workers of a dask scheduler, SLURM jobs, or this computer alone",
)
@click.option("--watch", is_flag=True, help="Wait for new micrographs, and pick them too")
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=Watch.settle_seconds,
    show_default=True,
    metavar="SECONDS",
    help="With --watch: time without a change after which a file is complete",
)
@click.option(
    "--every",
    type=click.FloatRange(min=0, min_open=True),
    default=Watch.every_seconds,
    show_default=True,
    metavar="SECONDS",
    help="With --watch: interval between two searches for new micrographs",
)
@click.option(
    "--stop-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --watch: stop as soon as this file exists",
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

    The arguments are micrographs (MRC, TIFF, PNG, JPEG), folders with all their sub-folders,
    quoted patterns such as 'Movies/*/*.mrc', and RELION's lists such as micrographs_ctf.star.
    Sub-folders are mirrored: Movies/a/b.mrc becomes OUT/Movies/a/b_autopick.star if the list
    contains this name or the parent of Movies is given. OUT/autopick.star is the index for
    RELION: start drpnet in the project folder.

    The files of each micrograph are written as soon as it is picked, so a run that was stopped or
    killed can continue with --resume. With --watch it always resumes, and picks until Ctrl-C or
    until the stop file exists.
    """
    existing = _choose_existing(resume, overwrite, watch)
    if stop_file and not watch:
        raise click.UsageError("--stop-file needs --watch")
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
    """A run of the command: its inputs, and what it prints."""

    sources: tuple[str, ...]
    parameters: PickParameters
    outputs: Outputs
    existing: Existing
    as_json: bool
    advice: AdviceLines = field(default_factory=AdviceLines)

    def pick(self, scheduler: str, count: int | None, watch: Watch | None) -> BatchReport:
        """Pick the micrographs that exist; with `watch` also those that are written later."""
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
        """Print the results of the run, and its problems on standard error."""
        click.echo(json.dumps(to_json(report)) if self.as_json else summarize(report))
        if problems := complain(report, advised=self.advice.is_complete(report)):
            click.echo(problems, err=True)


def _choose_workers(
    scheduler: str, parameters: PickParameters, total: int | None, count: int | None
) -> Workers:
    if scheduler == _LOCAL:
        return choose_workers(parameters.detector.device, total, count)
    if scheduler == SLURM and count is None:
        raise click.UsageError("--scheduler slurm needs --workers, the number of jobs to submit")
    if scheduler != SLURM and count is not None:
        raise click.UsageError(f"--workers: the scheduler at {scheduler} has its own workers")
    return Cluster(scheduler, count or 0)


def _require_some(entries: Sequence[BatchEntry]) -> None:
    """Raise an error, before anything is written, if none of the micrographs exists."""
    if any(os.path.exists(entry.micrograph.path) for entry in entries):
        return
    names = [entry.micrograph.name for entry in entries[:_MOST_SHOWN]]
    shown = ", ".join(names + ["…"] * (len(entries) > len(names)))
    reason = "there is no such file" if len(entries) == 1 else "there are no such files"
    remedy = "Check the name, and the folder in which drpnet was started"
    raise InputFileError(shown, reason, remedy)


def _relion_list(sources: tuple[str, ...]) -> Path | None:
    """Return the path of RELION's list if it is the only source, else None."""
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
