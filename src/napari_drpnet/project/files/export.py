"""Export of the accepted picks of many micrographs for RELION and other programs."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import length_hint
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np

from napari_drpnet.base.atomic_file import remove_leftovers
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import inside
from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.base.paths import is_inside
from napari_drpnet.base.wording import counted
from napari_drpnet.batch.folder.outputs import (
    INDEX,
    default_box_size,
    explain,
    require_folder,
)
from napari_drpnet.formats import WRITTEN, Coordinates, read_coordinates, write_coordinates
from napari_drpnet.images.micrograph import TIFF_SUFFIXES
from napari_drpnet.project.files.export_joint import write_joint
from napari_drpnet.project.files.export_options import ExportOptions
from napari_drpnet.project.files.export_relion import (
    relion_notes,
    relion_project,
    write_relion_index,
)
from napari_drpnet.project.files.export_report import ExportReport, list_results
from napari_drpnet.project.files.exported_micrograph import ExportedMicrograph
from napari_drpnet.project.files.programs import PROGRAMS


def export_picks(
    folder: Path,
    micrographs: Iterable[ExportedMicrograph],
    options: ExportOptions,
    *,
    micrographs_star: Path | None = None,
    extend: bool = False,
    replace_with_empty: Collection[Path] = (),
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
        without picks gets files without rows, unless one of its files contains particles.
    options : ExportOptions
        Options chosen by the user.
    micrographs_star : pathlib.Path, optional
        RELION's list of these micrographs. Paths in the index are relative to its project folder;
        without a list, to the working folder.
    extend : bool
        Whether to keep other micrographs in an existing index, as when one of many is exported.
    replace_with_empty : collection of pathlib.Path
        Files with particles that may be replaced by files without rows. All others are kept, and
        named in `ExportReport.kept`.
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
    done: list[_Done] = []
    failed: list[str] = []
    owners: dict[PurePosixPath, str] = {}
    for number, micrograph in enumerate(micrographs, start=1):
        owner = owners.setdefault(micrograph.output, micrograph.name)
        if owner != micrograph.name:
            failed.append(f"{micrograph.name}: its files would replace those of {owner}")
        elif not is_inside(folder, micrograph.output):
            failed.append(f"{micrograph.name}: its files would be outside {folder}")
        else:
            try:
                done.append(_write(folder, micrograph, options, replace_with_empty))
            except OSError as error:
                failed.append(explain(error, micrograph.name, folder))
        job.advance(number, max(number, expected), "export")
    lists = _write_list(folder, done, options, micrographs_star, extend, replace_with_empty)
    written = [one for one in done if not one.is_kept]
    files = [file for one in done for file in one.files]
    project = relion_project(micrographs_star, [one.name for one in done])
    return ExportReport(
        folder,
        (*(folder / file for one in written for file in one.files), *lists.joint),
        lists.index,
        tuple(list_results(folder, options, files, lists.single, project)),
        (*(folder / file for one in done if one.is_kept for file in one.files), *lists.kept),
        len(written),
        sum(one.particles for one in written),
        tuple(_notes(written, options, micrographs_star)) if done else (),
        (*failed, *lists.failed),
    )


def preview_lines(
    micrograph: ExportedMicrograph, options: ExportOptions, limit: int = 12
) -> tuple[str, str]:
    """Return the beginning of a file for the program, produced by the writer of its format.

    Parameters
    ----------
    micrograph : ExportedMicrograph
        Micrograph with its accepted picks.
    options : ExportOptions
        Options chosen by the user.
    limit : int
        Maximum number of picks to show.

    Returns
    -------
    name : str
        Name of the file.
    text : str
        Header and rows, with ``…`` on the last line if there are more.
    """
    program, picks = PROGRAMS[options.program], micrograph.coordinates
    first = picks.where(np.arange(len(picks))[:limit])
    name = program.joint or f"{micrograph.output.name}{program.ending}"
    with TemporaryDirectory() as folder:
        path = Path(folder, f"preview{program.suffix}")
        write_coordinates(
            path,
            replace(first, box_size_px=_box_size(micrograph, options)),
            micrograph.shape,
            program.format_name,
            micrograph_name=micrograph.name,
        )
        text = path.read_text(encoding="utf-8").strip()
    return name, f"{text}\n…" if len(picks) > limit else text


@dataclass(frozen=True, eq=False)
class _Done:
    """Micrograph whose files, relative to the folder, were written or kept."""

    name: str
    files: tuple[str, ...]
    is_kept: bool
    inside: Coordinates
    particles: int
    outside: int
    left_out: int


def _write(
    folder: Path,
    micrograph: ExportedMicrograph,
    options: ExportOptions,
    may_empty: Collection[Path],
) -> _Done:
    shape = micrograph.shape
    picks = replace(micrograph.coordinates, box_size_px=_box_size(micrograph, options))
    inside_count = len(picks.on_whole_pixels(shape))
    files = [f"{micrograph.output}{ending}" for ending in options.endings]
    full = [file for file in files if not inside_count and _has_particles(folder / file)]
    if all(folder / file in may_empty for file in full):
        full = []
    for file, kind in [] if full else zip(files, options.format_names, strict=True):
        remove_leftovers(folder / file)
        write_coordinates(folder / file, picks, shape, kind, micrograph_name=micrograph.name)
    return _Done(
        micrograph.name,
        tuple(full or files),
        bool(full),
        picks.where(inside(picks.centers_yx, shape)),
        len(picks),
        len(picks) - inside_count,
        micrograph.left_out,
    )


def _box_size(micrograph: ExportedMicrograph, options: ExportOptions) -> float:
    return float(options.box_size_px or default_box_size(micrograph.diameter_px))


def _has_particles(path: Path) -> bool:
    """Return whether a coordinate file exists that contains particles, or cannot be read."""
    try:
        return path.is_file() and len(read_coordinates(path)) > 0
    except InputFileError:
        return True


@dataclass(frozen=True)
class _List:
    """File about all micrographs: the index of RELION, or the joint file of another program."""

    index: Path | None = None
    joint: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()
    failed: tuple[str, ...] = ()

    @property
    def single(self) -> Path | None:
        return self.index or next(iter((*self.joint, *self.kept)), None)


def _write_list(
    folder: Path,
    done: Sequence[_Done],
    options: ExportOptions,
    micrographs_star: Path | None,
    extend: bool,
    may_empty: Collection[Path],
) -> _List:
    program = PROGRAMS[options.program]
    path = folder / (program.joint or INDEX)
    try:
        if program.relion is not None:
            files = {one.name: one.files for one in done}
            return _List(
                write_relion_index(
                    folder, files, program.relion, micrographs_star=micrographs_star, extend=extend
                )
            )
        if program.joint and done:
            picked = {one.name: one.inside for one in done}
            is_written, is_kept = write_joint(
                path, program.format_name, picked, extend=extend, may_empty=path in may_empty
            )
            return _List(joint=(path,) * is_written, kept=(path,) * is_kept)
    except OSError as error:
        return _List(failed=(explain(error, path.name, folder),))
    except InputFileError as error:
        return _List(failed=(str(error),))
    return _List()


def _notes(
    written: Sequence[_Done], options: ExportOptions, micrographs_star: Path | None
) -> Iterator[str]:
    program, outside = PROGRAMS[options.program], sum(one.outside for one in written)
    suffixes = dict.fromkeys(Path(f"x{ending}").suffix for ending in options.endings)
    kinds = [suffix for suffix in suffixes if WRITTEN[suffix].whole_pixels]
    kinds += [program.suffix] if program.joint and program.suffix not in kinds else []
    if outside and kinds:
        yield (
            f"{outside} picks outside their micrograph are left out of {' and '.join(kinds)} files"
        )
    if left_out := sum(one.left_out for one in written):
        yield f"{counted(left_out, 'pick')} left out: the box would leave the micrograph"
    names = [one.name for one in written]
    if program.relion is not None:
        yield from relion_notes(names, program.relion, micrographs_star)
    if program.flips_tiff and any(name.lower().endswith(TIFF_SUFFIXES) for name in names):
        yield (
            f"{options.program} reads TIFF micrographs upside down: mirror these files "
            "(drpnet convert --flip-rows) before it uses them"
        )
