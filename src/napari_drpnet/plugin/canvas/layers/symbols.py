"""Layer of marks of one kind, which the other views put at changing positions."""

from typing import Literal

import numpy as np
from napari.components import ViewerModel
from napari.layers import Points
from numpy.typing import ArrayLike

from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.project.session import Session

Shape = Literal["disc", "diamond", "square"]
Color = tuple[float, float, float]


class Symbols:
    """Points layer of marks of one shape, size and colour.

    The layer is created when it is first needed, and kept when it is empty, because napari takes
    about 0.1 s to remove a layer. Lines are as wide as those of the picks.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose micrograph is marked.
    magnification : Magnification
        Magnification of the micrograph on the screen.
    name : str
        Name of the layer.
    symbol : {'disc', 'diamond', 'square'}
        Shape of the marks.
    color : tuple of float
        Colour of the marks, unless another one is given when they are drawn.
    order : int
        Position among the plugin's layers.
    is_filled : bool
        Whether the marks are filled, not only outlined.

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
        *,
        name: str,
        symbol: Shape,
        color: Color,
        order: int,
        is_filled: bool = False,
    ) -> None:
        self._session = session
        self._magnification = magnification
        self._name, self._symbol, self._color = name, symbol, color
        self._opacity = float(is_filled)
        self.slot: LayerSlot[Points] = LayerSlot(viewer, session, order)

    def draw(self, centers_yx: ArrayLike, size_px: float, color: Color | None = None) -> None:
        """Draw marks at ``(n, 2)`` positions ``(y, x)``; sizes are in unbinned pixels.

        The arrays of the layer are changed in place where their length allows, as in `PicksView`.
        """
        centers, layer = np.array(centers_yx, float).reshape(-1, 2), self.slot.layer
        if len(centers) and self._session.current.image is not None and not self.slot.was_deleted:
            layer = layer or self._make()
            self.slot.place()
            if len(layer.data) != len(centers):
                layer.data = centers
                layer.editable = False  # napari resets it when the data change
            layer.data[:] = centers
            layer.size[:] = size_px
            layer.border_width[:] = self._magnification.line(size_px)
            layer.border_color[:, :3] = layer.face_color[:, :3] = color or self._color
            layer.refresh(thumbnail=False, highlight=False, extent=False)
        elif layer is not None and len(layer.data):
            layer.data = np.empty((0, 2))

    def _make(self) -> Points:
        layer = Points(
            np.empty((0, 2)),
            name=self._name,
            symbol=self._symbol,
            size=1.0,  # a float: with an int all sizes would be integers
            face_color=np.array((*self._color, self._opacity)),
            border_color=np.array((*self._color, 1.0)),
            **self.slot.space,
        )
        self.slot.put(layer)
        return layer
