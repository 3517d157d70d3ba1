"""The points of the gallery: those of each micrograph, in one list with a filter and an order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.picking.fingerprint import file_stamp
from napari_drpnet.project.gallery.thumbnails import BoxOrigin
from napari_drpnet.project.points.review import State, States, is_accepted, places_among
from napari_drpnet.project.stages.decision import Decision
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Label

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

Order = Literal["best", "worst", "highest", "lowest", "place"]
Shown = Literal["all", "accepted", "rejected", "by hand", "on dirt"]


@dataclass(frozen=True, eq=False)
class Particles:
    """Points of one micrograph above the threshold, and what they depend on.

    Parameters
    ----------
    record : MicrographRecord
        Record of the micrograph.
    labels : tuple of Label
        Labels of the micrograph.
    plan : Plan
        Plan that has decided.
    key : str
        Hash of the candidates; empty if the micrograph is not picked.
    origin : BoxOrigin or None
        Where the boxes around the points come from; None if the micrograph is not picked.
    centers_yx : (n, 2) float array
        Centres ``(y, x)`` in unbinned pixels.
    states : (n,) int8 array
        The `State` of each point.
    probability, score : (n,) float array
        P(particle) and the score that the threshold applies to; NaN where there is none.
    added, on_dirt : (n,) bool array
        Whether each point was added by hand, and whether it is rejected since it is on dirt.
    """

    record: MicrographRecord
    labels: tuple[Label, ...]
    plan: Plan
    key: str
    origin: BoxOrigin | None
    centers_yx: Floats
    states: States
    probability: Floats
    score: Floats
    added: Mask
    on_dirt: Mask

    def __len__(self) -> int:
        return len(self.states)

    def shown(self, which: Shown) -> Mask:
        """Return which points a filter shows, (n,)."""
        return _SHOWN[which](self)

    def differs_only_in_labels(self, other: "Particles") -> bool:
        """Return whether other points come from the same candidates and the same plan."""
        return self.key == other.key and self.plan == other.plan


_SHOWN: dict[Shown, Callable[[Particles], Mask]] = {
    "all": lambda points: np.ones(len(points), bool),
    "accepted": lambda points: is_accepted(points.states),
    "rejected": lambda points: ~is_accepted(points.states),
    "by hand": lambda points: np.isin(
        points.states, (State.ACCEPTED_BY_HAND, State.REJECTED_BY_HAND)
    ),
    "on dirt": lambda points: points.on_dirt,
}


def list_particles(decision: Decision, labels: tuple[Label, ...]) -> Particles:
    """List the points of a picked micrograph that are accepted or rejected.

    Parameters
    ----------
    decision : Decision
        What was decided about the micrograph.
    labels : tuple of Label
        Labels of the micrograph that it was decided with.
    """
    stored, review, plan = decision.stored, decision.review, decision.plan
    rows = np.flatnonzero(decision.states != State.BELOW)
    diameter_px = plan.parameters.particle.diameter_angstrom / stored.pixel_size_angstrom
    path = decision.record.path
    origin = BoxOrigin(path, file_stamp(path), diameter_px, stored.polarity)
    return Particles(
        record=decision.record,
        labels=labels,
        plan=plan,
        key=stored.key,
        origin=origin,
        centers_yx=review.centers_yx[rows],
        states=decision.states[rows],
        probability=review.probability[rows],
        score=review.score(plan.parameters)[rows],
        added=review.only_by_label(plan.parameters)[rows],
        on_dirt=decision.on_dirt[rows],
    )


def no_particles(record: MicrographRecord, labels: tuple[Label, ...], plan: Plan) -> Particles:
    """Return the empty list of a micrograph that is not picked."""
    none, no, nowhere = np.empty(0), np.empty(0, bool), np.empty((0, 2))
    return Particles(
        record, labels, plan, "", None, nowhere, np.empty(0, np.int8), none, none, no, no
    )


@dataclass(frozen=True, eq=False)
class Listing:
    """Points of one or more micrographs in the order of the gallery.

    Parameters
    ----------
    parts : tuple of Particles
        Points of each micrograph.
    part, row : (n,) int array
        For each entry, the index of its part, and its row in that part.
    """

    parts: tuple[Particles, ...]
    part: Rows
    row: Rows

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, index: int) -> tuple[Particles, int]:
        """Return the part and the row of an entry."""
        return self.parts[self.part[index]], int(self.row[index])

    def rows_of(self, part: int, entries: Rows | None = None) -> Rows:
        """Return the rows of a part that are listed, in order; or those among some entries."""
        parts, rows = (
            (self.part, self.row) if entries is None else (self.part[entries], self.row[entries])
        )
        return np.asarray(rows[parts == part])

    def find_again(self, before: "Listing", entries: Rows) -> Rows:
        """Return the entries at the places of some entries of an earlier listing."""
        found = np.zeros(len(self), bool)
        numbers = {part.record.id: number for number, part in enumerate(self.parts)}
        for number in np.unique(before.part[entries]).tolist():
            old = before.parts[number]
            here = numbers.get(old.record.id)
            if here is not None:
                wanted = old.centers_yx[before.rows_of(number, entries)]
                same = places_among(self.parts[here].centers_yx, wanted)
                mine = np.flatnonzero(self.part == here)
                found[mine] = same[self.row[mine]]
        return np.flatnonzero(found)

    def column(self, name: str) -> NDArray[Any]:
        """Return a column of `Particles` for all entries, such as ``states``."""
        if not self.parts:
            return np.empty(0)
        starts = np.cumsum([0, *(len(part) for part in self.parts)])[:-1]
        values = np.concatenate([getattr(part, name) for part in self.parts])
        return np.asarray(values[starts[self.part] + self.row])


_NOWHERE = np.empty((0, 2))
EMPTY = Listing((), np.empty(0, np.intp), np.empty(0, np.intp))


def arrange(
    parts: Sequence[Particles],
    order: Order,
    shown: Shown,
    before: Listing = EMPTY,
    among: Mapping[str, Floats] | None = None,
) -> Listing:
    """List points of micrographs.

    Parameters
    ----------
    parts : sequence of Particles
        Points of each micrograph, in the order of the project.
    order : {'best', 'worst', 'highest', 'lowest', 'place'}
        By P(particle), the greatest or the least first; by score, the greatest or the least first;
        by micrograph, row and column. Points without a value come last. Equal P(particle) are
        sorted by score, and so are all where there is no classifier.
    shown : {'all', 'accepted', 'rejected', 'by hand', 'on dirt'}
        Which points are listed.
    before : Listing, optional
        Earlier listing with the same filter. Its points stay although a label has changed them,
        so that nothing moves below the mouse.
    among : dict of str to (k, 2) float array, optional
        Places ``(y, x)`` by id of the micrograph; only points exactly there are listed.

    Returns
    -------
    Listing
    """
    kept = {part.record.id: number for number, part in enumerate(before.parts)}
    masks = []
    for part in parts:
        mask, number = part.shown(shown), kept.get(part.record.id)
        if number is not None and before.parts[number].differs_only_in_labels(part):
            mask = mask | _listed(before, number, part)
        if among is not None:
            mask = mask & places_among(part.centers_yx, among.get(part.record.id, _NOWHERE))
        masks.append(np.flatnonzero(mask))
    if not masks:
        return EMPTY
    listing = Listing(
        tuple(parts),
        np.repeat(np.arange(len(masks)), [len(mask) for mask in masks]),
        np.concatenate(masks),
    )
    by = _sorted(listing, order)
    return Listing(listing.parts, listing.part[by], listing.row[by])


def _listed(before: Listing, number: int, part: Particles) -> Mask:
    """Return which points of a micrograph were listed before as part `number`, (n,)."""
    old, rows = before.parts[number].centers_yx, before.rows_of(number)
    if not np.array_equal(old, part.centers_yx):
        return places_among(part.centers_yx, old[rows])
    listed = np.zeros(len(part), bool)
    listed[rows] = True
    return listed


def _sorted(listing: Listing, order: Order) -> Rows:
    """Return the entries of a listing in an order; NaN is last in each."""
    if order == "place":
        place = listing.column("centers_yx")
        return np.lexsort((place[:, 1], place[:, 0], listing.part))
    score = listing.column("score")
    if order in ("highest", "lowest"):
        return np.argsort(-score if order == "highest" else score, kind="stable")
    probability = listing.column("probability")
    sign = -1 if order == "best" else 1
    return np.lexsort((sign * score, sign * probability))
