"""The accepted picks of many micrographs as files for RELION and others."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import length_hint
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np

from napari_drpnet.base.atomic_file import remove_leftovers
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import inside
from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.batch.folder.outputs import (
    INDEX,
    coordinate_endings,
    default_box_size,
    explain,
    relative_to_project,
    require_folder,
)
from napari_drpnet.formats import WRITTEN, Coordinates, read_coordinates, write_coordinates
from napari_drpnet.project.files.export_options import ExportOptions
from napari_drpnet.project.files.export_relion import (
    relion_notes,
    relion_project,
    write_relion_index,
)

CRYOSPARC = "cryosparc.star"


@dataclass(frozen=True, eq=False)
class ExportedMicrograph:
    """One micrograph and what to write about it.

    Parameters
    ----------
    name : str
        As RELION's list of micrographs has it, to the letter.
    output : pathlib.PurePosixPath
        Where its files go inside the folder, up to the ending: ``Movies/a/b`` for
        ``Movies/a/b_autopick.star``.
    coordinates : Coordinates
        The accepted picks.
    shape : tuple of int
        ``(ny, nx)`` in unbinned pixels.
    diameter_px : float
        Particle diameter, unbinned pixels.
    """

    name: str
    output: PurePosixPath
    coordinates: Coordinates
    shape: tuple[int, int]
    diameter_px: float


@dataclass(frozen=True)
class ExportReport:
    """What came of an export.

    Parameters
    ----------
    folder : pathlib.Path
        Where all of it lies.
    files : tuple of pathlib.Path
        Coordinate files, all written.
    index : pathlib.Path or None
        What RELION takes as input coordinates; None where it could not be written.
    input_coordinates : pathlib.Path or None
        The same as one types it in RELION: from its project folder where it lies in there.
    micrographs, particles : int
        How many micrographs have all their files, and how many accepted picks they have.
    notes : tuple of str
        What the user should know, as sentences without a full stop.
    failed : tuple of str
        What could not be written, and why.
    """

    folder: Path
    files: tuple[Path, ...]
    index: Path | None
    input_coordinates: Path | None
    micrographs: int
    particles: int
    notes: tuple[str, ...]
    failed: tuple[str, ...]


def export_picks(
    folder: Path,
    micrographs: Iterable[ExportedMicrograph],
    options: ExportOptions,
    *,
    micrographs_star: Path | None = None,
    extend: bool = False,
    total: int | None = None,
    job: Job | None = None,
) -> ExportReport:
    """Write the picks of micrographs as `drpnet pick` lays them out, each file whole or not at all.

    Parameters
    ----------
    folder : pathlib.Path
        Made where it is missing. Files of the same names in it are replaced.
    micrographs : iterable of ExportedMicrograph
        Taken one by one, so they may be read meanwhile. One without picks gets files without rows.
    options : ExportOptions
        The user's choice.
    micrographs_star : pathlib.Path, optional
        RELION's list of these micrographs. Paths in the index start at its project folder, and
        without it at the working folder.
    extend : bool
        Keep other micrographs in an index that is there already, as for one micrograph of many.
    total : int, optional
        How many micrographs there will be, for the progress, where `micrographs` cannot tell.
    job : Job, optional
        Told after each micrograph; may cancel.

    Returns
    -------
    ExportReport
        Also when some files could not be written; the index then leaves their micrographs out.

    Raises
    ------
    InputFileError
        When `folder` cannot be a folder, since there is a file in its place.
    Cancelled
        When the job was cancelled; files of finished micrographs stay, the index is as before.
    """
    require_folder(folder)
    expected, job = total or length_hint(micrographs), job or SilentJob()
    written: list[_Written] = []
    picked: list[Coordinates] = []
    failed: list[str] = []
    owners: dict[PurePosixPath, str] = {}
    for done, micrograph in enumerate(micrographs, start=1):
        owner = owners.setdefault(micrograph.output, micrograph.name)
        if owner != micrograph.name:
            failed.append(f"{micrograph.name}: its files would replace those of {owner}")
        else:
            try:
                written.append(_write(folder, micrograph, options))
                picked += [_inside(micrograph)] if options.cryosparc else []
            except OSError as error:
                failed.append(explain(error, micrograph.name, folder))
        job.advance(done, max(done, expected), "export")
    files = {one.name: one.files for one in written}
    index = joint = None
    try:
        index = write_relion_index(
            folder, files, options.relion, micrographs_star=micrographs_star, extend=extend
        )
        joint = write_cryosparc(folder, picked, extend=extend) if options.cryosparc else None
    except OSError as error:
        failed.append(explain(error, CRYOSPARC if index else INDEX, folder))
    except InputFileError as error:
        failed.append(str(error))
    project = relion_project(micrographs_star, files)
    return ExportReport(
        folder,
        (*(folder / file for one in written for file in one.files), *([joint] if joint else [])),
        index,
        index and relative_to_project(index, project),
        len(written),
        sum(one.particles for one in written),
        tuple(_notes(written, options, micrographs_star)),
        tuple(failed),
    )


def preview_lines(
    coordinates: Coordinates,
    shape: tuple[int, int],
    suffix: str,
    box_size_px: float,
    limit: int = 12,
    *,
    micrograph_name: str = "micrograph.mrc",
) -> str:
    """Return the beginning of a coordinate file, made by the writer that would write the file.

    Parameters
    ----------
    coordinates : Coordinates
        The accepted picks.
    shape : tuple of int
        ``(ny, nx)`` of the micrograph in unbinned pixels.
    suffix : str
        Of `WRITTEN`, tells the format.
    box_size_px : float
        Side of the boxes in a ``.box`` or ``.cbox`` file, unbinned pixels.
    limit : int
        Show at most this many picks.
    micrograph_name : str
        For formats that have it in each row.

    Returns
    -------
    str
        Header and rows; ``…`` on the last line where there are more.
    """
    first = replace(coordinates.where(np.arange(len(coordinates))[:limit]), box_size_px=box_size_px)
    with TemporaryDirectory() as folder:
        path = Path(folder, f"preview{suffix}")
        write_coordinates(path, first, shape, micrograph_name=micrograph_name)
        text = path.read_text(encoding="utf-8").strip()
    return f"{text}\n…" if len(coordinates) > limit else text


@dataclass(frozen=True)
class _Written:
    """What remains of a micrograph whose files are written: `files` relative to the folder."""

    name: str
    files: tuple[str, ...]
    particles: int
    outside: int


def _write(folder: Path, micrograph: ExportedMicrograph, options: ExportOptions) -> _Written:
    box_size = options.box_size_px or default_box_size(micrograph.diameter_px)
    coordinates = replace(micrograph.coordinates, box_size_px=float(box_size))
    files = [f"{micrograph.output}{end}" for end in coordinate_endings(options.formats)]
    for file in files:
        remove_leftovers(folder / file)
        write_coordinates(
            folder / file, coordinates, micrograph.shape, micrograph_name=micrograph.name
        )
    inside = len(coordinates.on_whole_pixels(micrograph.shape))
    count = len(coordinates)
    return _Written(micrograph.name, tuple(files), count, count - inside)


def _inside(micrograph: ExportedMicrograph) -> Coordinates:
    picks = micrograph.coordinates
    return picks.where(inside(picks.centers_yx, micrograph.shape)).named(micrograph.name)


def _notes(
    written: Sequence[_Written], options: ExportOptions, micrographs_star: Path | None
) -> Iterator[str]:
    outside = sum(one.outside for one in written)
    rounded = [suffix for suffix in options.formats if WRITTEN[suffix].whole_pixels]
    if outside and rounded:
        kinds = " and ".join(rounded)
        yield f"{outside} picks outside their micrograph are left out of {kinds} files"
    names = [one.name for one in written]
    yield from relion_notes(names, options.formats, options.relion, micrographs_star)


def write_cryosparc(folder: Path, picked: Iterable[Coordinates], *, extend: bool) -> Path:
    """Write what cryoSPARC's job *Import Particles* takes.

    Parameters
    ----------
    folder : pathlib.Path
        Where the file goes.
    picked : iterable of Coordinates
        Of one micrograph each, whose name the rows have.
    extend : bool
        Keep other micrographs in a file that is there already.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputFileError
        When a file to be extended cannot be read.
    OSError
        When the file cannot be written.
    """
    path, parts = folder / CRYOSPARC, list(picked)
    if extend and path.exists():
        old, new = read_coordinates(path, "relion"), Coordinates.joined(parts)
        ours = set(new.micrograph_names or ())
        others = np.array([name not in ours for name in old.micrograph_names or ()], bool)
        parts = [old.where(others), new]
    write_coordinates(path, Coordinates.joined(parts), format_name="cryosparc")
    return path
