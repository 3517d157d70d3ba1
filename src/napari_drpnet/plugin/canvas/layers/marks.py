"""Layers of marks: the comparison with truth, and the picks of another program."""

from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Points
from numpy.typing import NDArray

from napari_drpnet.plugin.canvas.layers.looks import MARK_LOOKS, mark_symbols
from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.plugin.fields.controls import Soon
from napari_drpnet.project.controllers.compared_positions import ComparedPositions
from napari_drpnet.project.points.marks import Marks
from napari_drpnet.project.session import Session

#: Marks that are not drawn have size 0, as hidden picks do.
_CANVAS_SIZE_LIMITS = (0, 10000)
_NOT_DRAWN = -1
#: Least time between two drawings while a slider is dragged: each costs a frame of the canvas.
_EVERY_MS = 60


class MarksView:
    """Mark what a comparison says about places of the micrograph that is shown.

    The layer is a picture of the comparison: nothing that is done to it changes a pick or a label.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose comparison is drawn.
    magnification : Magnification
        Magnification of the micrograph on the screen.
    compared : ComparedPositions
        Comparison that is drawn.
    field : str
        Field of the view state that shows or hides the marks.
    name : str
        Name of the layer.
    order : int
        Position among the plugin's layers, see `LayerSlot`.

    Attributes
    ----------
    slot : LayerSlot
        Slot that holds the layer.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        session: Session,
        magnification: Magnification,
        compared: ComparedPositions[Any],
        *,
        field: str,
        name: str,
        order: int,
    ) -> None:
        self._session, self._compared = session, compared
        self._field, self._name = field, name
        self._magnification = magnification
        self._kinds = np.empty(0, np.int8)
        self.slot: LayerSlot[Points] = LayerSlot(viewer, session, order=order)
        self.slot.present.connect(partial(setattr, session.view, field))
        self._soon = Soon(None, self.draw, _EVERY_MS)
        compared.changed.connect(self._on_comparison)
        session.current.image_changed.connect(self._on_image)
        getattr(session.view.events, field).connect(self._show)
        session.current.diameter_changed.connect(self._resize)
        magnification.changed.connect(self._resize)

    def draw(self) -> None:
        """Draw the marks; remove the layer if nothing is compared, and empty it if none is here.

        Nothing is drawn while the marks are switched off.
        """
        session, marks = self._session, self._compared.marks
        if self._compared.source is None:
            self.slot.remove()
        elif marks is None:
            self._hide_all()
        elif self._is_shown and session.current.image and not self.slot.was_deleted:
            self._dress(self.slot.layer or self._make(), marks)

    @property
    def _is_shown(self) -> bool:
        return bool(getattr(self._session.view, self._field))

    @property
    def is_due(self) -> bool:
        """Whether new marks are still to be drawn."""
        return self._soon.isActive()

    def disconnect(self) -> None:
        """Draw no more."""
        with suppress(RuntimeError):  # at exit Qt may have deleted the timer already
            self._soon.stop()

    def _on_comparison(self) -> None:
        """Draw the first marks and remove the last ones at once, and others soon."""
        is_drawn = (self._kinds != _NOT_DRAWN).any()
        if self.slot.layer and is_drawn and self._compared.marks is not None:
            self._soon.ask()
        else:
            self._soon.stop()
            self.draw()

    def _on_image(self) -> None:
        self.slot.place()
        self.draw()

    def _make(self) -> Points:
        layer = Points(
            np.empty((0, 2)),
            name=self._name,
            size=1.0,  # a float: with an int all sizes would be integers
            face_color="transparent",
            border_color=np.array([1.0, 1.0, 1.0, 1.0]),
            canvas_size_limits=_CANVAS_SIZE_LIMITS,
            **self.slot.space,
        )
        self._kinds = np.empty(0, np.int8)
        self.slot.put(layer)
        layer.editable = False
        layer.events.visible.connect(self._on_eye)
        return layer

    def _dress(self, layer: Points, marks: Marks) -> None:
        """Change the marks that differ, in place; see `PicksView`."""
        if not np.array_equal(layer.data, marks.centers_yx):
            layer.data = marks.centers_yx
            layer.editable = False  # napari resets it when the data change
            self._kinds = np.full(len(marks.kinds), _NOT_DRAWN, np.int8)
        changed = np.flatnonzero(self._kinds != marks.kinds)
        self._kinds = marks.kinds.copy()
        for mark, look in MARK_LOOKS.items():
            rows = changed[self._kinds[changed] == mark]
            layer.symbol[rows] = mark_symbols()[mark]
            layer.border_color[rows] = look.rgba
        self._scale(layer, changed)

    def _scale(self, layer: Points, rows: NDArray[np.intp]) -> None:
        """Set the sizes of marks, and draw the layer once."""
        diameter = self._session.current.drawn_diameter_px
        sizes, lines = np.zeros(len(rows)), np.zeros(len(rows))
        for mark, look in MARK_LOOKS.items():
            here = self._kinds[rows] == mark
            size = self._magnification.within(look.diameters * diameter, *look.limits)
            sizes[here] = size
            lines[here] = self._magnification.line(size)
        layer.size[rows], layer.border_width[rows] = sizes, lines
        layer.refresh(thumbnail=False, highlight=False, extent=False)

    def _hide_all(self) -> None:
        """Draw no mark; the layer stays, since napari takes about 0.1 s to remove one."""
        layer = self.slot.layer
        if layer is not None and (self._kinds != _NOT_DRAWN).any():
            self._kinds = np.full(len(self._kinds), _NOT_DRAWN, np.int8)
            layer.size[:] = 0.0
            layer.refresh(thumbnail=False, highlight=False, extent=False)

    def _resize(self) -> None:
        if self.slot.layer is not None and len(self._kinds):
            self._scale(self.slot.layer, np.arange(len(self._kinds)))

    def _show(self, show: bool) -> None:
        if show:
            self.slot.revive()
            self.draw()
        if self.slot.layer is not None:
            self.slot.layer.visible = show

    def _on_eye(self) -> None:
        if self.slot.layer is not None:
            setattr(self._session.view, self._field, self.slot.layer.visible)
