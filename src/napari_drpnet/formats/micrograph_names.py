"""The micrograph that a name in a coordinate file means, whatever folders and endings it has."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from napari_drpnet.formats.programs.cryosparc import UID
from napari_drpnet.formats.table import READ_SUFFIXES
from napari_drpnet.images.micrograph import SUFFIXES

_PICKNAMES = ("_autopick", "_manualpick")
#: Endings that are no part of a micrograph's name, in the order in which they are removed.
_ENDINGS = ("_info.json", *READ_SUFFIXES, *_PICKNAMES, *sorted(SUFFIXES, key=len, reverse=True))
#: What cryoSPARC's motion correction adds to names.
_MOTION = re.compile(r"_patch_aligned(_doseweighted)?$")

Parts = tuple[str, ...]


@dataclass(frozen=True)
class NameMatches:
    """Names that were matched to known micrographs, and those that were not.

    Parameters
    ----------
    found : dict of str to str
        Name of the known micrograph, by the given name.
    ambiguous : tuple of str
        Given names that may mean several known micrographs, or share one with another name.
    unknown : tuple of str
        Given names of which no known micrograph is left.
    """

    found: dict[str, str]
    ambiguous: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def bare_path(name: str) -> PurePosixPath:
    """Remove suffixes and endings such as ``_autopick`` from a file name, but keep its folders."""
    for ending in _ENDINGS:
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
    return PurePosixPath(name)


def match_names(names: Iterable[str], known: Iterable[str]) -> NameMatches:
    """Find the micrographs that names in a file mean.

    A name and a known micrograph match if they agree in their last folders and file name, and no
    other name agrees with either of them in as much. Job folders and other prefixes therefore do
    not count, unless nothing else tells two micrographs apart.

    Parameters
    ----------
    names : iterable of str
        Names in a file, such as ``Extract/job007/Movies/a.mrc`` or ``a_autopick.star``.
    known : iterable of str
        Names of the micrographs that there are.

    Returns
    -------
    NameMatches
        Each known micrograph at most once.

    Notes
    -----
    Names are compared as they are; then without suffixes and endings such as ``_autopick``; then
    without the number that cryoSPARC puts before names, and without ``_patch_aligned`` and
    ``_doseweighted``, which its motion correction adds.
    """
    return _match(names, known, (_parts, _bare_parts, _plainest))


def match_paths(paths: Iterable[str], known: Iterable[str]) -> NameMatches:
    """Find files that were moved, by their names and last folders; see `match_names`.

    Endings count, so that no other file of a micrograph is taken for it.
    """
    return _match(paths, known, (_parts,))


def shortener(*groups: Collection[str]) -> Callable[[str], str]:
    """Return the function that shortens a path to its name and as few folders as possible.

    It keeps as many of the last folders as tell apart all paths within each group.
    """
    depth = 1
    while any(len({_end(path, depth) for path in group}) < len(set(group)) for group in groups):
        depth += 1
    return lambda path: _end(path, depth)


def _end(path: str, depth: int) -> str:
    return str(PurePosixPath(*PurePosixPath(path).parts[-depth:]))


def _parts(name: str) -> Parts:
    return PurePosixPath(name).parts


def _bare_parts(name: str) -> Parts:
    return bare_path(name).parts


def _plainest(name: str) -> Parts:
    path = bare_path(name)
    return (*path.parts[:-1], _MOTION.sub("", UID.sub("", path.name)))


def _match(
    names: Iterable[str], known: Iterable[str], forms: Sequence[Callable[[str], Parts]]
) -> NameMatches:
    """Match names by their parts, in the most precise form first."""
    theirs, ours = dict.fromkeys(names), dict.fromkeys(known)
    found: dict[str, str] = {}
    for form in forms:
        taken = set(found.values())
        pairs = _pairs({name: form(name) for name in theirs}, {name: form(name) for name in ours})
        found |= {name: its for name, its in pairs if name not in found and its not in taken}
    left = [name for name in theirs if name not in found]
    free = {forms[-1](name)[-1:] for name in ours.keys() - found.values()}
    ambiguous = tuple(name for name in left if forms[-1](name)[-1:] in free)
    unknown = tuple(name for name in left if forms[-1](name)[-1:] not in free)
    return NameMatches({name: found[name] for name in theirs if name in found}, ambiguous, unknown)


def _pairs(theirs: Mapping[str, Parts], ours: Mapping[str, Parts]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of names of which the last parts belong to one name of either side alone."""
    depth, most = 1, max(map(len, (*theirs.values(), *ours.values())), default=0)
    while theirs and ours and depth <= most:
        sides: tuple[dict[Parts, list[str]], dict[Parts, list[str]]] = ({}, {})
        for ends, side in zip(sides, (theirs, ours), strict=True):
            for name, parts in side.items():
                ends.setdefault(parts[-depth:], []).append(name)
        shared = [(sides[0][end], sides[1][end]) for end in sides[0].keys() & sides[1].keys()]
        yield from ((a[0], b[0]) for a, b in shared if len(a) == len(b) == 1)
        open_pairs = [(a, b) for a, b in shared if len(a) > 1 or len(b) > 1]
        theirs = {name: theirs[name] for a, _ in open_pairs for name in a}
        ours = {name: ours[name] for _, b in open_pairs for name in b}
        depth += 1
