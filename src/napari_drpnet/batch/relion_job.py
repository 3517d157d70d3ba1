"""Pick RELION's list of micrographs into the folder of a job."""

from collections.abc import Callable, Iterable
from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import UntilFile
from napari_drpnet.batch import (
    BatchEntry,
    BatchReport,
    Outcome,
    Outputs,
    Workers,
    list_entries,
    pick_micrographs,
)
from napari_drpnet.batch.entries import PICKS
from napari_drpnet.batch.folder.outputs import INDEX, relative_to_project
from napari_drpnet.batch.results.logfile import LOGFILE, write_logfile
from napari_drpnet.images.micrograph import TIFF_SUFFIXES
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.relion.job_folder import JobFolder, JobState
from napari_drpnet.relion.lists import COORDS_SUFFIX
from napari_drpnet.relion.pipeline import (
    RelionVersion,
    write_display_settings,
    write_output_nodes,
)


def list_micrographs(micrographs_star: Path, folder: JobFolder) -> list[BatchEntry]:
    """List the micrographs of RELION's list.

    Raises
    ------
    InputFileError
        When the list cannot be used, or is empty, or RELION would see the picks of its micrographs
        upside down.
    """
    entries = list_entries([micrographs_star], folder.path)
    turned = [entry for entry in entries if entry.micrograph.name.lower().endswith(TIFF_SUFFIXES)]
    if turned:
        raise InputFileError(
            micrographs_star,
            f"has micrographs in TIFF ({turned[0].micrograph.name}), which RELION turns upside "
            "down when it reads them, so that picks would be in the wrong places",
            "Convert them to MRC, or pick with drpnet pick and mirror the picks",
        )
    return entries


def run_job(
    entries: Iterable[BatchEntry],
    micrographs_star: Path,
    folder: JobFolder,
    parameters: PickParameters,
    version: RelionVersion,
    *,
    on_outcome: Callable[[Outcome], None] | None = None,
    workers: Workers | None = None,
) -> BatchReport:
    """Pick micrographs into the folder of a job, and write what RELION expects there.

    What is finished with the same parameters is kept, so that a continued job goes on. The job
    ends within a micrograph when RELION asks it to abort. The working folder is the project.

    Parameters
    ----------
    entries : iterable of BatchEntry
        From `list_micrographs`.
    micrographs_star : pathlib.Path
        RELION's list of them.
    folder : JobFolder
        Of the job; how it ends is not yet told there, see `state_of`.
    parameters : PickParameters
        For all micrographs.
    version : {'3.1', '4', '5'}
        For this RELION.
    on_outcome : callable, optional
        Told what came of each micrograph.
    workers : Workers, optional
        Who picks; by default this process.

    Returns
    -------
    BatchReport
        Interrupted when it was aborted. Micrographs that cannot be picked are in it; they are not
        in the index, so that RELION passes over them.

    Raises
    ------
    AlreadyPickedError
        When another run is at work in the folder.
    InputFileError, ValueError, OSError
        See `pick_micrographs`.
    """
    entries = tuple(entries)
    report = pick_micrographs(
        entries,
        parameters,
        Outputs(folder.path, micrographs_star=micrographs_star),
        existing="resume",
        job=UntilFile(folder.abort_file),
        on_outcome=on_outcome,
        workers=workers,
    )
    if report.index:
        project = Path.cwd()
        log = folder.path / LOGFILE
        write_logfile(log, report, entries)
        write_display_settings(project, parameters.particle.diameter_angstrom, version)
        write_output_nodes(
            folder.path,
            relative_to_project(input_coordinates(folder, version), project),
            relative_to_project(log, project),
            version,
        )
    return report


def state_of(report: BatchReport) -> JobState:
    """Tell how a job has ended: it fails only when nothing could be picked."""
    if report.interrupted:
        return "ABORTED"
    return "SUCCESS" if report.picked else "FAILURE"


def input_coordinates(folder: JobFolder, version: RelionVersion) -> Path:
    """Return what a version of RELION takes as input coordinates."""
    name = f"{COORDS_SUFFIX}{PICKS}.star" if version == "3.1" else INDEX
    return folder.path / name
