"""A run of a command for many micrographs: its workers, what it prints, and how it ends."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

import click

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.wording import counted
from napari_drpnet.batch import (
    AlreadyPickedError,
    BatchEntry,
    BatchReport,
    Cluster,
    GivenMasks,
    Outcome,
    Outputs,
    PickedMicrograph,
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
from napari_drpnet.cli.batch_options import LOCAL, BatchOptions
from napari_drpnet.cli.group import INTERRUPTED
from napari_drpnet.cli.interrupts import sigterm_interrupts
from napari_drpnet.cli.output import echo
from napari_drpnet.cli.pick_report import AdviceLines, complain
from napari_drpnet.cli.plausibility import require_plausible
from napari_drpnet.cli.progress import MicrographBar
from napari_drpnet.picking.parameters import PickParameters

_MOST_SHOWN = 3


@dataclass(frozen=True)
class Wording:
    """What a command prints about its results.

    Parameters
    ----------
    describe : callable
        Function that returns the line of a micrograph.
    summarize : callable
        Function that returns the last lines of the output.
    """

    describe: Callable[[Outcome], str]
    summarize: Callable[[BatchReport], str]


def run_batch(
    options: BatchOptions,
    parameters: PickParameters,
    outputs: Outputs,
    wording: Wording,
    masks: GivenMasks | None = None,
) -> NoReturn:
    """Run a batch, print its results, and end the command with its exit code.

    Raises
    ------
    click.UsageError
        If the batch refuses to start, or a number is implausible.
    click.exceptions.Exit
        At the end.
    """
    if not options.unusual:
        require_plausible(parameters.particle)
    run = _Run(options, parameters, outputs, wording, masks, AdviceLines())
    try:
        report = run.pick()
    except (AlreadyPickedError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    run.summarize(report)
    if options.with_report and (report.picked or report.failed):
        echo(f"Report: {write_report(options.out)}", err=options.as_json)
    raise click.exceptions.Exit(_exit_code(report))


@dataclass(frozen=True)
class _Run:
    """A run of the command: its inputs, and what it prints."""

    options: BatchOptions
    parameters: PickParameters
    outputs: Outputs
    wording: Wording
    masks: GivenMasks | None
    advice: AdviceLines

    def pick(self) -> BatchReport:
        """Pick the micrographs that exist; with `watch` also those that are written later."""
        options, watch = self.options, self.options.waiting
        place = options.sources, self.outputs.folder
        entries = [] if watch else list_sources(*place)
        total = None if watch else len(entries)
        with sigterm_interrupts(), MicrographBar(total) as bar, self._workers(total) as workers:
            what = (self.parameters, self.outputs)
            show = partial(self._show, bar)
            if watch:
                return watch_micrographs(
                    partial(find_entries, *place),
                    *what,
                    watch,
                    job=bar,
                    on_outcome=show,
                    workers=workers,
                    masks=self.masks,
                    unusual=options.unusual,
                )
            return pick_micrographs(
                entries,
                *what,
                existing=options.existing,
                job=bar,
                on_outcome=show,
                workers=workers,
                masks=self.masks,
                unusual=options.unusual,
            )

    def _workers(self, total: int | None) -> Workers:
        scheduler, count = self.options.scheduler, self.options.count
        if scheduler == LOCAL:
            return choose_workers(self.parameters.detector.device, total, count)
        if scheduler == SLURM and count is None:
            raise click.UsageError(
                "--scheduler slurm needs --workers, the number of jobs to submit"
            )
        if scheduler != SLURM and count is not None:
            raise click.UsageError(f"--workers: the scheduler at {scheduler} has its own workers")
        return Cluster(scheduler, count or 0)

    def _show(self, bar: MicrographBar, outcome: Outcome) -> None:
        is_old = isinstance(outcome, PickedMicrograph) and outcome.earlier
        bar.finish_one(is_old)
        if not self.options.as_json and not is_old:
            bar.write(self.wording.describe(outcome))
            for line in self.advice.under(outcome):
                bar.warn(line)

    def summarize(self, report: BatchReport) -> None:
        """Print the results of the run, and its problems on standard error."""
        as_json = self.options.as_json
        echo(json.dumps(to_json(report)) if as_json else self.wording.summarize(report))
        if problems := complain(report, advised=self.advice.is_complete(report)):
            echo(problems, err=True)


def list_sources(sources: Sequence[str], out_dir: Path) -> list[BatchEntry]:
    """List the micrographs, and print which pictures beside them are left out.

    Raises
    ------
    InputFileError
        If there are no micrographs, or as in `find_entries`.
    """
    pictures: list[Path] = []
    entries = list_entries(sources, out_dir, pictures.append)
    _require_some(entries)
    if pictures:
        shown = _shorten([str(picture) for picture in pictures])
        what = f"{counted(len(pictures), 'picture')} left out"
        echo(f"{what}, beside micrographs of the same name: {shown}", err=True)
    return entries


def _require_some(entries: Sequence[BatchEntry]) -> None:
    """Raise an error, before anything is written, if none of the micrographs exists."""
    if any(os.path.exists(entry.micrograph.path) for entry in entries):
        return
    shown = _shorten([entry.micrograph.name for entry in entries])
    reason = "there is no such file" if len(entries) == 1 else "there are no such files"
    remedy = "Check the name, and the folder in which drpnet was started"
    raise InputFileError(shown, reason, remedy)


def _shorten(names: Sequence[str]) -> str:
    return ", ".join([*names[:_MOST_SHOWN], *["…"] * (len(names) > _MOST_SHOWN)])


def _exit_code(report: BatchReport) -> int:
    if report.interrupted:
        return INTERRUPTED
    return 1 if report.failed else 0
