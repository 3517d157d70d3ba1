"""Layer of the box in which a pick is exported."""

import numpy as np
from napari.components import ViewerModel

from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.symbols import Symbols
from napari_drpnet.plugin.canvas.pointer import Pointer
from napari_drpnet.project.session import Session

BOXES = "box"
_COLOR = (0.35, 0.85, 1.0)


class BoxView:
    """Draw the box around the pick under the mouse, and around selected picks, as blue squares.

    The layer is empty while ``view.show_boxes`` is False.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose picks have the boxes.
    magnification : Magnification
        Magnification of the micrograph on the screen.
    pointer : Pointer
        Place of the mouse.

    Attributes
    ----------
    slot : LayerSlot
        Slot that holds the layer.
    """

    def __init__(
        self, viewer: ViewerModel, session: Session, magnification: Magnification, pointer: Pointer
    ) -> None:
        self._session = session
        self._pointer = pointer
        self._symbols = Symbols(
            viewer, session, magnification, name=BOXES, symbol="square", color=_COLOR, order=10
        )
        self.slot = self._symbols.slot
        self.slot.present.connect(self._on_present)
        self._drawn: tuple[list[int], int | None] = ([], None)
        session.view.events.show_boxes.connect(self._show)
        session.current.points_changed.connect(self.draw)
        session.current.states_changed.connect(self.draw)
        session.current.diameter_changed.connect(self.draw)
        session.exporter.choice_changed.connect(self.draw)
        session.selection.changed.connect(self.draw)
        magnification.changed.connect(self.draw)
        pointer.moved.connect(self._on_moved)

    def draw(self) -> None:
        """Draw the boxes."""
        review, rows = self._session.current.review, self._rows()
        side = self._session.exporter.box_size_px
        self._drawn = rows, side
        if review is None or side is None:
            self._symbols.draw(np.empty(0), 0.0)
        else:
            self._symbols.draw(review.centers_yx[rows], side)

    def _rows(self) -> list[int]:
        """Return the rows of the review whose boxes are drawn."""
        current, place = self._session.current, self._pointer.position_yx
        if not self._session.view.show_boxes:
            return []
        row = None if place is None else current.row_at(place)
        return sorted({*self._session.selection.rows.tolist(), *([] if row is None else [row])})

    def _on_moved(self) -> None:
        """Draw the boxes if another pick is under the mouse."""
        if self._session.view.show_boxes and self._rows() != self._drawn[0]:
            self.draw()

    def _on_present(self, is_present: bool) -> None:
        """Untick the boxes if the user has deleted the layer."""
        if not is_present:
            self._session.view.show_boxes = False

    def _show(self, show: bool) -> None:
        if show:
            self.slot.revive()
        self.draw()
