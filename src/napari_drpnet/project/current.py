"""The micrograph that is shown: its image, its distance map, its points, and corrections."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from psygnal import Signal

from napari_drpnet.display import DisplayImage, DisplayParameters, render
from napari_drpnet.geometry import Frame, inside
from napari_drpnet.jobs import Job
from napari_drpnet.parameters import PickParameters
from napari_drpnet.project.corrections import Corrector, find_changes
from napari_drpnet.project.edits import MicrographRecord, Settings
from napari_drpnet.project.picker import read_record
from napari_drpnet.project.review import (
    Review,
    State,
    States,
    is_accepted,
    nearest_row,
    review_picks,
    rows_within,
)
from napari_drpnet.project.store import StoredCandidates

if TYPE_CHECKING:
    from napari_drpnet.project.session import Session

Mask = NDArray[np.bool_]
Position = tuple[float, float]


@dataclass(frozen=True, eq=False)
class ShownImage:
    """What a person sees of a micrograph.

    Parameters
    ----------
    display : DisplayImage
        Its pixels for the eye.
    pixel_size_angstrom : float or None
        Of the micrograph, as its list or its header say; None where neither does.
    """

    display: DisplayImage
    pixel_size_angstrom: float | None


@dataclass(frozen=True, eq=False)
class ShownMap:
    """The distance map that the threshold cuts.

    Parameters
    ----------
    smoothed : (h, w) float32 array
        In the units of the detector.
    frame : Frame
        How its pixels lie on the micrograph.
    limit : float
        The value drawn brightest; always the same for the same detector.
    """

    smoothed: NDArray[np.float32]
    frame: Frame
    limit: float


class CurrentMicrograph:
    """The micrograph that is shown.

    Parameters
    ----------
    session : Session
        Whose it is.
    """

    changed = Signal()
    image_changed = Signal()
    map_changed = Signal()
    points_changed = Signal()
    states_changed = Signal()

    def __init__(self, session: "Session") -> None:
        self._session = session
        self.record: MicrographRecord | None = None
        self.image: ShownImage | None = None
        self.map: ShownMap | None = None
        self.stored: StoredCandidates | None = None
        self.review: Review | None = None
        self.states: States = np.empty(0, np.int8)
        session.view.events.display.connect(self._render)
        session.view.events.show_rejected.connect(self._redraw)

    # ---- which one

    @property
    def id(self) -> str | None:
        """Of the micrograph; None when none is shown."""
        return self.record.id if self.record else None

    def select(self, micrograph: str | None) -> None:
        """Show a micrograph of the project, or none."""
        session = self._session
        self.record = None if micrograph is None else session.project.micrographs[micrograph]
        self.image = self.map = self.stored = None
        for kind in ("image", "candidates"):
            session.runner.invalidate(kind)
        if self.record is not None and session.store is not None:
            self.stored = session.store.load_candidates(self.record.id)
        self.changed.emit()
        self.map_changed.emit()
        self._review()
        self._render()
        session.picking.refresh()

    # ---- what the eye sees

    def _redraw(self) -> None:
        self.states_changed.emit()

    def _render(self) -> None:
        if self.record is not None:
            session, display = self._session, self._session.view.display
            work = partial(_render, self.record, session.project.settings.parameters, display)
            fail = partial(self._fail_to_render, display)
            session.runner.submit("image", work, self._show_image, fail, live=True)

    def _show_image(self, image: ShownImage) -> None:
        self.image = image
        self.image_changed.emit()

    def _fail_to_render(self, display: DisplayParameters, error: Exception) -> None:
        """Tell why; a low-pass filter that this micrograph cannot have is switched off."""
        self._session.runner.errored.emit("image", error)
        if isinstance(error, ValueError):
            view = self._session.view
            view.display = display.model_copy(update={"lowpass_angstrom": None})

    # ---- points

    @property
    def visible(self) -> Mask:
        """Rows that are drawn; selected ones in any case."""
        shows_all = self._session.view.show_rejected
        shown = self.states != State.BELOW if shows_all else is_accepted(self.states)
        shown[self._session.selection.rows] = True
        return shown

    @property
    def accepted_count(self) -> int:
        """Number of accepted points."""
        return int(is_accepted(self.states).sum())

    @property
    def above_count(self) -> int:
        """Number of points that are accepted or rejected."""
        return int((self.states != State.BELOW).sum())

    @property
    def diameter_px(self) -> float | None:
        """Particle diameter in unbinned pixels; None while it is not known."""
        if self.stored is not None:
            return self.stored.diameter_px
        particle = self._session.project.settings.particle
        size = self.pixel_size_angstrom
        return particle.diameter_angstrom / size if particle and size else None

    @property
    def pixel_size_angstrom(self) -> float | None:
        """Of the micrograph, as the settings, its list or its header say; None where none does."""
        particle = self._session.project.settings.particle
        given = particle.pixel_size_angstrom if particle else None
        return given or (self.image.pixel_size_angstrom if self.image else None)

    def show_candidates(self, stored: StoredCandidates, shown_map: ShownMap | None) -> None:
        """Show what was found."""
        self.stored = stored
        if shown_map is not None:
            self.map = shown_map
            self.map_changed.emit()
        self._review()

    def on_settings(self, before: Settings, after: Settings) -> None:
        """Draw in the scale that counts now, when the pixel size has changed."""
        sizes = [s.particle and s.particle.pixel_size_angstrom for s in (before, after)]
        if sizes[0] != sizes[1]:
            self._render()

    def on_labels(self, micrograph: str) -> None:
        """Redraw when labels have changed."""
        if micrograph == self.id:
            self._review()

    def decide(self) -> None:
        """Apply threshold and accept anew."""
        plan = self._session.plan
        if self.review is not None and plan is not None:
            self.states = self.review.decide(plan.parameters)
            self._session.summaries.note_current(self.accepted_count, self.above_count)
            self.states_changed.emit()

    def _review(self) -> None:
        """Bring candidates and labels together."""
        plan, stored, record = self._session.plan, self.stored, self.record
        self.review, self.states = None, np.empty(0, np.int8)
        if record is not None and stored is not None and plan is not None:
            labels = self._session.project.labels(record.id)
            self.review = review_picks(stored.picks, labels, stored.diameter_px)
            self.states = self.review.decide(plan.parameters)
            self._session.summaries.note_current(self.accepted_count, self.above_count)
        self.points_changed.emit()

    # ---- corrections

    def click(self, position_yx: Position) -> None:
        """Flip the point at a position, or add one where there is none."""
        row = self.row_at(position_yx)
        if self.review is None:
            self._session.notify("info", "Press Pick first; then correct what it found.")
        elif row is None:
            self.add([position_yx])
        else:
            self._session.do(self._corrector().flip(row))

    def row_at(self, position_yx: Position) -> int | None:
        """Return the visible row within half a diameter of a position."""
        if self.review is None or self.stored is None:
            return None
        return nearest_row(self.review, self.visible, position_yx, self.stored.diameter_px / 2)

    def add(self, centers_yx: ArrayLike) -> None:
        """Add particles at ``(k, 2)`` positions inside the micrograph."""
        if self.review is not None and self.stored is not None:
            centers = np.asarray(centers_yx, float).reshape(-1, 2)
            self._session.do(self._corrector().add(centers[inside(centers, self.stored.shape)]))

    def move(self, row: int, position_yx: Position) -> None:
        """Put a point elsewhere."""
        self._session.do(self._corrector().move([row], [position_yx]))

    def set_verdict(self, rows: Iterable[int], accepted: bool) -> None:
        """Accept or reject points by hand."""
        self._session.do(self._corrector().set_verdict(rows, accepted))

    def forget(self, rows: Iterable[int]) -> None:
        """Take labels back, so that the model decides again; added points go away."""
        self._session.do(self._corrector().forget(rows))

    def delete(self, rows: Sequence[int]) -> None:
        """Take added points away and reject others."""
        self._session.do(self._corrector().delete(rows))

    @contextmanager
    def stroke(self, accepted: bool) -> Iterator[None]:
        """Make all that is painted inside one step of undo."""
        with self._session.history.grouped("Paint accept" if accepted else "Paint reject"):
            yield

    def paint(self, path_yx: ArrayLike, radius_px: float, accepted: bool) -> None:
        """Accept or reject what a brush touches between two positions."""
        if self.review is not None:
            drawn = self.states != State.BELOW if accepted else self.visible
            rows = rows_within(self.review, drawn, path_yx, radius_px)
            rows = rows[is_accepted(self.states[rows]) != accepted]
            self._session.do(self._corrector().set_verdict(rows.tolist(), accepted))

    def take_over(self, drawn: Mask, centers_yx: ArrayLike) -> bool:
        """Take over what other tools have done to the drawn points; tell whether that was anything.

        Parameters
        ----------
        drawn : (n,) bool array
            Rows that were visible to the tool; others cannot have been meant.
        centers_yx : (k, 2) array
            All rows as the tool has left them.
        """
        if self.review is None:
            return False
        changes = find_changes(self.review.centers_yx, centers_yx)
        removed = changes.removed[drawn[changes.removed]]
        with self._session.history.grouped("Edit points"):
            corrector = self._corrector()
            self._session.do(corrector.move(changes.moved.tolist(), changes.moved_to))
            self._session.do(self._corrector().delete(removed.tolist()))
            if len(changes.added):
                self.add(changes.added)
        return bool(changes)

    def _corrector(self) -> Corrector:
        assert self.record is not None
        assert self.review is not None
        next_id = self._session.project.next_label_id(self.record.id)
        return Corrector(self.record.id, self.review, self.states, next_id)


def _render(
    record: MicrographRecord,
    parameters: PickParameters | None,
    display: DisplayParameters,
    job: Job,
) -> ShownImage:
    micrograph = read_record(record, None)
    given = parameters.particle.pixel_size_angstrom if parameters else None
    image = render(micrograph.with_pixel_size(given), display)
    return ShownImage(image, micrograph.pixel_size_angstrom)
