"""Export of masks and class maps, with the files of `drpnet segment`."""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from napari_drpnet.base.atomic_file import remove_leftovers
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.paths import is_inside
from napari_drpnet.base.wording import counted
from napari_drpnet.batch.folder.mask_files import SegmentedMicrograph, mask_endings, write_masks
from napari_drpnet.batch.folder.outputs import explain
from napari_drpnet.project.files.export_report import ExportReport


@dataclass(frozen=True)
class MaskedMicrograph:
    """Micrograph whose masks are written.

    Parameters
    ----------
    name : str
        Name of the micrograph, for messages.
    path : pathlib.Path
        File of the micrograph, which no mask may replace.
    output : pathlib.PurePosixPath
        Path of its files inside the folder, without the ending.
    segment : callable
        Function that segments it. It is called with a job, and raises `InputFileError` if the
        micrograph cannot be segmented.
    """

    name: str
    path: Path
    output: PurePosixPath
    segment: Callable[[Job], SegmentedMicrograph]


def export_masks(
    report: ExportReport,
    micrographs: Collection[MaskedMicrograph],
    masks: tuple[str, ...],
    job: Job,
) -> ExportReport:
    """Segment micrographs, and write their masks and class maps beside other exported files.

    Parameters
    ----------
    report : ExportReport
        Report on the export so far, with the folder.
    micrographs : collection of MaskedMicrograph
        Micrographs, segmented one by one.
    masks : tuple of str
        Kinds of files, from `MASK_FILES`.
    job : Job
        Progress callback, called for each micrograph; it may cancel the work.

    Returns
    -------
    ExportReport
        Report with these files, with a note, and with the reasons why others could not be written.

    Raises
    ------
    Cancelled
        If the work was cancelled. The files of finished micrographs are kept.
    """
    files: list[Path] = []
    failed: list[str] = []
    protected = {os.path.realpath(micrograph.path) for micrograph in micrographs}
    done = 0
    for number, micrograph in enumerate(micrographs):
        job.advance(number, len(micrographs), "masks")
        stem = report.folder / micrograph.output
        paths = [Path(f"{stem}{ending}") for ending in mask_endings(masks)]
        try:
            _require_safe(report.folder, micrograph, paths, protected)
            segmented = micrograph.segment(job)
            for path in paths:
                remove_leftovers(path)
            files += write_masks(stem, masks, segmented)
            done += 1
        except InputFileError as error:
            failed.append(str(error))
        except OSError as error:
            failed.append(explain(error, micrograph.name, report.folder))
    note = f"The masks of {counted(done, 'micrograph')} are written"
    return replace(
        report,
        files=(*report.files, *files),
        notes=(*report.notes, note),
        failed=(*report.failed, *failed),
    )


def _require_safe(
    folder: Path, micrograph: MaskedMicrograph, paths: list[Path], protected: Collection[str]
) -> None:
    """Raise `InputFileError` if masks would be written outside the folder or over a micrograph."""
    remedy = "Choose another folder"
    if not is_inside(folder, micrograph.output):
        raise InputFileError(micrograph.name, f"its files would be outside {folder}", remedy)
    for path in paths:
        if os.path.realpath(path) in protected:
            raise InputFileError(path, "a mask would replace this micrograph", remedy)
