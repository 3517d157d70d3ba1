"""Gallery: the points of one or of all micrographs as thumbnails, and corrections there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_drpnet.base.wording import counted
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.particle_lists import ParticleLists
from napari_drpnet.project.controllers.picking import PickingJobs
from napari_drpnet.project.controllers.selection import Selection, rows_at
from napari_drpnet.project.controllers.thumbnails import ThumbnailJobs
from napari_drpnet.project.gallery.particles import EMPTY, Listing, Order, Rows, Shown, arrange
from napari_drpnet.project.points.review import State, describe_point, is_accepted
from napari_drpnet.project.state.edits import Edit, LabelEdit
from napari_drpnet.project.workspace import Workspace

_NONE = np.empty(0, np.intp)


@dataclass(frozen=True)
class GalleryChoice:
    """What the gallery shows.

    Parameters
    ----------
    scope : {'this', 'all'}
        Points of the micrograph that is shown, or of all included ones that are picked.
    order, shown : str
        Order and filter of `arrange`.
    as_recorded : bool
        Whether the polarity is that of the micrograph; else particles are bright.
    """

    scope: Literal["this", "all"] = "this"
    order: Order = "best"
    shown: Shown = "all"
    as_recorded: bool = False


@dataclass(frozen=True, eq=False)
class Tile:
    """What is drawn of one point.

    Parameters
    ----------
    greys : (side, side) uint8 array or None
        Thumbnail; None if there is none.
    state : State
        State of the point.
    is_added, is_on_dirt, is_selected : bool
        Whether the point was added by hand, is rejected since it is on dirt, and is selected.
    reason : str
        Why there is no thumbnail; empty if it is being made.
    """

    greys: NDArray[np.uint8] | None
    state: State
    is_added: bool
    is_on_dirt: bool
    is_selected: bool
    reason: str


class Gallery:
    """Points of the project as a list of thumbnails, and corrections of them.

    The list is made when `renew` is called, so that a window draws, and corrects, what it has
    listed, however often settings and labels change. A label changes neither the order nor the
    filter of what is listed already, so that nothing moves below the mouse; anything else makes a
    new list.

    Parameters
    ----------
    workspace : Workspace
        Workspace with the project.
    current : CurrentMicrograph
        Micrograph that is shown.
    selection : Selection
        Selected points on the canvas.
    picking : PickingJobs
        Picking jobs, which report micrographs that were picked.

    Attributes
    ----------
    choice : GalleryChoice
        What the gallery shows.
    members : dict of str to (k, 2) float array, or None
        Places ``(y, x)`` by id of the micrograph, as of a 2D class, whose points are shown instead
        of those of `GalleryChoice.scope`; None for no such limit.
    selected : (k,) int array
        Selected entries of the list.
    thumbnails : ThumbnailJobs
        Thumbnails of the points.
    changed : Signal
        Emitted when the list or the selection may have changed, as often as settings and labels do.
    """

    changed = Signal()

    def __init__(
        self,
        workspace: Workspace,
        current: CurrentMicrograph,
        selection: Selection,
        picking: PickingJobs,
    ) -> None:
        self._workspace, self._current, self._selection = workspace, current, selection
        self.choice = GalleryChoice()
        self.members: Mapping[str, NDArray[np.float64]] | None = None
        self.thumbnails = ThumbnailJobs(workspace)
        self._lists = ParticleLists(workspace, current, picking)
        self._listing, self._is_outdated = EMPTY, True
        self.selected: Rows = _NONE
        self._clicked: Edit | None = None
        self._awaited: tuple[str, tuple[float, float]] | None = None
        self._lists.changed.connect(self._outdate)
        self.thumbnails.outdated.connect(self._lists.drop_file)
        workspace.project_changed.connect(self.show_only)
        current.image_changed.connect(self._focus_awaited)

    # ---- the list

    def choose(self, **values: Any) -> None:
        """Change fields of `GalleryChoice` by name, and make a new list."""
        self.choice = replace(self.choice, **values)
        self._begin_anew()

    def show_only(self, members: Mapping[str, NDArray[np.float64]] | None = None) -> None:
        """Show only the points at some places, see `members`; by default all points again."""
        self.members = members
        self._begin_anew()

    @property
    def listing(self) -> Listing:
        """The points in their order, as `renew` has listed them; all entries are of this list."""
        return self._listing

    def renew(self) -> Listing:
        """List the points as they are now, and return the list; the same if nothing changed."""
        if self._is_outdated:
            self._is_outdated, before = False, self._listing
            choice, lists, members = self.choice, self._lists, self.members
            parts = lists.of_included(members) if self.is_of_many else lists.of_current()
            self._listing = arrange(parts, choice.order, choice.shown, before, members)
            self.selected = self._listing.find_again(before, self.selected)
        return self._listing

    @property
    def is_of_many(self) -> bool:
        """Whether points of micrographs that are not shown may be listed."""
        return self.choice.scope == "all" or self.members is not None

    @property
    def summary(self) -> str:
        """Text with the numbers of points: all, accepted, selected, and what is missing."""
        listing, chosen = self._listing, len(self.selected)
        accepted = int(is_accepted(listing.column("states")).sum())
        text = f"{counted(len(listing), 'pick')}, {accepted:,} accepted"
        missing = self._lists.missing if self.is_of_many else 0
        more = f"; {counted(missing, 'micrograph')} still to list" if missing else ""
        return f"{text}, {chosen:,} selected{more}" if chosen else text + more

    @property
    def has_points(self) -> bool:
        """Whether there are points, even if the filter shows none of them."""
        return any(len(part) for part in self._listing.parts)

    def complaint(self, entries: Iterable[int]) -> str:
        """Return why the first of some entries without a thumbnail has none; empty if all have."""
        for entry in entries:
            particles, _ = self._listing[entry]
            if reason := self.thumbnails.reason(particles):
                return f"{particles.record.path.name}: {reason}"
        return ""

    def tiles(self, entries: Iterable[int]) -> list[Tile]:
        """Return what is drawn of some entries of the list."""
        listing, selected, tiles = self._listing, set(self.selected.tolist()), []
        for entry in entries:
            particles, row = listing[entry]
            greys = self.thumbnails.find(particles, row)
            is_dark = particles.origin is not None and particles.origin.polarity == "dark"
            if greys is not None and self.choice.as_recorded and is_dark:
                greys = 255 - greys
            tiles.append(
                Tile(
                    greys,
                    State(particles.states[row]),
                    bool(particles.added[row]),
                    bool(particles.on_dirt[row]),
                    entry in selected,
                    "" if greys is not None else self.thumbnails.reason(particles),
                )
            )
        return tiles

    def describe(self, entry: int) -> str:
        """Return the micrograph and the score of an entry, and why it has no thumbnail."""
        particles, row = self._listing[entry]
        text = describe_point(
            float(particles.probability[row]),
            float(particles.score[row]),
            is_added=bool(particles.added[row]),
            is_on_dirt=bool(particles.on_dirt[row]),
        )
        reason = self.thumbnails.reason(particles)
        return "\n".join(filter(None, [particles.record.path.name, text, reason]))

    # ---- selection

    def select(self, entries: Iterable[int]) -> None:
        """Select entries of the list."""
        self.selected = np.unique(np.fromiter(entries, np.intp))
        self.changed.emit()

    def select_all(self) -> None:
        """Select the whole list."""
        self.select(range(len(self._listing)))

    # ---- corrections

    def flip(self, entry: int) -> None:
        """Accept or reject a point, as a click on the canvas does."""
        particles, row = self._listing[entry]
        self._clicked = None
        decision = self._lists.decision_of(particles.record.id)
        if decision is not None:
            for found in rows_at(decision.review, [particles.centers_yx[row]])[:1].tolist():
                edit = decision.corrector(self._workspace.project).flip(found)
                self._workspace.do(edit)
                self._clicked = edit
                self._lists.renew([particles.record.id])

    def label(self, accepted: bool) -> bool:
        """Accept or reject the selected points as one step; return whether any was selected."""
        listing, entries = self._listing, self.selected
        edits: list[LabelEdit] = []
        for number in np.unique(listing.part[entries]).tolist():
            particles = listing.parts[number]
            decision = self._lists.decision_of(particles.record.id)
            if decision is not None:
                places = particles.centers_yx[listing.rows_of(number, entries)]
                rows = rows_at(decision.review, places)
                corrector = decision.corrector(self._workspace.project)
                edit = corrector.set_label(rows.tolist(), accepted)
                edits += [edit] if edit is not None else []
        self._do_together(edits, accepted)
        return len(entries) > 0

    def go_to(self, entry: int) -> None:
        """Show the place of a point on the canvas, also in another micrograph.

        The flip by the first click of a double click is undone.
        """
        particles, row = self._listing[entry]
        y, x = particles.centers_yx[row].tolist()
        clicked, self._clicked = self._clicked, None
        if clicked is not None and self._workspace.history.undo_step is clicked:
            self._workspace.history.undo()
            self._lists.renew([particles.record.id])
        self._awaited = particles.record.id, (y, x)
        if self._current.id != particles.record.id:
            self._current.select(particles.record.id)
        elif self._current.image is not None:
            self._focus_awaited()

    def _do_together(self, edits: list[LabelEdit], accepted: bool) -> None:
        if len(edits) == 1:
            self._workspace.do(edits[0])
        elif edits:
            count = sum(max(len(edit.before), len(edit.after)) for edit in edits)
            verb = "Accept" if accepted else "Reject"
            with self._workspace.history.grouped(f"{verb} {count} points"):
                for edit in edits:
                    self._workspace.do(edit)
        if edits:
            self._lists.renew(edit.micrograph for edit in edits)

    def _focus_awaited(self) -> None:
        """Show the awaited place once the image of its micrograph is there."""
        if self._awaited is not None and self._awaited[0] == self._current.id:
            place, self._awaited = self._awaited[1], None
            self._selection.focus(place)

    # ---- changes

    def _outdate(self) -> None:
        self._is_outdated = True
        self.changed.emit()

    def _begin_anew(self) -> None:
        self._listing, self.selected = EMPTY, _NONE
        self._clicked = self._awaited = None
        self._outdate()
