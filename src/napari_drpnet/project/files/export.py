"""Export of the accepted picks of many micrographs for RELION and other programs."""

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
    """Micrograph with its picks to export.

    Parameters
    ----------
    name : str
        Name of the micrograph, exactly as in RELION's list.
    output : pathlib.PurePosixPath
        Path of its files inside the folder, without the ending: ``Movies/a/b`` for
        ``Movies/a/b_autopick.star``.
    coordinates : Coordinates
        Accepted picks.
    shape : tuple of int
        Shape of the micrograph, ``(ny, nx)`` unbinned pixels.
    diameter_px : float
        Particle diameter in unbinned pixels.
    """

    name: str
    output: PurePosixPath
    coordinates: Coordinates
    shape: tuple[int, int]
    diameter_px: float


@dataclass(frozen=True)
class ExportReport:
    """Result of an export.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder.
    files : tuple of pathlib.Path
        Files that were written, except the index.
    index : pathlib.Path or None
        File that RELION takes as input coordinates; None if it was not written.
    input_coordinates : pathlib.Path or None
        Path of the index to enter in RELION, relative to its project folder if it is inside.
    micrographs, particles : int
        Number of micrographs with all files written, and of accepted picks on them.
    notes : tuple of str
        Notes for the user, as sentences without a full stop.
    failed : tuple of str
        Messages that say what could not be written and why.
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
    """Write the picks of micrographs in the layout of `drpnet pick`.

    Each file is written completely or not at all.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder, created if missing. Files of the same names in it are replaced.
    micrographs : iterable of ExportedMicrograph
        Micrographs to export, taken one by one, so that they may be read lazily. A micrograph
        without picks gets files without rows.
    options : ExportOptions
        Options chosen by the user.
    micrographs_star : pathlib.Path, optional
        RELION's list of these micrographs. Paths in the index are relative to its project folder;
        without a list, to the working folder.
    extend : bool
        Whether to keep other micrographs in an existing index, as when one of many is exported.
    total : int, optional
        Number of micrographs for the progress, if `micrographs` has no length.
    job : Job, optional
        Progress callback, called after each micrograph; it may cancel the work.

    Returns
    -------
    ExportReport
        Result of the export, even if some files could not be written; the index then leaves
        their micrographs out.

    Raises
    ------
    InputFileError
        If there is a file at the path of `folder`.
    Cancelled
        If the work was cancelled. The files of finished micrographs are kept, and the index is
        unchanged.
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
    """Return the beginning of a coordinate file, produced by the writer of its format.

    Parameters
    ----------
    coordinates : Coordinates
        Accepted picks.
    shape : tuple of int
        Shape of the micrograph, ``(ny, nx)`` unbinned pixels.
    suffix : str
        Suffix of the format, a key of `WRITTEN`.
    box_size_px : float
        Side of the boxes in a ``.box`` or ``.cbox`` file, in unbinned pixels.
    limit : int
        Maximum number of picks to show.
    micrograph_name : str
        Name of the micrograph, for formats with a name in each row.

    Returns
    -------
    str
        Header and rows, with ``…`` on the last line if there are more.
    """
    first = replace(coordinates.where(np.arange(len(coordinates))[:limit]), box_size_px=box_size_px)
    with TemporaryDirectory() as folder:
        path = Path(folder, f"preview{suffix}")
        write_coordinates(path, first, shape, micrograph_name=micrograph_name)
        text = path.read_text(encoding="utf-8").strip()
    return f"{text}\n…" if len(coordinates) > limit else text


@dataclass(frozen=True)
class _Written:
    """Counts and files of an exported micrograph; `files` are relative to the folder."""

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
    """Write the file for cryoSPARC's job *Import Particles*.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder.
    picked : iterable of Coordinates
        Picks of one micrograph each, with its name in each row.
    extend : bool
        Whether to keep other micrographs in an existing file.

    Returns
    -------
    pathlib.Path
        Path of the file.

    Raises
    ------
    InputFileError
        If an existing file to be extended cannot be read.
    OSError
        If the file cannot be written.
    """
    path, parts = folder / CRYOSPARC, list(picked)
    if extend and path.exists():
        old, new = read_coordinates(path, "relion"), Coordinates.joined(parts)
        ours = set(new.micrograph_names or ())
        others = np.array([name not in ours for name in old.micrograph_names or ()], bool)
        parts = [old.where(others), new]
    write_coordinates(path, Coordinates.joined(parts), format_name="cryosparc")
    return path
