"""Report on an export: what was written, and what to do with it in the program."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from napari_drpnet.base.wording import listed
from napari_drpnet.batch.folder.outputs import coordinate_endings, relative_to_project
from napari_drpnet.formats import WRITTEN
from napari_drpnet.project.files.export_options import ExportOptions
from napari_drpnet.project.files.programs import PROGRAMS
from napari_drpnet.relion.lists import SELECTED

_SELECTED_ADVICE = (
    "RELION's list of the included micrographs: choose it in place of the whole list in the next "
    "job."
)
#: Greatest number of files that a question names.
_MOST_NAMES = 5


@dataclass(frozen=True)
class ExportResult:
    """What the user does with exported files.

    Parameters
    ----------
    text : str
        Path or pattern of the files, as the program expects it, or a command.
    advice : str
        Sentences that say what to do with `text` in the program.
    """

    text: str
    advice: str


@dataclass(frozen=True)
class ExportReport:
    """Report on an export.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder.
    files : tuple of pathlib.Path
        Files that were written, except the index.
    index : pathlib.Path or None
        File that RELION takes as input coordinates; None if it was not written.
    results : tuple of ExportResult
        What to do with the files, the most important first.
    kept : tuple of pathlib.Path
        Files that still contain the particles of an earlier export, because their micrographs
        have no accepted picks now.
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
    results: tuple[ExportResult, ...]
    kept: tuple[Path, ...]
    micrographs: int
    particles: int
    notes: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def question(self) -> str:
        """Question whether the kept files should be emptied; empty if there are none."""
        if not self.kept:
            return ""
        names = [file.relative_to(self.folder).as_posix() for file in self.kept]
        return (
            "These files keep the particles of an earlier export, because no picks are accepted on "
            f"their micrographs now: {listed(names, _MOST_NAMES)}"
        )


def list_results(
    folder: Path, options: ExportOptions, files: Sequence[str], single: Path | None, project: Path
) -> Iterator[ExportResult]:
    """Yield what to do with exported files, the most important first.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder.
    options : ExportOptions
        Options chosen by the user.
    files : sequence of str
        Coordinate files of all micrographs, relative to `folder`.
    single : pathlib.Path or None
        File of all micrographs: RELION's index, or the joint file; None if there is none.
    project : pathlib.Path
        Folder to which RELION's paths are relative.
    """
    program = PROGRAMS[options.program]
    place = None
    if single is not None:
        path = relative_to_project(single, project) if program.relion else single.absolute()
        place = path.as_posix()
    elif program.ending and not program.relion and files:
        place = _pattern(folder, files, program.ending)
    if place is not None:
        yield ExportResult(place, program.advice)
    if place is not None and program.command:
        yield ExportResult(program.command.format(place=place), program.command_advice)
    for suffix, ending in zip(options.further, coordinate_endings(options.further), strict=True):
        if files:
            title = WRITTEN[suffix].title
            advice = f"{title[0].upper()}{title[1:]}, one file for each micrograph."
            yield ExportResult(_pattern(folder, files, ending), advice)


def selection_result(folder: Path, project: Path) -> ExportResult:
    """Return what to do with RELION's list of the included micrographs in a folder."""
    place = relative_to_project(folder / SELECTED, project)
    return ExportResult(place.as_posix(), _SELECTED_ADVICE)


def _pattern(folder: Path, files: Sequence[str], ending: str) -> str:
    """Return the pattern of the files with an ending, in one folder or in several."""
    parents = {PurePosixPath(file).parent for file in files}
    where = parents.pop() if len(parents) == 1 else PurePosixPath("**")
    return (folder.absolute() / where / f"*{ending}").as_posix()
