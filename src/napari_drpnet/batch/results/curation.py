"""Selection of micrographs by rules and lists of names, written as a list for RELION."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.frozen import Parameters
from napari_drpnet.base.text import AnyPath, read_text
from napari_drpnet.batch.results.statistics import (
    MEASURES,
    MicrographStatistics,
    read_statistics,
)
from napari_drpnet.relion.lists import (
    MicrographEntry,
    copy_micrographs_star,
    read_micrographs_star,
    write_micrographs_star,
)

#: Whether a limit is the least or the greatest value that is kept.
Side = Literal["min", "max"]


class CurationRules(Parameters):
    """Limits that a micrograph must meet to be kept; see `MicrographStatistics`."""

    min_count: int | None = Field(
        None, ge=0, title="Minimum number of accepted picks; default: no limit"
    )
    max_count: int | None = Field(
        None, ge=0, title="Maximum number of accepted picks; default: no limit"
    )
    min_mean_fom: float | None = Field(
        None, title="Minimum mean figure of merit of the accepted picks; default: no limit"
    )
    max_contamination: float | None = Field(
        None,
        ge=0,
        le=1,
        title="Maximum fraction of picks on dirt or that the classifier does not consider "
        "particles; default: no limit",
    )
    min_expected_f1: float | None = Field(
        None,
        ge=0,
        le=1,
        title="Minimum expected F1 of the accepted picks, from P(particle); default: no limit",
    )
    min_expected_precision: float | None = Field(
        None,
        ge=0,
        le=1,
        title="Minimum expected precision of the accepted picks, from P(particle); "
        "default: no limit",
    )
    max_dirty_area: float | None = Field(
        None,
        ge=0,
        le=1,
        title="Maximum share of dirt, ice and carbon, in the micrograph; default: no limit",
    )

    def objections(self, micrograph: MicrographStatistics) -> Iterator[str]:
        """Yield the reasons why a micrograph must be excluded; none if it may be kept.

        An unknown number, such as the mean figure of merit of no picks, violates every limit.
        """
        for rule, limit in self:
            side, name = split_rule(rule)
            value = getattr(micrograph, name)
            if limit is not None and is_beyond(np.nan if value is None else value, side, limit):
                where = "below" if side == "min" else "above"
                yield f"{MEASURES[name].title} {_shown(value)} is {where} {_shown(limit)}"


def split_rule(rule: str) -> tuple[Side, str]:
    """Return the side of the limit and the measure of a field of `CurationRules`."""
    side, _, measure = rule.partition("_")
    return ("min" if side == "min" else "max"), measure


def is_beyond(values: ArrayLike, side: Side, limit: float) -> NDArray[np.bool_]:
    """Return which values violate a limit; an unknown value (NaN) violates every limit."""
    known = np.asarray(values, float)
    return ~(known >= limit if side == "min" else known <= limit)


@dataclass(frozen=True)
class Selection:
    """Selection of micrographs.

    Parameters
    ----------
    kept : tuple of str
        Names of the micrographs that are kept, as in the list.
    excluded : dict of str to str
        Names of the excluded micrographs, with reasons.
    particles : int
        Number of accepted picks on the micrographs that are kept.
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
    """Decide for each micrograph whether it is kept.

    Parameters
    ----------
    micrographs : mapping of str to MicrographStatistics or None
        Statistics by name; None for a micrograph that is not picked, which excludes it.
    rules : CurationRules
        Limits that micrographs must meet.
    include : collection of str
        Names of micrographs to keep regardless of the rules, even if they are not picked.
    exclude : collection of str
        Names of micrographs to exclude in any case.

    Returns
    -------
    Selection
        Selection in the order of `micrographs`.
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
    """Select micrographs, and write RELION's list of those that are kept.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder of `drpnet pick` or `drpnet segment`.
    target : pathlib.Path
        List to create or replace.
    rules : CurationRules
        Limits that micrographs must meet.
    micrographs_star : pathlib.Path, optional
        RELION's list to select from; its columns and optics groups are kept. By default the new
        list contains names and pixel sizes of the picked micrographs.
    include, exclude : pathlib.Path, optional
        Files with names of micrographs, see `read_names`.

    Returns
    -------
    Selection
        Selection with at least one micrograph.

    Raises
    ------
    InputFileError
        If the folder has no picked micrographs, a file cannot be used, or no micrograph would be
        kept.
    OSError
        If the list cannot be written.
    """
    picked = read_statistics(folder)
    if not picked:
        reason = "has no picked micrographs whose files still exist"
        raise InputFileError(folder, reason, "Give the output folder of drpnet pick")
    listed = read_micrographs_star(micrographs_star) if micrographs_star else _entries(picked)
    micrographs = _join(listed, picked)
    selection = select_micrographs(
        micrographs,
        rules,
        include=read_names(include, micrographs) if include else (),
        exclude=read_names(exclude, micrographs) if exclude else (),
    )
    if not selection.kept:
        raise InputFileError(folder, "no micrograph would be kept", "Relax the rules")
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
        Text file with one name on each line, with or without folders, or a RELION list
        (``.star``).
    known : collection of str
        Names of the micrographs to choose from.

    Returns
    -------
    set of str
        Subset of `known`.

    Raises
    ------
    InputFileError
        If the file cannot be read, or a name matches none or several of the known micrographs.
    """
    if Path(path).suffix.lower() == ".star":
        lines = [entry.name for entry in read_micrographs_star(path)]
    else:
        lines = [line.strip() for line in read_text(path).split("\n") if line.strip()]
    by_file: dict[str, list[str]] = {}
    for name in known:
        by_file.setdefault(Path(name).name, []).append(name)
    return {_find_name(path, line, known, by_file) for line in lines}


def _find_name(
    path: AnyPath, line: str, known: Collection[str], by_file: Mapping[str, Sequence[str]]
) -> str:
    if line in known:
        return line
    matches = by_file.get(line, ())
    if len(matches) != 1:
        problem = "several micrographs" if matches else "none of the micrographs"
        raise InputFileError(path, f"{line!r} matches {problem}", "Write its name as in the list")
    return matches[0]


def _entries(picked: Sequence[MicrographStatistics]) -> list[MicrographEntry]:
    return [MicrographEntry(each.name, each.path, each.pixel_size_angstrom) for each in picked]


def _join(
    listed: Sequence[MicrographEntry], picked: Sequence[MicrographStatistics]
) -> dict[str, MicrographStatistics | None]:
    """Match listed micrographs to their statistics, by name or else by the path of the file."""
    by_name = {each.name: each for each in picked}
    by_file = {os.path.realpath(each.path): each for each in picked}
    return {
        entry.name: by_name.get(entry.name) or by_file.get(os.path.realpath(entry.path))
        for entry in listed
    }


def _shown(value: float | None) -> str:
    if value is None:
        return "(unknown)"
    return f"{value:.0f}" if value == int(value) else f"{value:.3g}"
