"""How large things are on the screen, for lines and marks that keep their size there."""

import math

import numpy as np
from napari.components import ViewerModel
from numpy.typing import ArrayLike, NDArray
from psygnal import Signal

from napari_drpnet.project.session import Session

#: Steps per doubling: finer ones would draw the points anew more often, and nobody sees them.
_STEPS = 2
#: Width of a line in pixels of the screen, and its greatest share of what it surrounds.
_LINE, _MOST = 2.0, 0.15


class Magnification:
    """Pixels of the screen per unbinned pixel of the micrograph, in steps of the square root of 2.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Whose camera it is.
    session : Session
        Whose micrograph is shown.

    Attributes
    ----------
    changed : Signal
        When the camera has come nearer, or gone away, by a step.
    """

    changed = Signal()

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._camera = viewer.scene.camera
        self._session = session
        self._last = self.value
        self._camera.events.zoom.connect(self._on_zoom)

    def disconnect(self) -> None:
        """Follow the camera no more."""
        self._camera.events.zoom.disconnect(self._on_zoom)

    @property
    def value(self) -> float:
        """Pixels of the screen per unbinned pixel."""
        exact = self._camera.zoom * (self._session.current.pixel_size_angstrom or 1.0)
        return float(2 ** (round(_STEPS * math.log2(exact)) / _STEPS))

    def within(self, size_px: ArrayLike, least: float, most: float) -> NDArray[np.float64]:
        """Return sizes in unbinned pixels, kept between two sizes in pixels of the screen."""
        return np.clip(np.asarray(size_px, float), least / self.value, most / self.value)

    def line(self, size_px: ArrayLike) -> NDArray[np.float64]:
        """Return how wide to draw the border of marks of a size, as a share of that size.

        Two pixels of the screen; less around marks so small that nothing would be left inside.
        """
        return np.minimum(_LINE / (np.asarray(size_px, float) * self.value), _MOST)

    def _on_zoom(self) -> None:
        if self.value != self._last:
            self._last = self.value
            self.changed.emit()
