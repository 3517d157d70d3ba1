"""Which micrographs to go on with: rules, lists of names, and RELION's list of those that stay."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.frozen import Parameters
from napari_drpnet.base.text import AnyPath, read_text
from napari_drpnet.batch.results.statistics import MicrographStatistics, read_statistics
from napari_drpnet.relion.lists import (
    MicrographEntry,
    copy_micrographs_star,
    read_micrographs_star,
    write_micrographs_star,
)


class CurationRules(Parameters):
    """What a micrograph must be like to stay; see `MicrographStatistics` for the numbers."""

    min_count: int | None = Field(
        None, ge=0, title="Least number of accepted picks; default: no limit"
    )
    max_count: int | None = Field(
        None, ge=0, title="Greatest number of accepted picks; default: no limit"
    )
    min_mean_fom: float | None = Field(
        None, title="Least mean figure of merit of the accepted picks; default: no limit"
    )
    max_contamination: float | None = Field(
        None,
        ge=0,
        le=1,
        title="Greatest fraction of picks that the classifier takes for something else; "
        "default: no limit",
    )
    min_expected_f1: float | None = Field(
        None,
        ge=0,
        le=1,
        title="Least expected F1 of the accepted picks, from P(particle); default: no limit",
    )

    def objections(self, micrograph: MicrographStatistics) -> Iterator[str]:
        """Yield what speaks against a micrograph; nothing where it may stay.

        A number that is unknown, such as the mean of no picks, meets no limit.
        """
        count, fom, dirt = micrograph.count, micrograph.mean_fom, micrograph.contamination
        f1 = micrograph.expected_f1
        if self.min_count is not None and count < self.min_count:
            yield f"count {count} is below {self.min_count}"
        if self.max_count is not None and count > self.max_count:
            yield f"count {count} is above {self.max_count}"
        if self.min_mean_fom is not None and (fom is None or fom < self.min_mean_fom):
            yield f"mean FOM {_shown(fom)} is below {self.min_mean_fom:g}"
        if self.max_contamination is not None and (dirt is None or dirt > self.max_contamination):
            yield f"contamination {_shown(dirt)} is above {self.max_contamination:g}"
        if self.min_expected_f1 is not None and (f1 is None or f1 < self.min_expected_f1):
            yield f"expected F1 {_shown(f1)} is below {self.min_expected_f1:g}"


@dataclass(frozen=True)
class Selection:
    """Which micrographs stay.

    Parameters
    ----------
    kept : tuple of str
        Names of those that stay, as the list has them.
    excluded : dict of str to str
        Names of the others, and why.
    particles : int
        Accepted picks of those that stay.
    """

    kept: tuple[str, ...]
    excluded: dict[str, str]
    particles: int


def select_micrographs(
    micrographs: Mapping[str, MicrographStatistics | None],
    rules: CurationRules,
    *,
    include: Collection[str] = (),
    exclude: Collection[str] = (),
) -> Selection:
    """Decide about each micrograph.

    Parameters
    ----------
    micrographs : mapping of str to MicrographStatistics or None
        By name; None for one that is not picked, which no rule can keep.
    rules : CurationRules
        What they must be like.
    include : collection of str
        Names that stay whatever the rules say, even when not picked.
    exclude : collection of str
        Names that go, whatever else.

    Returns
    -------
    Selection
        In the order of `micrographs`.
    """
    excluded = {}
    for name, micrograph in micrographs.items():
        if name in exclude:
            excluded[name] = "named to be excluded"
        elif name in include:
            continue
        elif micrograph is None:
            excluded[name] = "not picked"
        elif reasons := list(rules.objections(micrograph)):
            excluded[name] = "; ".join(reasons)
    kept = tuple(name for name in micrographs if name not in excluded)
    counted = (micrographs[name] for name in kept)
    return Selection(kept, excluded, sum(micrograph.count for micrograph in counted if micrograph))


def curate(
    folder: Path,
    target: Path,
    rules: CurationRules,
    *,
    micrographs_star: Path | None = None,
    include: Path | None = None,
    exclude: Path | None = None,
) -> Selection:
    """Write the list of micrographs to go on with.

    Parameters
    ----------
    folder : pathlib.Path
        An output folder of `drpnet pick`.
    target : pathlib.Path
        The list to create or replace.
    rules : CurationRules
        What micrographs must be like.
    micrographs_star : pathlib.Path, optional
        RELION's list to choose from, which then keeps its columns and optics groups. Without it
        the new list has the names and pixel sizes of what is picked.
    include, exclude : pathlib.Path, optional
        Files with names, see `read_names`.

    Returns
    -------
    Selection
        Never empty.

    Raises
    ------
    InputFileError
        When the folder has no picked micrographs, a file cannot be used, or none would stay.
    OSError
        When the list cannot be written.
    """
    picked = read_statistics(folder)
    if not picked:
        reason = "has no picked micrographs that are still there"
        raise InputFileError(folder, reason, "Give the folder that drpnet pick has written")
    listed = read_micrographs_star(micrographs_star) if micrographs_star else _entries(picked)
    micrographs = _join(listed, picked)
    selection = select_micrographs(
        micrographs,
        rules,
        include=read_names(include, micrographs) if include else (),
        exclude=read_names(exclude, micrographs) if exclude else (),
    )
    if not selection.kept:
        raise InputFileError(folder, "no micrograph would stay", "Loosen the rules")
    kept = set(selection.kept)
    if micrographs_star:
        copy_micrographs_star(micrographs_star, target, kept)
    else:
        write_micrographs_star(target, [entry for entry in listed if entry.name in kept])
    return selection


def read_names(path: AnyPath, known: Collection[str]) -> set[str]:
    """Read names of micrographs from a file.

    Parameters
    ----------
    path : path-like
        One name in each line, whole or without folders; or a list of RELION's (``.star``).
    known : collection of str
        The micrographs that can be meant.

    Returns
    -------
    set of str
        Some of `known`.

    Raises
    ------
    InputFileError
        When the file cannot be read, or a name is none of these, or stands for several.
    """
    if Path(path).suffix.lower() == ".star":
        lines = [entry.name for entry in read_micrographs_star(path)]
    else:
        lines = [line.strip() for line in read_text(path).splitlines() if line.strip()]
    by_file: dict[str, list[str]] = {}
    for name in known:
        by_file.setdefault(Path(name).name, []).append(name)
    return {_meant(path, line, known, by_file) for line in lines}


def _meant(
    path: AnyPath, line: str, known: Collection[str], by_file: Mapping[str, Sequence[str]]
) -> str:
    if line in known:
        return line
    matches = by_file.get(line, ())
    if len(matches) != 1:
        problem = "several micrographs" if matches else "none of the micrographs"
        raise InputFileError(path, f"{line!r} is {problem}", "Write its name as in the list")
    return matches[0]


def _entries(picked: Sequence[MicrographStatistics]) -> list[MicrographEntry]:
    return [MicrographEntry(each.name, each.path, each.pixel_size_angstrom) for each in picked]


def _join(
    listed: Sequence[MicrographEntry], picked: Sequence[MicrographStatistics]
) -> dict[str, MicrographStatistics | None]:
    """Find what is known about listed micrographs: by name, or else by the file itself."""
    by_name = {each.name: each for each in picked}
    by_file = {os.path.realpath(each.path): each for each in picked}
    return {
        entry.name: by_name.get(entry.name) or by_file.get(os.path.realpath(entry.path))
        for entry in listed
    }


def _shown(value: float | None) -> str:
    return "(unknown)" if value is None else f"{value:.3g}"
