"""Snapshot of a whole project in one file."""

import json
from pathlib import Path

from pydantic import BaseModel

import napari_drpnet
from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.frozen import Stored
from napari_drpnet.project.state.model import ProjectState

#: Newest format. Versions without segmenters read format 1, those without 2D classes format 2,
#: those without strokes and extraction boxes format 3, and would take a file with more for damaged:
#: only files that need a newer format have it.
FORMAT = 4
_WITHOUT_SEGMENTER, _WITHOUT_CLASSES, _WITHOUT_STROKES = 1, 2, 3


class Snapshot(Stored):
    """Content of a snapshot file.

    Parameters
    ----------
    format : int
        Version of the file format; `write_snapshot` sets it.
    version : str
        Version of napari-drpnet that wrote the file.
    last_edit : int
        Number of the last edit in the snapshot.
    project : ProjectState
        State of the project after that edit.
    """

    format: int = _WITHOUT_SEGMENTER
    version: str = napari_drpnet.__version__
    last_edit: int = 0
    project: ProjectState = ProjectState()


class _Header(BaseModel):
    """Fields that snapshots of all formats have."""

    format: int
    version: str


def write_snapshot(path: Path, snapshot: Snapshot) -> int:
    """Write a snapshot and return its format; if that fails, the file is as before.

    Parameters
    ----------
    path : pathlib.Path
        File to create or replace.
    snapshot : Snapshot
        Snapshot to write.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    snapshot = snapshot.model_copy(update={"format": needed_format(snapshot.project)})
    # ASCII only, so that names which are not UTF-8 survive too.
    text = json.dumps(snapshot.model_dump(mode="json"))
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="ascii")
    return snapshot.format


def needed_format(project: ProjectState) -> int:
    """Return the oldest format that can hold a project."""
    if project.strokes or project.settings.peaks.border_box_px is not None:
        return FORMAT
    if any(label.source == "classes" for given in project.labels.values() for label in given):
        return _WITHOUT_STROKES
    return _WITHOUT_CLASSES if project.settings.has_segmenter else _WITHOUT_SEGMENTER


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot; return an empty one if there is no file.

    Raises
    ------
    InputFileError
        If the file is damaged, or was written by a newer version of napari-drpnet.
    """
    if not path.exists():
        return Snapshot()
    try:
        content = json.loads(path.read_bytes())
        header = _Header.model_validate(content)
        if header.format <= FORMAT:
            return Snapshot.model_validate(content)
    except (ValueError, RecursionError) as error:
        reason = "is not a project of napari-drpnet, or is damaged"
        remedy = "Restore it from a backup, or move it away to start a new project"
        raise InputFileError(path, reason, remedy) from error
    reason = f"was made by a newer version of napari-drpnet ({header.version})"
    raise InputFileError(path, reason, "Update napari-drpnet to open it")
