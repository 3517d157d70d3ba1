"""Find the micrographs of a batch, and name the output files of each."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.images.micrograph import COMPRESSED_SUFFIXES, find_micrographs
from napari_drpnet.relion.lists import MicrographEntry, autopick_path, read_micrographs_star

PICKS, PREVIEW = "_autopick", "_preview.png"
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
    """

    micrograph: MicrographEntry
    output: PurePath


def list_entries(
    sources: Iterable[str | os.PathLike[str]], out_dir: str | os.PathLike[str]
) -> list[BatchEntry]:
    """List the micrographs of some sources, at least one; see `find_entries`.

    Raises
    ------
    InputFileError
        If no micrograph is found, or as in `find_entries`.
    """
    paths = [Path(source).expanduser() for source in sources]
    if entries := find_entries(paths, out_dir):
        return entries
    names = " ".join(map(str, paths))
    raise InputFileError(names, "no micrographs found", "Check the name of the folder or pattern")


def find_entries(
    sources: Iterable[str | os.PathLike[str]], out_dir: str | os.PathLike[str]
) -> list[BatchEntry]:
    """List the micrographs of some sources, each file once.

    Parameters
    ----------
    sources : iterable of path-like
        Micrographs, folders with micrographs, patterns with ``*``, or RELION lists (``.star``).
    out_dir : path-like
        Output folder; previews in it are not treated as micrographs.

    Returns
    -------
    list of BatchEntry
        Micrographs in the order of the sources. Output paths mirror the sub-folders: relative to
        the given folder, to the fixed part of a pattern, or to the common parent of all files
        given one by one. Paths of a RELION list follow RELION's own rule. A file with several
        names (links) is listed under the first one.

    Raises
    ------
    InputFileError
        If a source cannot be used, a name is not UTF-8, or two micrographs would get the same
        output file.
    """
    paths = [Path(source).expanduser() for source in sources]
    parent = _common_parent([path for path in paths if _is_single(path)])
    unique: dict[str, BatchEntry] = {}
    for path in paths:
        for entry in _entries(path, parent, Path(out_dir)):
            unique.setdefault(os.path.realpath(entry.micrograph.path), entry)
    entries = list(unique.values())
    _refuse_names(entries)
    _refuse_collisions(entries)
    return entries


def _entries(source: Path, parent: Path, out_dir: Path) -> Iterator[BatchEntry]:
    if source.suffix.lower() == ".star":
        for micrograph in read_micrographs_star(source):
            picks = autopick_path(micrograph.name, "")
            yield BatchEntry(micrograph, picks.with_name(picks.stem.removesuffix(PICKS)))
    elif _is_single(source):
        yield _entry(source, parent)
    else:
        root = source if source.is_dir() else _fixed_part(source)
        for file in find_micrographs(source):
            if not _is_preview(file, out_dir):
                yield _entry(file, root)


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


def _fixed_part(pattern: Path) -> Path:
    """Return the folders of a pattern before its first wildcard."""
    magic = next(k for k, part in enumerate(pattern.parts) if glob.has_magic(part))
    return Path(*pattern.parts[:magic])


def _is_preview(file: Path, out_dir: Path) -> bool:
    """Return whether a file is a preview, written by this run or another, not a micrograph."""
    if not file.name.endswith(PREVIEW):
        return False
    parents = file.resolve().parents
    return out_dir.resolve() in parents or any((folder / RECORDS).is_dir() for folder in parents)


def _refuse_names(entries: Iterable[BatchEntry]) -> None:
    for entry in entries:
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
            target = f"{entry.output}{PICKS}.star"
            reason = f"its picks and those of {other} would both be written to {target}"
            raise InputFileError(path, reason, "Use two output folders, or rename one of them")
