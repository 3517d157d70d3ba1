"""The micrograph that is shown: its image, distance map, points and corrections."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from psygnal import Signal

from napari_drpnet.base.geometry import inside
from napari_drpnet.project.controllers.display import MicrographDisplay
from napari_drpnet.project.controllers.shown import ShownImage, ShownMap
from napari_drpnet.project.points.corrections import Corrector, find_changes
from napari_drpnet.project.points.review import (
    LABEL_REACH,
    Review,
    Rows,
    State,
    States,
    is_accepted,
    nearest_row,
    review_added,
    rows_within,
)
from napari_drpnet.project.stages.decision import Decision, decide, make_corrector
from napari_drpnet.project.state.edits import LabelEdit, MicrographRecord, Settings
from napari_drpnet.project.state.particle_draft import diameter_from_pixels
from napari_drpnet.project.storage.store import StoredCandidates
from napari_drpnet.project.workspace import Workspace

Mask = NDArray[np.bool_]
Position = tuple[float, float]
#: Diameter at which points are drawn while the size of the particle is unknown, unbinned pixels.
UNKNOWN_DIAMETER_PX = 50.0


class CurrentMicrograph:
    """The micrograph that is shown.

    A micrograph that is not picked has points too: those that the user has added.

    Parameters
    ----------
    workspace : Workspace
        Workspace with the project of the micrograph.

    Attributes
    ----------
    selected_rows : (k,) int array
        Selected rows of the review, which are always drawn; `Selection` sets them.
    display : MicrographDisplay
        Image of the micrograph.
    image_changed, unreadable : Signal
        Signals of the display.
    decided : Signal
        Emitted when the accepted points have been determined again.
    diameter_changed : Signal
        Emitted when the user has changed the particle diameter or the pixel size.
    opened : Signal
        Emitted when another micrograph is shown, after all other signals about that.
    """

    changed = Signal()
    opened = Signal()
    decided = Signal(Decision)
    map_changed = Signal()
    points_changed = Signal()
    states_changed = Signal()
    diameter_changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.record: MicrographRecord | None = None
        self.display = MicrographDisplay(workspace)
        self.image_changed = self.display.changed
        self.unreadable = self.display.unreadable
        self.map: ShownMap | None = None
        self.stored: StoredCandidates | None = None
        self.review: Review | None = None
        self.decision: Decision | None = None
        self.states: States = np.empty(0, np.int8)
        self.selected_rows: Rows = np.empty(0, np.intp)
        workspace.micrographs_changed.connect(self._on_micrographs)
        workspace.labels_changed.connect(self._on_labels)
        workspace.settings_changed.connect(self._on_settings)
        workspace.settings_replaced.connect(self._on_replaced)
        workspace.view.events.show_rejected.connect(self._redraw)

    # ---- choice of the micrograph

    @property
    def image(self) -> ShownImage | None:
        """Image of the micrograph; None until it is rendered."""
        return self.display.image

    @property
    def id(self) -> str | None:
        """Id of the micrograph; None if none is shown."""
        return self.record.id if self.record else None

    def select(self, micrograph: str | None) -> None:
        """Show a micrograph of the project, or none."""
        workspace = self._workspace
        self.record = None if micrograph is None else workspace.project.micrographs[micrograph]
        self.map = self.stored = self.review = self.decision = None
        self.states = np.empty(0, np.int8)
        self.display.clear()
        workspace.runner.invalidate("candidates")
        if self.record is not None and workspace.store is not None:
            workspace.store.last_shown = self.record.id
            self.stored = workspace.store.load_candidates(self.record.id)
        self.changed.emit()
        self.map_changed.emit()
        self._review()
        self.display.show(self.record)
        self.opened.emit()

    def _on_micrographs(self) -> None:
        """Update the record of the micrograph; if it was removed, show another one."""
        micrographs, shown = self._workspace.project.micrographs, self.record
        if shown is None:
            return
        record = micrographs.get(shown.id)
        if record is shown:  # the signal is also emitted for new counts
            return
        if record is None:
            self.select(next(iter(micrographs), None))
        elif record.model_copy(update={"included": shown.included}) != shown:
            self.select(record.id)
        else:
            self.record = record

    # ---- points

    def _redraw(self) -> None:
        self.states_changed.emit()

    @property
    def visible(self) -> Mask:
        """Whether each row is drawn, ``(n + m,)``; selected rows always are."""
        shows_all = self._workspace.view.show_rejected
        shown = self.states != State.BELOW if shows_all else is_accepted(self.states)
        shown[self.selected_rows] = True
        return shown

    @property
    def accepted_count(self) -> int:
        """Number of accepted points."""
        if self.decision is not None:
            return self.decision.accepted_count
        return int(is_accepted(self.states).sum())

    @property
    def has_points(self) -> bool:
        """Whether the micrograph is picked, or the user has added particles to it."""
        return self.decision is not None or self.accepted_count > 0

    @property
    def shape(self) -> tuple[int, int] | None:
        """Shape of the micrograph, ``(ny, nx)`` unbinned pixels; None if unknown."""
        if self.stored is not None:
            return self.stored.shape
        return self.image.display.frame.full_shape if self.image is not None else None

    @property
    def above_count(self) -> int:
        """Number of points that are accepted or rejected."""
        return self.decision.above_count if self.decision else 0

    @property
    def accept(self) -> float | None:
        """Lowest P(particle) of an accepted point; None if not given and not yet determined."""
        plan, decision = self._workspace.plan, self.decision
        given = plan.parameters.classifier.accept if plan else None
        if given is not None or plan is None or decision is None:
            return given
        return decision.accept if decision.is_automatic else None

    @property
    def diameter_px(self) -> float | None:
        """Particle diameter in unbinned pixels, as it is set now; None if unknown.

        The picks may have been found with another one, ``stored.diameter_px``.
        """
        particle = self._workspace.project.settings.particle
        size = self.pixel_size_angstrom
        if particle and size:
            return particle.diameter_angstrom / size
        return self.stored.diameter_px if self.stored else None

    @property
    def drawn_diameter_px(self) -> float:
        """Diameter at which points are drawn and found, unbinned pixels.

        It is that of the particle, the one that the user has measured, or `UNKNOWN_DIAMETER_PX`.
        """
        return self.diameter_px or self._workspace.draft.diameter_px or UNKNOWN_DIAMETER_PX

    @property
    def diameter_angstrom(self) -> float | None:
        """Particle diameter in Å; None if it or the pixel size is unknown."""
        diameter, size = self.diameter_px, self.pixel_size_angstrom
        return diameter * size if diameter and size else None

    @property
    def pixel_size_angstrom(self) -> float | None:
        """Pixel size in Å from the settings, RELION's list or the header; None if unknown."""
        given = self._workspace.given_pixel_size_angstrom
        listed = self.record.pixel_size_angstrom if self.record else None
        return given or listed or (self.image.pixel_size_angstrom if self.image else None)

    def show_candidates(self, stored: StoredCandidates, shown_map: ShownMap) -> None:
        """Show candidates and their distance map."""
        self.stored, self.map = stored, shown_map
        self.display.retry()  # its file can be read by now
        self.map_changed.emit()
        self._review()

    def forget_candidates(self) -> None:
        """Show the micrograph without candidates, as one that is not picked."""
        self._workspace.runner.invalidate("candidates")
        self.stored = self.map = None
        self.map_changed.emit()
        self._review()

    def measure(self, diameter_px: float) -> None:
        """Take the particle diameter in unbinned pixels; it waits until the pixel size is known."""
        size = self.pixel_size_angstrom
        if size is None:
            self._workspace.keep_measured(diameter_px)
        else:
            diameter = diameter_from_pixels(diameter_px, size)
            self._workspace.change("particle", diameter_angstrom=diameter)

    def _on_settings(self) -> None:
        """Draw the points again, whose diameter may have changed, if nothing is picked."""
        if self.stored is None and self.review is not None:
            self.states_changed.emit()

    def _on_replaced(self, before: Settings, after: Settings) -> None:
        """Tell that the particle has another size."""
        if before.particle != after.particle:
            self.diameter_changed.emit()

    def _on_labels(self, micrograph: str) -> None:
        """Update the points when their labels have changed."""
        if micrograph == self.id:
            self._review()

    def decide(self) -> None:
        """Determine again which points are accepted with the current settings."""
        plan = self._workspace.plan
        if self.decision is None:
            self._review()
        elif plan is not None:
            self._take(replace(self.decision, plan=plan))
            self.states_changed.emit()

    def _review(self) -> None:
        """Combine candidates and labels."""
        plan, stored, record = self._workspace.plan, self.stored, self.record
        labels = self._workspace.project.labels(record.id) if record else ()
        self.review, self.decision, self.states = None, None, np.empty(0, np.int8)
        if record is not None and stored is None:
            self.review = review_added(labels)
            self.states = self.review.decide(None)
        elif record is not None and stored is not None and plan is not None:
            self._take(decide(record, stored, labels, plan))
        self.points_changed.emit()

    def _take(self, decision: Decision) -> None:
        self.decision, self.review, self.states = decision, decision.review, decision.states
        self.decided.emit(decision)

    # ---- corrections

    def click(self, position_yx: Position) -> None:
        """Flip the point at a position, or add one if there is none.

        A flipped point that the user has added is removed.
        A rejected point that is not drawn is flipped as well if it is within `LABEL_REACH`, since
        a new point would replace it.
        """
        row = self.row_at(position_yx)
        if row is None:
            reach = LABEL_REACH * self._picked_diameter_px
            row = self._row_within(position_yx, self.states != State.BELOW, reach)
        if self.review is None:
            self._workspace.notify("info", "Press Pick first, then correct the picks.")
        elif row is None:
            self.add([position_yx])
        else:
            self._correct(lambda corrector: corrector.flip(row))

    def row_at(self, position_yx: Position) -> int | None:
        """Return the visible row within half a diameter of a position."""
        return self._row_within(position_yx, self.visible, 0.5 * self.drawn_diameter_px)

    def add(self, centers_yx: ArrayLike) -> None:
        """Add particles at ``(k, 2)`` positions ``(y, x)``; those outside are ignored."""
        if self.shape is not None:
            centers = np.asarray(centers_yx, float).reshape(-1, 2)
            centers = centers[inside(centers, self.shape)]
            self._correct(lambda corrector: corrector.add(centers))

    def move(self, row: int, position_yx: Position) -> None:
        """Move a point to another position, and accept it."""
        self._correct(lambda corrector: corrector.move([row], [position_yx]))

    def set_label(self, rows: Iterable[int], accepted: bool) -> None:
        """Accept points by hand, or reject them; rejected points that the user added go."""
        self._correct(lambda corrector: corrector.set_label(rows, accepted))

    def forget(self, rows: Iterable[int]) -> None:
        """Remove labels, so that the model decides again; added points are removed."""
        self._correct(lambda corrector: corrector.forget(rows))

    def delete(self, rows: Sequence[int]) -> None:
        """Remove added points, and reject the others."""
        self._correct(lambda corrector: corrector.delete(rows))

    @contextmanager
    def stroke(self, accepted: bool) -> Iterator[None]:
        """Combine everything painted in this context into one undo step."""
        with self._workspace.history.grouped("Paint accept" if accepted else "Paint reject"):
            yield

    def paint(self, path_yx: ArrayLike, radius_px: float, accepted: bool) -> None:
        """Accept or reject the points that a brush touches.

        Parameters
        ----------
        path_yx : (k, 2) array_like
            Path of the brush, ``(y, x)`` in unbinned pixels; the first and last position count.
        radius_px : float
            Radius of the brush in unbinned pixels.
        accepted : bool
            Whether to accept or to reject.
        """
        if self.review is not None:
            drawn = self.states != State.BELOW if accepted else self.visible
            rows = rows_within(self.review, drawn, path_yx, radius_px)
            rows = rows[is_accepted(self.states[rows]) != accepted]
            self.set_label(rows.tolist(), accepted)

    def take_over(self, drawn: Mask, centers_yx: ArrayLike) -> bool:
        """Apply the changes that another tool has made to the table of points.

        Parameters
        ----------
        drawn : (n,) bool array
            Whether each row was visible to the tool; changes of invisible rows are ignored.
        centers_yx : (k, 2) array
            Positions ``(y, x)`` of all rows after the changes, in unbinned pixels.

        Returns
        -------
        bool
            Whether the positions differ from those before.
        """
        if self.review is None:
            return False
        before = self.review.centers_yx
        changes = find_changes(before, centers_yx).among(drawn).without_copies(before)
        with self._workspace.history.grouped("Edit points"):
            rows, places = changes.moved.tolist(), changes.moved_to
            self._correct(lambda corrector: corrector.move(rows, places))
            self.delete(changes.removed.tolist())
            self.add(changes.added)
        return not np.array_equal(before, centers_yx)

    def _row_within(self, position_yx: Position, rows: Mask, reach_px: float) -> int | None:
        """Return the given row nearest to a position; None if it is farther than `reach_px`."""
        if self.review is None:
            return None
        return nearest_row(self.review, rows, position_yx, reach_px)

    def _correct(self, make: Callable[[Corrector], LabelEdit | None]) -> None:
        """Apply the edit that a corrector makes; do nothing if there are no points."""
        record, review, project = self.record, self.review, self._workspace.project
        if record is not None and review is not None:
            parameters = self.decision.plan.parameters if self.decision else None
            corrector = make_corrector(
                project, record.id, review, self.states, parameters, self._picked_diameter_px
            )
            self._workspace.do(make(corrector))

    @property
    def _picked_diameter_px(self) -> float:
        """Particle diameter with which the points were found, or are drawn, unbinned pixels."""
        return self.stored.diameter_px if self.stored else self.drawn_diameter_px
