"""The files of a refinement or classification in the folder of its RELION job."""

import re
from dataclasses import dataclass
from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.paths import is_inside
from napari_drpnet.base.text import AnyPath
from napari_drpnet.quality.fsc import UNFILTERED
from napari_drpnet.relion.lists import project_folder

_DATA = re.compile(r"(?P<root>run(?:_ct(?P<continued>\d+))?)(?:_it(?P<iteration>\d+))?_data\.star")
_WHOLE = "Copy the whole folder of the job, or wait until the job has ended"


@dataclass(frozen=True)
class RefinementFiles:
    """The files of one iteration of a refinement or classification.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the job.
    iteration : int or None
        Number of the iteration; None after convergence.
    data, sampling : pathlib.Path
        Particles with their angles; symmetry and angular step.
    optimiser, model : pathlib.Path or None
        Options of the job, of its last iteration; its model, before convergence that of the first
        half set. None if missing.
    half_maps : tuple of pathlib.Path or None
        Unfiltered half maps; None before convergence.
    """

    folder: Path
    iteration: int | None
    data: Path
    sampling: Path
    optimiser: Path | None
    model: Path | None
    half_maps: tuple[Path, Path] | None


def find_refinement(folder: AnyPath) -> RefinementFiles:
    """Find the last result in the folder of a Refine3D, Class3D or Class2D job.

    Parameters
    ----------
    folder : path-like
        Folder of the job, such as ``Refine3D/job012``.

    Returns
    -------
    RefinementFiles
        Files after convergence or, before it, those of the last iteration.

    Raises
    ------
    InputFileError
        If the folder is missing, or has no particles or no sampling.
    """
    folder = require_folder(folder)
    found = [
        match for path in folder.glob("run*_data.star") if (match := _DATA.fullmatch(path.name))
    ]
    if not found:
        remedy = "Give the folder of a Refine3D, Class3D or Class2D job that has run"
        raise InputFileError(folder, "has no run_data.star and no run_itNNN_data.star", remedy)
    last = max(found, key=_progress)
    start = last.string.removesuffix("_data.star")
    sampling = folder / f"{start}_sampling.star"
    if not sampling.exists():
        raise InputFileError(sampling, "is missing, and with it the symmetry", _WHOLE)
    models = (folder / f"{start}{half}_model.star" for half in ("", "_half1"))
    halves = tuple(folder / f"{start}_half{half}_class001{UNFILTERED}" for half in (1, 2))
    return RefinementFiles(
        folder=folder,
        iteration=int(last["iteration"]) if last["iteration"] else None,
        data=folder / last.string,
        sampling=sampling,
        optimiser=max(folder.glob("run*_optimiser.star"), key=_written, default=None),
        model=next((model for model in models if model.exists()), None),
        half_maps=(halves[0], halves[1]) if all(half.exists() for half in halves) else None,
    )


def _progress(match: re.Match[str]) -> tuple[bool, int, int]:
    return match["iteration"] is None, int(match["iteration"] or 0), int(match["continued"] or 0)


def _written(path: Path) -> tuple[int, str]:
    """Sort options by the time at which they were written: none are written at convergence."""
    return path.stat().st_mtime_ns, path.name


def require_folder(folder: AnyPath) -> Path:
    """Return the path of a folder that exists, or raise an `InputFileError`."""
    folder = Path(folder)
    if not folder.is_dir():
        remedy = "Give the folder of a RELION job, such as Refine3D/job012"
        raise InputFileError(folder, "there is no such folder", remedy)
    return folder


def file_of_job(job: AnyPath, name: str) -> Path:
    """Return the path of a file that the user names, or that a job has under a fixed name.

    Parameters
    ----------
    job : path-like
        Folder of a RELION job, or the file itself.
    name : str
        Name of the file in that folder.

    Raises
    ------
    InputFileError
        If there is no such file.
    """
    path = Path(job)
    if path.is_dir():
        path = path / name
    if not path.is_file():
        raise InputFileError(path, "there is no such file", f"Give a finished job with its {name}")
    return path


def file_in_project(star: Path, name: str) -> Path | None:
    """Return the path of a file that a STAR file names, if it lies in the project folder.

    Parameters
    ----------
    star : pathlib.Path
        STAR file of a RELION job.
    name : str
        Name of a file relative to the project folder, as RELION writes it.

    Returns
    -------
    pathlib.Path or None
        Path of the file; None if it is missing or lies outside of the project folder.
    """
    folder = project_folder(star, [name])
    path = folder / name
    return path if is_inside(folder, name) and path.is_file() else None
