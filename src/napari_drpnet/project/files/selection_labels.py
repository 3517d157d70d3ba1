"""Labels by 2D classes: selected particles are accepted, others that were extracted rejected."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import far_from
from napari_drpnet.base.wording import counted, listed
from napari_drpnet.formats.micrograph_names import NameMatches, match_names
from napari_drpnet.project.files.selections import Places, Selection
from napari_drpnet.project.stages.auto_labels import Proposal
from napari_drpnet.project.state.labels import labels_at

Floats = NDArray[np.float64]

#: Least share of the selected particles that must be among those that they were selected from.
_LEAST_SHARE = 0.5
_NOTHING = np.empty((0, 2))
_REMEDY = "Name the particles, or the coordinate files, that these were selected from"


@dataclass(frozen=True, eq=False)
class KnownMicrographs:
    """Micrographs that particles may be on.

    Parameters
    ----------
    names : mapping of str to str
        Names of the micrographs, by id.
    reach_of : callable
        Function that returns the reach of labels on a micrograph in unbinned pixels, given its id.
        A particle within this distance of a selected one is the same particle.
    picked_of : callable, optional
        Function that returns the accepted picks ``(n, 2)`` of a micrograph in unbinned pixels,
        given its id. They stand for the extracted particles where those are unknown.
    """

    names: Mapping[str, str]
    reach_of: Callable[[str], float]
    picked_of: Callable[[str], Floats] | None = None


@dataclass(frozen=True, eq=False)
class SelectionLabels:
    """Labels from a selection of particles.

    Parameters
    ----------
    proposals : list of tuple
        Labels of each micrograph that has some, by its id; see `Proposal`.
    counts : dict of str to (int, int)
        Numbers of accepted and rejected particles, by the name of the micrograph.
    unknown, ambiguous : dict of str to int
        Numbers of selected particles on micrographs that are none of the known ones, and on those
        that may be several of them, by their names in the file.
    among : str
        Name of what the particles were selected from.
    """

    proposals: list[Proposal]
    counts: dict[str, tuple[int, int]]
    unknown: dict[str, int]
    ambiguous: dict[str, int]
    among: str

    @property
    def accepted(self) -> int:
        """Number of selected particles on known micrographs."""
        return sum(accepted for accepted, _ in self.counts.values())

    @property
    def rejected(self) -> int:
        """Number of particles on known micrographs that were not selected."""
        return sum(rejected for _, rejected in self.counts.values())

    @property
    def summary(self) -> str:
        """Sentence with the numbers of particles, and what they were selected from."""
        return (
            f"{self.accepted:,} of {counted(self.accepted + self.rejected, 'particle')} "
            f"on {counted(len(self.counts), 'micrograph')} selected from {self.among}."
        )

    @property
    def left_out(self) -> list[str]:
        """Sentences about selected particles on micrographs that could not be found."""
        kinds = ((self.unknown, "not here"), (self.ambiguous, "of several with such a name"))
        return [
            f"{counted(sum(names.values()), 'selected particle')} left out, on micrographs that "
            f"are {kind}: {listed(names, 1)}."
            for names, kind in kinds
            if names
        ]


def label_by_selection(selection: Selection, micrographs: KnownMicrographs) -> SelectionLabels:
    """Label the particles of a selection on known micrographs.

    Parameters
    ----------
    selection : Selection
        Selection from `read_selection`.
    micrographs : KnownMicrographs
        Micrographs, which are found by their names. Where the extracted particles are unknown,
        picks are rejected only on micrographs with selected particles.

    Raises
    ------
    InputFileError
        If none of the micrographs is known, if it is unknown what the particles were selected
        from, or if fewer than half of them are among those. Of several readings, that with the
        greatest share is taken.
    """
    ids = {name: each for each, name in micrographs.names.items()}
    matches = match_names(selection.readings[0], ids)
    if not matches.found:
        first = next(iter(selection.readings[0]), "none at all")
        reason = f"none of its micrographs is here, such as {first}"
        raise InputFileError(selection.path, reason, "Give the micrographs that it names")
    by_id = {name: ids[known] for name, known in matches.found.items()}
    extracted = _extracted(selection, micrographs, ids, by_id.values())
    reach = {each: micrographs.reach_of(each) for each in {*by_id.values(), *extracted}}
    sided = [
        _Sides.of({by_id[name]: places[name] for name in by_id}, extracted, reach)
        for places in selection.readings
    ]
    best = max(sided, key=lambda sides: sides.share)
    if best.share < _LEAST_SHARE:
        reason = f"only {best.share:.0%} of its particles are among {selection.among}"
        raise InputFileError(selection.path, reason, _REMEDY)
    return _labels(selection, micrographs, matches, best, reach)


@dataclass(frozen=True, eq=False)
class _Sides:
    """Selected and rejected particles by id, and the share of the selected that were extracted."""

    selected: Places
    rejected: Places
    share: float

    @classmethod
    def of(cls, selected: Places, extracted: Places, reach: Mapping[str, float]) -> "_Sides":
        rejected, found = Places(), 0
        for each, places in extracted.items():
            rejected[each] = places[far_from(places, selected.get(each, _NOTHING), reach[each])]
        for each, places in selected.items():
            found += int((~far_from(places, extracted.get(each, _NOTHING), reach[each])).sum())
        return cls(selected, rejected, found / sum(map(len, selected.values())))


def _extracted(
    selection: Selection,
    micrographs: KnownMicrographs,
    ids: Mapping[str, str],
    with_selected: Collection[str],
) -> Places:
    """Return the particles that were extracted, by id of the micrograph."""
    if selection.extracted is not None:
        found = match_names(selection.extracted, ids).found
        return {ids[known]: selection.extracted[name] for name, known in found.items()}
    if micrographs.picked_of is None:
        reason = "RELION's pipeline does not say what these particles were selected from"
        raise InputFileError(selection.path, reason, _REMEDY)
    return {each: micrographs.picked_of(each) for each in with_selected}


def _labels(
    selection: Selection,
    micrographs: KnownMicrographs,
    matches: NameMatches,
    sides: _Sides,
    reach: Mapping[str, float],
) -> SelectionLabels:
    proposals, counts = list[Proposal](), dict[str, tuple[int, int]]()
    for each, name in micrographs.names.items():
        good, bad = (part.get(each, _NOTHING) for part in (sides.selected, sides.rejected))
        if len(good) or len(bad):
            verdicts = np.repeat([True, False], [len(good), len(bad)])
            given = labels_at(np.concatenate([good, bad]), verdicts, "classes")
            proposals.append((each, given, reach[each]))
            counts[name] = len(good), len(bad)
    sizes = {name: len(places) for name, places in selection.readings[0].items()}
    unknown, ambiguous = (
        {name: sizes[name] for name in names} for names in (matches.unknown, matches.ambiguous)
    )
    return SelectionLabels(proposals, counts, unknown, ambiguous, selection.among)
