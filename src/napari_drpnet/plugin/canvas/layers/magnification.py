"""Magnification of the canvas, for lines and marks of a constant size on the screen."""

import math

import numpy as np
from napari.components import ViewerModel
from numpy.typing import ArrayLike, NDArray
from psygnal import Signal

from napari_drpnet.project.session import Session

#: Steps per doubling; finer ones would redraw the points more often without a visible effect.
_STEPS = 2
#: Line width in screen pixels, and its greatest share of the size of the mark.
_LINE, _MOST = 2.0, 0.15


class Magnification:
    """Number of screen pixels per unbinned pixel, in steps of the square root of 2.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer whose camera is followed.
    session : Session
        Session whose micrograph is shown.

    Attributes
    ----------
    changed : Signal
        Emitted when the zoom has changed by a step.
    """

    changed = Signal()

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._camera = viewer.scene.camera
        self._session = session
        self._last = self.value
        self._camera.events.zoom.connect(self._on_zoom)

    def disconnect(self) -> None:
        """Stop following the camera."""
        self._camera.events.zoom.disconnect(self._on_zoom)

    @property
    def value(self) -> float:
        """Number of screen pixels per unbinned pixel."""
        exact = self._camera.zoom * (self._session.current.pixel_size_angstrom or 1.0)
        return float(2 ** (round(_STEPS * math.log2(exact)) / _STEPS))

    def within(self, size_px: ArrayLike, least: float, most: float) -> NDArray[np.float64]:
        """Clip sizes in unbinned pixels to limits that are given in screen pixels."""
        return np.clip(np.asarray(size_px, float), least / self.value, most / self.value)

    def line(self, size_px: ArrayLike) -> NDArray[np.float64]:
        """Return the border width of marks, as a share of their size in unbinned pixels.

        The border is two screen pixels wide, and narrower around very small marks.
        """
        return np.minimum(_LINE / (np.asarray(size_px, float) * self.value), _MOST)

    def _on_zoom(self) -> None:
        if self.value != self._last:
            self._last = self.value
            self.changed.emit()
