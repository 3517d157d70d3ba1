"""RELION's list of micrographs, with the included ones alone."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.batch.folder.outputs import explain
from napari_drpnet.project.files.export import ExportReport
from napari_drpnet.relion.lists import SELECTED, copy_micrographs_star

_NO_LIST = f"{SELECTED} is made from RELION's list of micrographs: open that list, and export again"


def add_selection(
    report: ExportReport, micrographs_star: Path | None, included: Collection[str]
) -> ExportReport:
    """Write ``micrographs_selected.star`` beside other exported files.

    Parameters
    ----------
    report : ExportReport
        What came of the export so far.
    micrographs_star : pathlib.Path or None
        RELION's list; its columns and optics groups stay.
    included : collection of str
        Names of the micrographs that stay, picked or not.

    Returns
    -------
    ExportReport
        With this file, or what is wrong with it.
    """
    if micrographs_star is None:
        return replace(report, notes=(*report.notes, _NO_LIST))
    target = report.folder / SELECTED
    try:
        copy_micrographs_star(micrographs_star, target, included)
    except OSError as error:
        return replace(report, failed=(*report.failed, explain(error, SELECTED, report.folder)))
    except InputFileError as error:
        return replace(report, failed=(*report.failed, str(error)))
    return replace(report, files=(*report.files, target))
