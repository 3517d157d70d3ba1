"""Labels from particles that a 2D classification kept: the others that it had are rejected."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import far_from
from napari_drpnet.base.wording import counted
from napari_drpnet.evaluation.pairing import read_coordinate_set
from napari_drpnet.formats import Coordinates, fitting_formats, read_coordinates
from napari_drpnet.formats.micrograph_names import match_names
from napari_drpnet.project.stages.auto_labels import Proposal
from napari_drpnet.project.state.labels import Label
from napari_drpnet.relion.job_inputs import find_extractions

Floats = NDArray[np.float64]
Places = dict[str, Floats]

#: Least share of the selected particles that must be among those that they were selected from.
_LEAST_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Selection:
    """Selected particles, and those that they were selected from.

    Parameters
    ----------
    path : pathlib.Path
        File of the selected particles.
    readings : tuple of dict
        Places ``(n, 2)`` of the selected particles in unbinned pixels, by the name of the
        micrograph in the file; once for each way to read the file.
    extracted : dict or None
        Places of all particles that were extracted, in the same form; None if unknown.
    sources : tuple of pathlib.Path
        Files of the extracted particles.
    """

    path: Path
    readings: tuple[Places, ...]
    extracted: Places | None
    sources: tuple[Path, ...]

    @property
    def among(self) -> str:
        """Name of what the particles were selected from."""
        if self.extracted is None:
            return "the accepted picks"
        return " and ".join(str(Path(*source.parts[-3:])) for source in self.sources)


@dataclass(frozen=True, eq=False)
class SelectionLabels:
    """Labels from a selection of particles.

    Parameters
    ----------
    selection : Selection
        Selection that the labels come from.
    proposals : list of tuple
        Labels of each micrograph that has some, by its id; see `Proposal`.
    counts : dict of str to (int, int)
        Numbers of accepted and rejected particles by the name of the micrograph.
    unknown, ambiguous : dict of str to int
        Numbers of selected particles by the names, in the file, of micrographs that are none of
        the known ones, and of those that may be several of them.
    """

    selection: Selection
    proposals: list[Proposal]
    counts: dict[str, tuple[int, int]]
    unknown: dict[str, int]
    ambiguous: dict[str, int]

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
            f"{counted(self.accepted, 'selected particle')} and {self.rejected:,} that "
            f"{'was' if self.rejected == 1 else 'were'} not selected from {self.selection.among}, "
            f"on {counted(len(self.counts), 'micrograph')}."
        )

    @property
    def left_out(self) -> list[str]:
        """Sentences about selected particles on micrographs that could not be matched."""
        reasons = (
            (self.unknown, "are on micrographs that are not here"),
            (self.ambiguous, "are on micrographs whose names fit several here"),
        )
        return [
            f"{sum(names.values()):,} selected particles {reason}: {_first(names)}."
            for names, reason in reasons
            if names
        ]


def read_selection(path: Path, extracted: Path | None = None) -> Selection:
    """Read selected particles, and find those that they were selected from.

    Parameters
    ----------
    path : pathlib.Path
        File with positions of selected particles and the micrograph of each: ``particles.star`` of
        RELION's Select job, a table of pyem's csparc2star, ``.cs`` particles of cryoSPARC, or any
        other file of coordinates with names. The rows of a ``.cs`` file are counted from the end
        that fits what they were selected from.
    extracted : pathlib.Path, optional
        File of all particles that were extracted, or folder of the coordinate files that they were
        extracted from. By default it is found through RELION's pipeline.

    Raises
    ------
    InputFileError
        If a file cannot be used, or the selected particles have no names of micrographs.
    """
    path = Path(path)
    formats = fitting_formats(path) if path.is_file() else []
    names = [each.name for each in formats] if len(formats) > 1 else [None]
    readings = tuple(_by_micrograph(path, read_coordinates(path, name)) for name in names)
    sources = (extracted,) if extracted else find_extractions(path)
    return Selection(path, readings, _read_all(sources) if sources else None, sources)


def label_by_selection(
    selection: Selection,
    names: Mapping[str, str],
    reach_of: Callable[[str], float],
    picked_of: Callable[[str], Floats] | None = None,
) -> SelectionLabels:
    """Label the particles of a selection on known micrographs.

    Parameters
    ----------
    selection : Selection
        Selection from `read_selection`.
    names : mapping of str to str
        Names of the known micrographs, by id.
    reach_of : callable
        Function that returns the reach of labels on a micrograph in unbinned pixels, given its id:
        a particle that is nearer than this to a selected one is the same particle.
    picked_of : callable, optional
        Function that returns the accepted picks ``(n, 2)`` of a micrograph in unbinned pixels,
        given its id. They stand for the extracted particles where these are unknown, on
        micrographs with selected particles only.

    Raises
    ------
    InputFileError
        If none of the micrographs is known, if it is unknown what the particles were selected
        from, or if fewer than half of them are among those.
    """
    labelled = [
        _Matched.of(selection, selected, names, reach_of, picked_of)
        for selected in selection.readings
    ]
    best = max(labelled, key=lambda each: each.share)
    if best.share < _LEAST_SHARE:
        reason = f"only {best.share:.0%} of its particles are among {selection.among}"
        remedy = "Name the particles, or the coordinate files, of which these were selected"
        raise InputFileError(selection.path, reason, remedy)
    return best.labels(selection, names)


@dataclass(frozen=True, eq=False)
class _Matched:
    """Selected and other particles by id of the micrograph, and names without one."""

    selected: Places
    others: Places
    reaches: dict[str, float]
    share: float
    unknown: dict[str, int]
    ambiguous: dict[str, int]

    @classmethod
    def of(
        cls,
        selection: Selection,
        given: Places,
        names: Mapping[str, str],
        reach_of: Callable[[str], float],
        picked_of: Callable[[str], Floats] | None,
    ) -> "_Matched":
        ids = {name: each for each, name in names.items()}
        matches = match_names(given, ids)
        if not matches.found:
            reason = f"none of its micrographs is here, such as {next(iter(given), 'none at all')}"
            raise InputFileError(selection.path, reason, "Open the micrographs that it names")
        selected = {ids[matches.found[name]]: given[name] for name in matches.found}
        if selection.extracted is not None:
            found = match_names(selection.extracted, ids).found
            all_places = {ids[found[name]]: selection.extracted[name] for name in found}
        elif picked_of is not None:
            all_places = {each: picked_of(each) for each in selected}
        else:
            reason = "it is unknown which particles were extracted and not selected"
            remedy = "Name the particles, or the coordinate files, of which these were selected"
            raise InputFileError(selection.path, reason, remedy)
        nothing = np.empty((0, 2))
        reaches = {each: reach_of(each) for each in selected.keys() | all_places.keys()}
        others = {
            each: places[far_from(places, selected.get(each, nothing), reaches[each])]
            for each, places in all_places.items()
        }
        known = sum(
            int((~far_from(places, all_places.get(each, nothing), reaches[each])).sum())
            for each, places in selected.items()
        )
        return cls(
            selected,
            others,
            reaches,
            known / max(1, sum(map(len, selected.values()))),
            {name: len(given[name]) for name in matches.unknown},
            {name: len(given[name]) for name in matches.ambiguous},
        )

    def labels(self, selection: Selection, names: Mapping[str, str]) -> SelectionLabels:
        nothing = np.empty((0, 2))
        proposals, counts = list[Proposal](), dict[str, tuple[int, int]]()
        for each, reach in self.reaches.items():
            good, bad = (part.get(each, nothing) for part in (self.selected, self.others))
            proposals.append((each, _labels(good, bad), reach))
            counts[names[each]] = len(good), len(bad)
        return SelectionLabels(selection, proposals, counts, self.unknown, self.ambiguous)


def _labels(good: Floats, bad: Floats) -> tuple[Label, ...]:
    places = [(float(y), float(x)) for y, x in np.concatenate([good, bad])]
    return tuple(
        Label(id=k, center_yx=p, anchor_yx=p, accepted=k < len(good), source="classes")
        for k, p in enumerate(places)
    )


def _read_all(sources: Collection[Path]) -> Places:
    """Read files or folders of coordinates; a micrograph may be in several."""
    places: dict[str, list[Floats]] = {}
    for source in sources:
        if source.is_dir():
            found = {str(key): c.centers_yx for key, c in read_coordinate_set(source).items()}
        else:
            found = _by_micrograph(source, read_coordinates(source))
        for name, centers in found.items():
            places.setdefault(name, []).append(centers)
    return {name: np.concatenate(parts) for name, parts in places.items()}


def _by_micrograph(path: Path, coordinates: Coordinates) -> Places:
    """Return the centres of each micrograph, each place once."""
    if coordinates.micrograph_names is None:
        reason = "does not say on which micrograph each particle is"
        remedy = "Give a file with that column, such as particles.star of a Select job"
        raise InputFileError(path, reason, remedy)
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(coordinates.micrograph_names):
        rows.setdefault(name, []).append(row)
    return {name: np.unique(coordinates.centers_yx[its], axis=0) for name, its in rows.items()}


def _first(names: Collection[str]) -> str:
    first = next(iter(names))
    return f"{first} and {len(names) - 1} more" if len(names) > 1 else first
