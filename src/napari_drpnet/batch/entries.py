"""Find the micrographs of a batch, and name the output files of each."""

import glob
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.images.micrograph import COMPRESSED_SUFFIXES, find_micrographs, fixed_part
from napari_drpnet.relion.lists import MicrographEntry, autopick_path, read_micrographs_star
from napari_drpnet.relion.star_tables import UNWRITABLE

PICKS, PREVIEW = "_autopick", "_preview.png"
MASK, CLASS_MAP, OVERLAY = "_mask.mrc", "_classes.png", "_overlay.png"
#: Endings of masks that other programs find by the name of the micrograph.
FULL_SIZE_MASK, WARP_MASK = ".mrc", ".tif"
#: Endings of images that are written, and are no micrographs.
_WRITTEN = (PREVIEW, MASK, CLASS_MAP, OVERLAY)
#: Suffixes of pictures that microscopes write beside each micrograph.
_PICTURES = (".png", ".jpg", ".jpeg")
#: Folder inside an output folder with the records of finished micrographs.
RECORDS = ".drpnet"


@dataclass(frozen=True)
class BatchEntry:
    """One micrograph of a batch.

    Parameters
    ----------
    micrograph : MicrographEntry
        Name of the micrograph, as written to the index, and its file.
    output : pathlib.PurePath
        Path of its output files inside the output folder, without the ending: ``Movies/a/b`` for
        ``Movies/a/b_autopick.star``.
    links : tuple of pathlib.Path
        Other names of the file among the sources, which are left out.
    """

    micrograph: MicrographEntry
    output: PurePath
    links: tuple[Path, ...] = ()


def list_entries(
    sources: Iterable[str | os.PathLike[str]],
    out_dir: str | os.PathLike[str],
    left_out: Callable[[Path], None] | None = None,
) -> list[BatchEntry]:
    """List the micrographs of some sources, at least one; see `find_entries`.

    Raises
    ------
    InputFileError
        If no micrograph is found, or as in `find_entries`.
    """
    paths = [Path(source).expanduser() for source in sources]
    if entries := find_entries(paths, out_dir, left_out):
        return entries
    names = " ".join(map(str, paths))
    raise InputFileError(names, "no micrographs found", "Check the name of the folder or pattern")


def find_entries(
    sources: Iterable[str | os.PathLike[str]],
    out_dir: str | os.PathLike[str],
    left_out: Callable[[Path], None] | None = None,
) -> list[BatchEntry]:
    """List the micrographs of some sources, each file once.

    Parameters
    ----------
    sources : iterable of path-like
        Micrographs, folders with micrographs, patterns with ``*``, or RELION lists (``.star``).
    out_dir : path-like
        Output folder; previews and masks in it are not treated as micrographs.
    left_out : callable, optional
        Function that is called with each PNG and JPEG of a folder or pattern that is left out,
        because an MRC or TIFF of the same name lies beside it, as in folders of EPU.

    Returns
    -------
    list of BatchEntry
        Micrographs in the order of the sources. Output paths mirror the sub-folders: relative to
        the given folder, to the fixed part of a pattern, or to the common parent of all files
        given one by one. Paths of a RELION list follow RELION's own rule. A file with several
        names (links) is listed under the first one, with the others as its links.

    Raises
    ------
    InputFileError
        If a source cannot be used, a name is not UTF-8 or has a line end, or two micrographs would
        get the same output file.
    """
    paths = [Path(source).expanduser() for source in sources]
    parent = _common_parent([path for path in paths if _is_single(path)])
    unique: dict[str, BatchEntry] = {}
    for path in paths:
        for entry in _entries(path, parent, Path(out_dir), left_out):
            file = os.path.realpath(entry.micrograph.path)
            unique[file] = _with_link(unique.get(file, entry), entry.micrograph.path)
    entries = list(unique.values())
    _refuse_names(entries)
    _refuse_collisions(entries)
    return entries


def _with_link(entry: BatchEntry, name: Path) -> BatchEntry:
    """Return an entry with another name of its file, unless it has that name already."""
    link = Path(os.path.abspath(name))
    known = {Path(os.path.abspath(entry.micrograph.path)), *entry.links}
    return entry if link in known else replace(entry, links=(*entry.links, link))


def _entries(
    source: Path, parent: Path, out_dir: Path, left_out: Callable[[Path], None] | None
) -> Iterator[BatchEntry]:
    if source.suffix.lower() == ".star":
        for micrograph in read_micrographs_star(source):
            picks = autopick_path(micrograph.name, "")
            yield BatchEntry(micrograph, picks.with_name(picks.stem.removesuffix(PICKS)))
    elif _is_single(source):
        yield _entry(source, parent)
    else:
        root = source if source.is_dir() else fixed_part(source)
        entries = [_entry(file, root) for file in find_micrographs(source)]
        written = _WrittenImages(entries, out_dir)
        micrographs = [entry for entry in entries if not written.has(entry)]
        yield from _without_pictures(micrographs, left_out)


def _without_pictures(
    entries: Sequence[BatchEntry], left_out: Callable[[Path], None] | None
) -> Iterator[BatchEntry]:
    """Yield entries without pictures of micrographs that are there themselves."""
    there = {entry.output for entry in entries if not _is_picture(entry)}
    for entry in entries:
        if not (_is_picture(entry) and entry.output in there):
            yield entry
        elif left_out:
            left_out(entry.micrograph.path)


def _is_picture(entry: BatchEntry) -> bool:
    return entry.micrograph.path.suffix.lower() in _PICTURES


def _entry(file: Path, root: Path) -> BatchEntry:
    bare = file.with_suffix("") if file.suffix.lower() in COMPRESSED_SUFFIXES else file
    output = Path(os.path.relpath(bare, root))
    return BatchEntry(MicrographEntry(file.as_posix(), file), output.with_name(output.stem))


def _is_single(source: Path) -> bool:
    """Return whether a source is one file, which may be missing: no folder, pattern or list."""
    if source.is_dir() or source.suffix.lower() == ".star":
        return False
    return source.exists() or not glob.has_magic(str(source))


def _common_parent(files: Sequence[Path]) -> Path:
    parents = [os.path.abspath(file.parent) for file in files]
    return Path(os.path.commonpath(parents)) if parents else Path()


class _WrittenImages:
    """Images that this run or an earlier one wrote, among the images in a folder.

    Parameters
    ----------
    entries : sequence of BatchEntry
        All images in the folder.
    out_dir : pathlib.Path
        Output folder of this run.
    """

    def __init__(self, entries: Sequence[BatchEntry], out_dir: Path) -> None:
        self._out_dir = out_dir.resolve()
        self._outputs = {entry.output for entry in entries}
        self._stems = Counter(entry.output.name for entry in entries)
        self._folders: dict[Path, list[Path]] = {}

    def has(self, entry: BatchEntry) -> bool:
        """Return whether an image is a preview or a mask, and not a micrograph."""
        path = entry.micrograph.path
        if path.name.endswith(_WRITTEN):
            return bool(self._output_folders(path))
        # A mask with the name of its micrograph is there twice.
        if path.suffix not in (FULL_SIZE_MASK, WARP_MASK) or self._stems[entry.output.name] == 1:
            return False
        return any(self._is_mask(path, folder) for folder in self._output_folders(path))

    def _output_folders(self, file: Path) -> list[Path]:
        """Return the output folders that a file is in."""
        parent = file.parent
        if parent not in self._folders:
            self._folders[parent] = [
                folder
                for folder in (parent.resolve() / file.name).parents
                if folder == self._out_dir or (folder / RECORDS).is_dir()
            ]
        return self._folders[parent]

    def _is_mask(self, file: Path, folder: Path) -> bool:
        """Return whether a record names a file, or it may be of a run that was killed."""
        place = (file.parent.resolve() / file.name).relative_to(folder)
        output = place.with_suffix("")
        try:
            record = json.loads((folder / RECORDS / f"{output}.json").read_bytes())
            return place.as_posix() in record["result"]["files"]
        except FileNotFoundError:
            return folder == self._out_dir and PurePath(output) in self._outputs
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return False


def _refuse_names(entries: Iterable[BatchEntry]) -> None:
    """Refuse names that no list can hold, before anything is picked."""
    for entry in entries:
        if any(mark in entry.micrograph.name for mark in UNWRITABLE):
            shown = repr(entry.micrograph.name)
            raise InputFileError(shown, "its name has a line end", "Rename the file")
        try:
            entry.micrograph.name.encode()
        except UnicodeEncodeError as error:
            shown = entry.micrograph.name.encode(errors="backslashreplace").decode()
            raise InputFileError(shown, "its name is not UTF-8", "Rename the file") from error


def _refuse_collisions(entries: Iterable[BatchEntry]) -> None:
    taken: dict[PurePath, Path] = {}
    for entry in entries:
        path = entry.micrograph.path
        other = taken.setdefault(entry.output, path)
        if other is not path:
            reason = f"its files and those of {other} would both be named {entry.output}…"
            raise InputFileError(path, reason, "Use two output folders, or rename one of them")
