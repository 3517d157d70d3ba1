"""The points of the micrograph as one layer: a view of the session, never the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from napari.components import ViewerModel
from napari.layers import Points
from numpy.typing import NDArray

from napari_drpnet.plugin.layers.magnification import Magnification
from napari_drpnet.plugin.layers.slot import LayerSlot
from napari_drpnet.project.review import Review, State
from napari_drpnet.project.session import Session

PICKS = "picks"
#: As the writer knows them, too.
STATE_NAMES = {
    State.BELOW: "below",
    State.REJECTED: "rejected",
    State.ACCEPTED: "accepted",
    State.REJECTED_BY_HAND: "rejected by hand",
    State.ACCEPTED_BY_HAND: "accepted by hand",
}
GREEN, ORANGE = (0.27, 0.90, 0.47), (1.0, 0.47, 0.20)
_CLEAR, _TINT = 0.0, 0.25
#: Least diameter of a ring, in pixels of the screen.
_LEAST_RING = 5.0
#: Of a cross: share of the particle, and least and greatest size in pixels of the screen.
_CROSS, _CROSS_LIMITS, _LARGER = 0.45, (6.0, 18.0), 1.6
_UNKNOWN_DIAMETER_PX = 50.0
#: Points without a size are hidden: napari 0.9 draws all of 2D data, whatever `shown` says.
_CANVAS_SIZE_LIMITS = (0, 10000)


class _Looks:
    """How each state is drawn: accepted is a ring, rejected a cross, by hand is filled or larger.

    Rings have the size of the particle, their lines that of the screen. Crosses are small marks,
    which do not hide the particle however near it is. The arrays have a row for each `State`.
    """

    accepted = np.array([s in (State.ACCEPTED, State.ACCEPTED_BY_HAND) for s in State])
    by_hand = np.array([s in (State.ACCEPTED_BY_HAND, State.REJECTED_BY_HAND) for s in State])
    symbol = np.where(accepted, "disc", "x").astype(object)
    border_color = np.array([(*(GREEN if good else ORANGE), 1.0) for good in accepted])
    face_color = border_color * np.where(accepted, np.where(by_hand, _TINT, _CLEAR), 1.0)[
        :, None
    ] ** np.array([0, 0, 0, 1])

    def __init__(self, magnification: Magnification, diameter_px: float) -> None:
        rings = magnification.within(diameter_px, _LEAST_RING, np.inf)
        crosses = magnification.within(_CROSS * diameter_px, *_CROSS_LIMITS)
        crosses = crosses * np.where(self.by_hand, _LARGER, 1.0)
        self.size = np.where(self.accepted, rings, crosses)
        self.border_width = np.where(self.accepted, magnification.line(rings), 0.0)


class PicksView:
    """All points of the micrograph that is shown.

    What other tools do to the layer (add, delete, drag) becomes edits of the project; the layer
    is then drawn from the project again.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where they are drawn.
    session : Session
        Whose points they are.
    magnification : Magnification
        How large they are on the screen.
    """

    def __init__(self, viewer: ViewerModel, session: Session, magnification: Magnification) -> None:
        self._viewer = viewer
        self._session = session
        self._magnification = magnification
        self.slot: LayerSlot[Points] = LayerSlot(viewer, session, order=3)
        self._drawing = False
        self._review: Review | None = None
        self._drawn = np.empty(0, bool)
        self._looks = np.empty(0, np.int8)
        session.current.changed.connect(self.slot.revive)
        session.current.points_changed.connect(self.draw)
        session.current.states_changed.connect(self.draw_states)
        session.current.image_changed.connect(self.draw)
        session.selection.changed.connect(self.draw_selection)
        session.view.events.show_points.connect(self._show)
        magnification.changed.connect(self._draw_lines)

    def draw(self) -> None:
        """Draw all points anew."""
        current = self._session.current
        if current.record is None and self.slot.layer is not None:
            self.slot.layer.visible = False
        if current.image is None or self.slot.was_deleted:
            return
        self._review = current.review
        centers = np.empty((0, 2)) if current.review is None else current.review.centers_yx
        with self._only_drawing():
            layer = self.slot.layer or self._make()
            self.slot.place()
            layer.selected_data = set()
            if not np.array_equal(layer.data, centers):
                layer.data = centers
            self._looks = np.full(len(centers), -1, np.int8)
            layer.features = self._features()
        self.draw_states()

    def draw_states(self) -> None:
        """Draw what became of the points; where they are has not changed."""
        layer, current = self.slot.layer, self._session.current
        if layer is None or not self._is_up_to_date():
            return
        self._drawn = current.visible
        with self._only_drawing():
            self._dress(layer)
            if "state" in layer.features:  # in place: nothing else in napari depends on it
                layer.features["state"] = self._state_names()
        self._select_drawn(layer)

    def draw_selection(self) -> None:
        """Mark the selected points; one of them may not be drawn otherwise."""
        if not np.array_equal(self._drawn, self._session.current.visible):
            self.draw_states()
        elif self.slot.layer is not None:
            self._select_drawn(self.slot.layer)

    def reconcile(self) -> None:
        """Take over what other tools have done to the layer, also where they did not say so."""
        layer, current = self.slot.layer, self._session.current
        if layer is None or self._drawing or not self._is_up_to_date():
            return
        if current.take_over(self._drawn, layer.data):
            self.draw()

    def _is_up_to_date(self) -> bool:
        """Tell whether the layer has the points of the session, and not yet those of another."""
        return self._review is not None and self._review is self._session.current.review

    def activate(self) -> None:
        """Make the layer the one that napari's tools and keys work on."""
        if self.slot.layer is not None:
            self._viewer.layers.selection.active = self.slot.layer

    def _make(self) -> Points:
        layer = Points(
            np.empty((0, 2)),
            name=PICKS,
            symbol="disc",
            face_color="transparent",
            border_color=np.array([*GREEN, 1.0]),
            canvas_size_limits=_CANVAS_SIZE_LIMITS,
            visible=self._session.view.show_points,
            **self.slot.space,
        )
        self.slot.put(layer)
        layer.events.data.connect(self._on_data)
        layer.selected_data.events.items_changed.connect(self._on_selected)
        layer.events.visible.connect(self._on_eye)
        self.activate()
        return layer

    def _dress(self, layer: Points) -> None:
        """Give each point the look of its state.

        In place and drawn once: each setter of napari would check, copy and draw all points.
        """
        states = self._session.current.states
        diameter = self._session.current.diameter_px or _UNKNOWN_DIAMETER_PX
        looks = _Looks(self._magnification, diameter)
        layer.size[:] = np.where(self._drawn, looks.size[states], 0.0)
        layer.border_width[:] = looks.border_width[states]
        changed = np.flatnonzero(self._drawn & (self._looks != states))
        new = self._looks[changed] = states[changed]
        layer.symbol[changed] = _symbols()[new]
        layer.border_color[changed] = looks.border_color[new]
        layer.face_color[changed] = looks.face_color[new]
        layer.refresh(thumbnail=False, highlight=False, extent=False)

    def _draw_lines(self) -> None:
        """Draw lines and crosses as wide as before on the screen."""
        if self.slot.layer is not None and self._is_up_to_date():
            with self._only_drawing():
                self._dress(self.slot.layer)

    def _features(self) -> pd.DataFrame:
        """Return what napari shows of the point under the mouse, and writes when it saves."""
        current, plan = self._session.current, self._session.plan
        if current.review is None or plan is None:
            return pd.DataFrame()
        return pd.DataFrame(
            {
                "state": self._state_names(),
                "score": current.review.score(plan.parameters),
                "probability": current.review.probability,
            }
        )

    def _state_names(self) -> "pd.Categorical[str]":
        return pd.Categorical.from_codes(
            self._session.current.states.astype(int), pd.Index(list(STATE_NAMES.values()))
        )

    def _on_data(self, event: Any) -> None:
        if event.action in ("added", "removed", "changed"):
            self.reconcile()

    def _on_selected(self) -> None:
        layer = self.slot.layer
        if layer is not None and not self._drawing:
            self._session.selection.choose(layer.selected_data)
            self._select_drawn(layer)

    def _select_drawn(self, layer: Points) -> None:
        """Select in the layer what the session has selected, and no point that is not drawn."""
        rows = set(self._session.selection.rows.tolist())
        if layer.selected_data != rows:
            with self._only_drawing():
                layer.selected_data = rows

    def _show(self, show: bool) -> None:
        if show:
            self.slot.revive()
            self.draw()
        if self.slot.layer is not None:
            self.slot.layer.visible = show

    def _on_eye(self) -> None:
        if self.slot.layer is not None:
            self._session.view.show_points = self.slot.layer.visible

    @contextmanager
    def _only_drawing(self) -> Iterator[None]:
        before, self._drawing = self._drawing, True
        try:
            yield
        finally:
            self._drawing = before


@cache
def _symbols() -> NDArray[np.object_]:
    """Return napari's own names of the symbols, by state."""
    return Points(np.zeros((len(State), 2)), symbol=_Looks.symbol).symbol
