"""Pick RELION's list of micrographs into the folder of a RELION job."""

from collections.abc import Callable, Iterable
from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import UntilFile
from napari_drpnet.batch import (
    BatchEntry,
    BatchReport,
    GivenMasks,
    Outcome,
    Outputs,
    Workers,
    list_entries,
    pick_micrographs,
)
from napari_drpnet.batch.folder.outputs import relative_to_project
from napari_drpnet.batch.results.logfile import LOGFILE, write_logfile
from napari_drpnet.images.micrograph import TIFF_SUFFIXES
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.relion.job_folder import JobFolder, JobState
from napari_drpnet.relion.pipeline import write_display_settings, write_output_nodes


def list_micrographs(micrographs_star: Path, folder: JobFolder) -> list[BatchEntry]:
    """Read RELION's list of micrographs; refuse TIFF files.

    Parameters
    ----------
    micrographs_star : pathlib.Path
        RELION's list of micrographs.
    folder : JobFolder
        Folder of the job, which is the output folder.

    Returns
    -------
    list of BatchEntry

    Raises
    ------
    InputFileError
        If the list cannot be used or is empty, or if it contains TIFF files: RELION reads these
        upside down, so it would show the picks in the wrong places.
    """
    entries = list_entries([micrographs_star], folder.path)
    turned = [entry for entry in entries if entry.micrograph.name.lower().endswith(TIFF_SUFFIXES)]
    if turned:
        raise InputFileError(
            micrographs_star,
            f"contains micrographs in TIFF ({turned[0].micrograph.name}), which RELION turns "
            "upside down when it reads them, so picks would be in the wrong places",
            "Convert them to MRC, or pick with drpnet pick and mirror the picks",
        )
    return entries


def run_job(
    entries: Iterable[BatchEntry],
    outputs: Outputs,
    folder: JobFolder,
    parameters: PickParameters,
    *,
    masks: GivenMasks | None = None,
    on_outcome: Callable[[Outcome], None] | None = None,
    workers: Workers | None = None,
    unusual: bool = False,
) -> BatchReport:
    """Pick micrographs into the folder of a RELION job, and write the files that RELION expects.

    Micrographs that are finished with the same parameters are kept, so a continued job resumes.
    If RELION asks the job to abort, it stops before the current micrograph is finished. The
    working directory must be the RELION project.

    Parameters
    ----------
    entries : iterable of BatchEntry
        Micrographs from `list_micrographs`.
    outputs : Outputs
        The folder of the job as output folder, RELION's list of these micrographs, and the version
        of RELION that will read the files.
    folder : JobFolder
        Folder of the job. The final state of the job is not written here; see `state_of`.
    parameters : PickParameters
        Parameters for all micrographs.
    masks : GivenMasks, optional
        Masks of dirt of any program.
    on_outcome : callable, optional
        Callback, called with the result of each micrograph.
    workers : Workers, optional
        Workers that pick; by default this process.
    unusual : bool
        Whether to pick with implausible numbers; see `pick_micrographs`.

    Returns
    -------
    BatchReport
        Results of the job, interrupted if the job was aborted. Micrographs that cannot be picked
        are listed as failed; they are not in the index, so RELION skips them.

    Raises
    ------
    AlreadyPickedError
        If another run is writing to the folder.
    InputFileError, ValueError, OSError
        See `pick_micrographs`.
    """
    entries, version = tuple(entries), outputs.relion
    report = pick_micrographs(
        entries,
        parameters,
        outputs,
        existing="resume",
        job=UntilFile(folder.abort_file),
        on_outcome=on_outcome,
        masks=masks,
        workers=workers,
        unusual=unusual,
    )
    if report.index:
        project = Path.cwd()
        log = None if report.interrupted else folder.path / LOGFILE
        if log:
            write_logfile(log, report, entries)
        write_display_settings(project, parameters.particle.diameter_angstrom, version)
        write_output_nodes(
            folder.path,
            relative_to_project(outputs.input_coordinates(version), project),
            relative_to_project(log, project) if log else None,
            version,
        )
    return report


def state_of(report: BatchReport) -> JobState:
    """Return the final state of a job. It fails only if nothing could be picked."""
    if report.interrupted:
        return "ABORTED"
    return "SUCCESS" if report.picked else "FAILURE"
