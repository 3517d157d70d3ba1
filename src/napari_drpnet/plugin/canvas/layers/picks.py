"""Points layer of the picks, drawn from the session."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from napari.components import ViewerModel
from napari.layers import Points
from numpy.typing import NDArray

from napari_drpnet.plugin.canvas.layers.looks import (
    GREEN,
    NEAR_DIRT_NAME,
    ON_DIRT,
    ON_DIRT_NAME,
    STATE_NAMES,
    YELLOW,
    Looks,
    napari_symbols,
)
from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.plugin.canvas.plane import shows_plane
from napari_drpnet.project.controllers.current import UNKNOWN_DIAMETER_PX
from napari_drpnet.project.points.review import Review
from napari_drpnet.project.session import Session

PICKS = "picks"
#: Hidden points have size 0: napari 0.9 draws all 2D points, whatever `shown` says.
_CANVAS_SIZE_LIMITS = (0, 10000)
#: Least opacity of the layer at which points can be seen.
_LEAST_OPACITY = 0.05
_HIDDEN = "The picks are hidden, so nothing was changed. Press H to show them."
_TRANSPARENT = "The picks are transparent, so nothing was changed. Raise their opacity."
_NOT_FLAT = "Picks are drawn only in 2D, seen along the last two axes, so nothing was changed."


class PicksView:
    """Draw all points of the current micrograph as one points layer.

    Changes that napari's own tools make to the layer (add, delete, drag) become edits of the
    project, and the layer is drawn from the project again.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose points are drawn.
    magnification : Magnification
        Magnification of the micrograph on the screen.

    Attributes
    ----------
    slot : LayerSlot
        Slot that holds the layer.
    """

    def __init__(self, viewer: ViewerModel, session: Session, magnification: Magnification) -> None:
        self._viewer = viewer
        self._session = session
        self._magnification = magnification
        self.slot: LayerSlot[Points] = LayerSlot(viewer, session, order=6)
        self.slot.present.connect(partial(setattr, session.view, "show_points"))
        self._drawing = self._is_in_hand = False
        self._review: Review | None = None
        self._drawn = np.empty(0, bool)
        self._looks = np.empty(0, np.int8)
        session.current.points_changed.connect(self.draw)
        session.current.states_changed.connect(self.draw_states)
        session.current.image_changed.connect(self.draw)
        session.selection.changed.connect(self.draw_selection)
        session.view.events.show_points.connect(self._show)
        session.current.diameter_changed.connect(self._resize)
        magnification.changed.connect(self._resize)

    def draw(self) -> None:
        """Draw all points again."""
        current = self._session.current
        if current.image is None or self.slot.was_deleted:
            return
        self._review, self._is_in_hand = current.review, False
        centers = np.empty((0, 2)) if current.review is None else current.review.centers_yx
        with self._only_drawing():
            layer = self.slot.layer or self._make()
            self.slot.place()
            layer.selected_data = set()
            with layer.events.blocker_all():  # or napari draws all points for each of the two
                if not np.array_equal(layer.data, centers):
                    layer.data = centers
                layer.features = self._features()
            self._looks = np.full(len(centers), -1, np.int8)
        self.draw_states()

    def draw_states(self) -> None:
        """Draw the states of the points, whose positions have not changed."""
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
        """Draw the chosen points as selected, also those that are hidden otherwise."""
        layer = self.slot.layer
        if layer is None:
            return
        if len(layer.size) == len(self._session.current.states):
            self.draw_states()
        else:  # napari is adding points, and tells so when it has finished
            self._select_drawn(layer)

    def reconcile(self) -> None:
        """Turn changes of the layer by other tools into edits, also where no event was emitted.

        Nothing is done while the user drags points, because a redraw would end the drag. Changes
        of points that cannot be seen are reverted.
        """
        layer, current = self.slot.layer, self._session.current
        if layer is None or self._drawing or self._is_in_hand or not self._is_up_to_date():
            return
        if current.review is None or np.array_equal(layer.data, current.review.centers_yx):
            return
        if not self._session.selection.refuse_hidden():
            current.take_over(self._drawn, layer.data)
        self.draw()

    def hidden_reason(self) -> str:
        """Return why the points cannot be seen, as a sentence; an empty text if they can."""
        layer = self.slot.layer
        if layer is None or not self._session.view.show_points:
            return _HIDDEN
        if layer.opacity < _LEAST_OPACITY:
            return _TRANSPARENT
        return "" if shows_plane(self._viewer) else _NOT_FLAT

    def _is_up_to_date(self) -> bool:
        """Return whether the layer shows the candidates that the session has now."""
        return self._review is not None and self._review is self._session.current.review

    def activate(self) -> None:
        """Make the layer the active one, for napari's tools and keys."""
        if self.slot.layer is not None:
            self._viewer.layers.selection.active = self.slot.layer

    def _make(self) -> Points:
        layer = Points(
            np.empty((0, 2)),
            name=PICKS,
            symbol="disc",
            size=UNKNOWN_DIAMETER_PX,  # a float: with an int all sizes would be integers
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
        """Set symbol, size and colours of each point for its state.

        The arrays are changed in place and drawn once, because each setter of napari checks,
        copies and draws all points.
        """
        numbers = self._look_numbers()
        diameter = self._session.current.drawn_diameter_px
        looks = Looks(self._magnification, diameter)
        layer.size[:] = np.where(self._drawn, looks.size[numbers], 0.0)
        layer.border_width[:] = looks.border_width[numbers]
        changed = np.flatnonzero(self._drawn & (self._looks != numbers))
        new = self._looks[changed] = numbers[changed]
        layer.symbol[changed] = napari_symbols()[new]
        layer.border_color[changed] = looks.border_color[new]
        layer.face_color[changed] = looks.face_color[new]
        self._dress_selected(layer)
        layer.refresh(thumbnail=False, highlight=False, extent=False)

    def _dress_selected(self, layer: Points) -> None:
        """Draw selected points in yellow with thick lines, until they are drawn by state again."""
        rows = self._session.selection.rows
        layer.border_width[rows] = np.minimum(2 * layer.border_width[rows], 0.5)
        layer.border_color[rows, :3] = layer.face_color[rows, :3] = YELLOW
        self._looks[rows] = -1

    def _resize(self) -> None:
        """Redraw rings in the size of the particle, lines and crosses in that of the screen.

        Not while the layer is made: napari moves the camera for the first layer of a viewer.
        """
        if self.slot.layer is not None and self._is_up_to_date() and not self._drawing:
            with self._only_drawing():
                self._dress(self.slot.layer)

    def _features(self) -> pd.DataFrame:
        """Return the features that napari shows for the point under the mouse, and saves."""
        current, plan = self._session.current, self._session.plan
        if current.review is None or plan is None:
            return pd.DataFrame()
        return pd.DataFrame(
            {
                "state": self._state_names(),
                "score": current.review.score(plan.parameters),
                "probability": current.review.probability,
                "diameters to dirt": current.review.clearance,
            }
        )

    def _look_numbers(self) -> NDArray[np.int8]:
        """Return the row of `Looks` of each point: its state, or `ON_DIRT`."""
        current = self._session.current
        numbers = current.states.copy()
        if current.decision is not None:
            numbers[current.decision.on_dirt] = ON_DIRT
        return numbers

    def _state_names(self) -> "pd.Categorical[str]":
        decision, codes = self._session.current.decision, self._look_numbers()
        names = [*STATE_NAMES.values(), ON_DIRT_NAME, NEAR_DIRT_NAME]
        if decision is not None:
            codes[decision.on_dirt & (decision.review.clearance > 0)] = ON_DIRT + 1
        return pd.Categorical.from_codes(codes, pd.Index(names))

    def _on_data(self, event: Any) -> None:
        self._is_in_hand = event.action in ("adding", "removing", "changing")
        if not self._is_in_hand:
            self.reconcile()

    def _on_selected(self) -> None:
        layer = self.slot.layer
        if layer is not None and not self._drawing:
            self._session.selection.choose(layer.selected_data)
            self._select_drawn(layer)

    def _select_drawn(self, layer: Points) -> None:
        """Select the points of the session's selection in the layer."""
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
