"""`drpnet relion`: pick as an external job of RELION."""

from pathlib import Path
from typing import Any, get_args

import click

from napari_drpnet.batch import (
    AlreadyPickedError,
    BatchReport,
    Outcome,
    Outputs,
    PickedMicrograph,
    choose_workers,
)
from napari_drpnet.batch.relion_job import list_micrographs, run_job, state_of
from napari_drpnet.cli.abort import ABORTED, ends_when_aborted
from napari_drpnet.cli.batch_options import given_mask_option, given_masks
from napari_drpnet.cli.interrupts import sigterm_interrupts
from napari_drpnet.cli.options import build_model, model_options
from napari_drpnet.cli.output import echo
from napari_drpnet.cli.pick_report import complain, describe, summarize
from napari_drpnet.cli.plausibility import require_plausible
from napari_drpnet.cli.relion_command import RelionCommand, underscores_to_dashes
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.relion import JobFolder
from napari_drpnet.relion.pipeline import NEWEST, RelionVersion, find_relion_version

_EXIT_CODES = {"SUCCESS": 0, "FAILURE": 1, "ABORTED": ABORTED}


@click.command(
    cls=RelionCommand,
    context_settings={"token_normalize_func": underscores_to_dashes},
    epilog="Exit codes, as in RELION's own programs: 0 success; 1 failure; 2 aborted.",
)
@click.option(
    "--o",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    required=True,
    help="Folder of the job, given by RELION",
)
@click.option(
    "--in_mics",
    "micrographs_star",
    type=click.Path(path_type=Path),
    metavar="STAR",
    required=True,
    help="RELION's list of micrographs: field Input micrographs on the tab Input",
)
@model_options(PickParameters)
@given_mask_option
@click.option(
    "--flip-mask-rows",
    type=bool,
    metavar="yes|no",
    help="With --mask: whether the last row of a mask is the first of the micrograph, as in masks "
    "of Warp for MRC micrographs [default: no, and such masks are refused]",
)
@click.option(
    "--j",
    "cores",
    type=click.IntRange(1, 1024),
    metavar="N",
    default=1,
    show_default=True,
    help="CPU cores to use: field Number of threads on the tab Running; all GPUs are always used",
)
@click.option(
    "--unusual",
    type=bool,
    default=False,
    metavar="yes|no",
    help="Accept an implausible diameter or pixel size",
)
@click.option(
    "--relion-version",
    type=click.Choice(get_args(RelionVersion)),
    help="Version of RELION [default: detected from the files in its project]",
)
def command(
    folder: Path,
    micrographs_star: Path,
    mask: Path | None,
    flip_mask_rows: bool | None,
    cores: int,
    unusual: bool,
    relion_version: RelionVersion | None,
    **values: Any,
) -> None:
    """Pick as an external job of RELION.

    RELION runs this command in its project folder if "External executable" is set to drpnet
    relion. Give the other options on the tab Params, as pairs of label (without dashes) and value.

    A job that failed or was aborted keeps its picks; continue the job to pick the rest.
    """
    masks = given_masks(mask, flip_mask_rows)
    parameters = build_model(PickParameters, values)
    if not unusual:
        require_plausible(parameters.particle)
    job = JobFolder(folder)
    job.begin()
    version = relion_version or _find_version(folder)
    outputs = Outputs(folder, micrographs_star=micrographs_star, relion=version)
    entries = list_micrographs(micrographs_star, job)
    try:
        with (
            ends_when_aborted(job),
            sigterm_interrupts(),
            choose_workers(parameters.detector.device, len(entries), cores=cores) as workers,
        ):
            _limit_threads(cores)
            report = run_job(
                entries,
                outputs,
                job,
                parameters,
                masks=masks,
                on_outcome=_Counter(len(entries)).show,
                workers=workers,
                unusual=unusual,
            )
    except (AlreadyPickedError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    _print_results(report, outputs)
    state = state_of(report)
    job.end(state)
    click.get_current_context().exit(_EXIT_CODES[state])


class _Counter:
    """Prints a numbered line for each micrograph that is picked in this run."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0

    def show(self, outcome: Outcome) -> None:
        self._done += 1
        if not (isinstance(outcome, PickedMicrograph) and outcome.earlier):
            echo(f"[{self._done}/{self._total}] {describe(outcome)}")


def _find_version(folder: Path) -> RelionVersion:
    found = find_relion_version(folder, Path.cwd())
    if found:
        version, file = found
        echo(f"For RELION {version}, as {file} says")
        return version
    echo(
        f"For RELION {NEWEST}, because no file tells the version: for another one, give the "
        "parameter relion-version"
    )
    return NEWEST


def _limit_threads(cores: int) -> None:
    import torch

    torch.set_num_threads(cores)


def _print_results(report: BatchReport, outputs: Outputs) -> None:
    echo(summarize(report, outputs, outputs.relion))
    if problems := complain(report, "continue the job to pick the rest"):
        echo(problems, err=True)
