"""Output files of a batch, and where they are written."""

import errno
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_drpnet.base.atomic_file import remove_leftovers
from napari_drpnet.base.errors import InputFileError, explain_os_error
from napari_drpnet.base.picks import Picks
from napari_drpnet.batch.entries import PICKS, PREVIEW, BatchEntry
from napari_drpnet.batch.folder.mask_files import mask_endings, require_masks
from napari_drpnet.formats import RELION_FORMATS, WRITTEN, Coordinates, write_coordinates
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.images.preview import write_preview
from napari_drpnet.relion.lists import COORDS_SUFFIX, write_coords_suffix, write_index
from napari_drpnet.relion.pipeline import NEWEST, RelionVersion

#: Default side of a box, in particle diameters.
BOX_PER_DIAMETER = 1.5
#: RELION's index of the coordinate files in a folder.
INDEX = "autopick.star"
#: Endings of the coordinate files that RELION's index can name, the preferred one first.
INDEXED = (f"{PICKS}.star", f"{PICKS}.box")


@dataclass(frozen=True)
class Outputs:
    """Files to write, and the output folder.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder.
    formats : tuple of str
        Suffixes of the coordinate files to write, from `WRITTEN`. None are needed if `masks` are
        written; micrographs are then segmented, but not picked.
    box_size_px : int, optional
        Side of the boxes in ``.box`` and ``.cbox`` files, in unbinned pixels; by default 1.5
        particle diameters, rounded up to an even number.
    all_candidates : bool
        Whether to write ``candidates.csv``, with all candidates of all micrographs.
    preview : bool
        Whether to write a picture of each micrograph with its picks.
    micrographs_star : pathlib.Path, optional
        RELION's list of micrographs, if it is the only source. The file that RELION 3.1 takes in
        place of the index is then written too.
    masks : tuple of str
        Files of the segmentation to write, from `MASK_FILES`.
    relion : {'3.1', '4', '5'}
        Version of RELION that will read the ``.star`` files. RELION 3.1 warns about the selection
        type, which its viewer needs since version 4.
    """

    folder: Path
    formats: tuple[str, ...] = (".star",)
    box_size_px: int | None = None
    all_candidates: bool = False
    preview: bool = False
    micrographs_star: Path | None = None
    masks: tuple[str, ...] = ()
    relion: RelionVersion = NEWEST

    def __post_init__(self) -> None:
        if self.formats or not self.masks:
            require_formats(self.formats)
        require_masks(self.masks)

    def endings(self) -> list[str]:
        """Return the endings of the output files of one micrograph."""
        pictures = [PREVIEW] if self.preview else []
        return coordinate_endings(self.formats) + pictures + mask_endings(self.masks)

    def paths(self, entry: BatchEntry) -> list[Path]:
        """Return the paths of the output files of one micrograph."""
        return [self.path(entry, ending) for ending in self.endings()]

    def path(self, entry: BatchEntry, ending: str) -> Path:
        """Return the path of one output file of a micrograph."""
        return self.folder / f"{entry.output}{ending}"

    @property
    def index(self) -> Path:
        """Path of RELION's index of the coordinate files."""
        return self.folder / INDEX

    def input_coordinates(self, relion: RelionVersion) -> Path:
        """Return the path of the file that a version of RELION takes as input coordinates.

        Raises
        ------
        ValueError
            If RELION reads none of the formats.
        """
        ending = find_indexed(self.endings())
        if ending is None:
            raise ValueError(f"RELION reads none of {', '.join(self.formats)}")
        return self.folder / (f"{COORDS_SUFFIX}{ending}" if relion == "3.1" else INDEX)

    @property
    def candidates(self) -> Path:
        """Path of the table of all candidates."""
        return self.folder / "candidates.csv"

    @property
    def table(self) -> Path:
        """Path of the table of results, with one row for each micrograph."""
        return self.folder / "summary.csv"

    @property
    def summary(self) -> Path:
        """Path of the JSON summary of the last run."""
        return self.folder / "summary.json"


def write_outputs(
    outputs: Outputs,
    entry: BatchEntry,
    micrograph: Micrograph,
    picks: Picks,
    diameter_px: float,
    note: str,
) -> None:
    """Write the coordinates and the preview of one micrograph, each completely or not at all.

    Parameters
    ----------
    outputs : Outputs
        Files to write, and the output folder.
    entry : BatchEntry
        Name of the micrograph and paths of its output files.
    micrograph : Micrograph
        Pixels of the micrograph.
    picks : Picks
        Picks above the threshold; coordinate files get the accepted ones.
    diameter_px : float
        Particle diameter in unbinned pixels.
    note : str
        Note for the caption of the preview.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    box_size = outputs.box_size_px or default_box_size(diameter_px)
    coordinates = Coordinates.from_picks(picks.where(picks.accepted), box_size)
    name = entry.micrograph.name
    for suffix in outputs.formats:
        (ending,) = coordinate_endings([suffix])
        path = outputs.path(entry, ending)
        kind = RELION_FORMATS[outputs.relion] if suffix == ".star" else None
        write_coordinates(path, coordinates, micrograph.shape, kind, micrograph_name=name)
    if outputs.preview:
        write_preview(outputs.path(entry, PREVIEW), micrograph, picks, diameter_px, note)


def require_formats(formats: tuple[str, ...]) -> None:
    """Raise `ValueError` unless there is at least one suffix and all formats are known."""
    if not formats or not set(formats) <= set(WRITTEN):
        raise ValueError(f"formats must be some of {', '.join(WRITTEN)}, not {formats}")


def require_folder(folder: Path) -> None:
    """Raise `InputFileError` if the path, or the nearest existing parent, is not a folder."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise InputFileError(there, "is a file, not a folder", "Choose another folder")


def coordinate_endings(formats: Iterable[str]) -> list[str]:
    """Return the endings of the coordinate files of one micrograph."""
    return [f"{PICKS}{suffix}" for suffix in formats]


def default_box_size(diameter_px: float) -> int:
    """Return the default side of a box: 1.5 diameters, rounded up to an even number of pixels."""
    return 2 * math.ceil(BOX_PER_DIAMETER * diameter_px / 2)


def find_indexed(files: Iterable[str]) -> str | None:
    """Return the file that RELION's index should name, or None if RELION reads none of them."""
    names = list(files)
    return next((file for ending in INDEXED for file in names if file.endswith(ending)), None)


def index_rows(
    folder: Path, micrographs: Iterable[tuple[str, Iterable[str]]], project: Path
) -> Iterator[tuple[str, Path]]:
    """Pair names of micrographs with the coordinate files that RELION's index should name.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder.
    micrographs : iterable of (str, iterable of str)
        Name of each micrograph, and its files relative to `folder`.
    project : pathlib.Path
        Folder of the RELION project.

    Yields
    ------
    (str, pathlib.Path)
        Rows for `relion.lists.write_index`.
    """
    place = relative_to_project(folder, project)
    for name, files in micrographs:
        if file := find_indexed(files):
            yield name, place / file


def write_relion_lists(
    outputs: Outputs, micrographs: Iterable[tuple[str, Iterable[str]]]
) -> Path | None:
    """Write RELION's index, and the file that RELION 3.1 takes in its place if there is a list.

    Parameters
    ----------
    outputs : Outputs
        Output folder and list. Paths in the files are relative to the working folder.
    micrographs : iterable of (str, iterable of str)
        Name of each micrograph, and its files relative to the output folder.

    Returns
    -------
    pathlib.Path or None
        Path of the index; None if no micrograph has a file that RELION reads, and then an earlier
        index is removed.
    """
    rows = list(index_rows(outputs.folder, micrographs, project=Path.cwd()))
    remove_leftovers(outputs.index)
    if rows:
        write_index(outputs.index, rows)
    else:
        outputs.index.unlink(missing_ok=True)
    ending = find_indexed(outputs.endings())
    if ending and outputs.micrographs_star:
        place = relative_to_project(outputs.micrographs_star, Path.cwd())
        write_coords_suffix(outputs.folder, ending, place)
    return outputs.index if rows else None


def relative_to_project(path: Path, project: Path) -> Path:
    """Return a path as RELION expects it: relative if it is inside the project, else absolute."""
    absolute, root = path.absolute(), project.absolute()
    return absolute.relative_to(root) if absolute.is_relative_to(root) else absolute


def explain(error: OSError, name: str, folder: Path) -> str:
    """Return an error message for a file of micrograph `name` that could not be accessed."""
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return explain_os_error(error, folder if is_full else name)
