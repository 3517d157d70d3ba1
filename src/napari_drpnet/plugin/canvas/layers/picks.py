"""The points of the micrograph as one layer: a view of the session, never the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from napari.components import ViewerModel
from napari.layers import Points

from napari_drpnet.plugin.canvas.layers.looks import GREEN, STATE_NAMES, Looks, napari_symbols
from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.project.points.review import Review
from napari_drpnet.project.session import Session

PICKS = "picks"
_UNKNOWN_DIAMETER_PX = 50.0
#: Points without a size are hidden: napari 0.9 draws all of 2D data, whatever `shown` says.
_CANVAS_SIZE_LIMITS = (0, 10000)


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

    Attributes
    ----------
    slot : LayerSlot
        The place of its layer.
    """

    def __init__(self, viewer: ViewerModel, session: Session, magnification: Magnification) -> None:
        self._viewer = viewer
        self._session = session
        self._magnification = magnification
        self.slot: LayerSlot[Points] = LayerSlot(viewer, session, order=3)
        self._drawing = self._is_in_hand = False
        self._review: Review | None = None
        self._drawn = np.empty(0, bool)
        self._looks = np.empty(0, np.int8)
        session.current.points_changed.connect(self.draw)
        session.current.states_changed.connect(self.draw_states)
        session.current.image_changed.connect(self.draw)
        session.selection.changed.connect(self.draw_selection)
        session.view.events.show_points.connect(self._show)
        magnification.changed.connect(self._draw_lines)

    def draw(self) -> None:
        """Draw all points anew."""
        current = self._session.current
        if current.image is None or self.slot.was_deleted:
            return
        self._review, self._is_in_hand = current.review, False
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
        """Take over what other tools have done to the layer, also where they did not say so.

        Not while a hand drags points: to draw them again would take them out of that hand.
        """
        layer, current = self.slot.layer, self._session.current
        if layer is None or self._drawing or self._is_in_hand or not self._is_up_to_date():
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
            size=_UNKNOWN_DIAMETER_PX,  # not a whole number, as all sizes would be then
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
        looks = Looks(self._magnification, diameter)
        layer.size[:] = np.where(self._drawn, looks.size[states], 0.0)
        layer.border_width[:] = looks.border_width[states]
        changed = np.flatnonzero(self._drawn & (self._looks != states))
        new = self._looks[changed] = states[changed]
        layer.symbol[changed] = napari_symbols()[new]
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
        self._is_in_hand = event.action in ("adding", "removing", "changing")
        if not self._is_in_hand:
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
