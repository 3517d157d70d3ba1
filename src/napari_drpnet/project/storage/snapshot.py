"""A whole project in one file, as it was at the last edit that the file knows of."""

import json
from pathlib import Path

from pydantic import BaseModel

import napari_drpnet
from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.frozen import Stored
from napari_drpnet.project.state.model import ProjectState

FORMAT = 1


class Snapshot(Stored):
    """What the file holds.

    Parameters
    ----------
    format : int
        Of the file.
    version : str
        Of napari-drpnet, which wrote it.
    last_edit : int
        Number of the last edit that is in it.
    project : ProjectState
        As it was then.
    """

    format: int = FORMAT
    version: str = napari_drpnet.__version__
    last_edit: int = 0
    project: ProjectState = ProjectState()


class _Header(BaseModel):
    """What a snapshot of any format says of itself."""

    format: int
    version: str


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write a snapshot, which is whole or as before.

    Raises
    ------
    OSError
        When that is not possible.
    """
    # ASCII only, so that names which are not UTF-8 survive too.
    text = json.dumps(snapshot.model_dump(mode="json"))
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="ascii")


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot; an empty one where there is no file.

    Raises
    ------
    InputFileError
        When it is damaged, or of a newer version.
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
        remedy = "Put back a copy of it, or move it away to start anew"
        raise InputFileError(path, reason, remedy) from error
    reason = f"was made by a newer version of napari-drpnet ({header.version})"
    raise InputFileError(path, reason, "Update napari-drpnet to open it")
