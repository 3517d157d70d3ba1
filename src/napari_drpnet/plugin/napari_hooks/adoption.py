"""Files that the user opens by napari's own means, taken into the session."""

from pathlib import Path
from typing import Any

from napari.components import ViewerModel
from napari.layers import Image, Layer, Points
from qtpy.QtCore import QTimer

from napari_drpnet.plugin.canvas.layers.slot import micrograph_space, place_layer
from napari_drpnet.project.session import Session

_OURS = "napari-drpnet"


class Adoption:
    """Takes over micrographs, and lays coordinates over the micrograph that is shown.

    Only what our own reader has opened: other images are none of our business.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Into which files are opened.
    session : Session
        What they join.
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._viewer = viewer
        self._session = session
        viewer.layers.events.inserted.connect(self._on_inserted)
        session.settings_changed.connect(self._place_points)
        session.current.image_changed.connect(self._place_points)

    def take_all(self) -> None:
        """Take over the micrographs that were there before."""
        self._take([layer for layer in self._viewer.layers if _is_micrograph(layer)])

    def disconnect(self) -> None:
        """Leave new layers alone from now on."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._session.settings_changed.disconnect(self._place_points)
        self._session.current.image_changed.disconnect(self._place_points)

    def _on_inserted(self, event: Any) -> None:
        layer = event.value
        if _is_micrograph(layer):
            # Not inside the event: napari is still busy with the layer.
            QTimer.singleShot(0, lambda: self._take([layer]))
        elif _is_coordinates(layer):
            place_layer(layer, micrograph_space(self._session.current.pixel_size_angstrom))

    def _place_points(self) -> None:
        """Lay all coordinates over the micrograph that is shown, in its pixel size."""
        current = self._session.current
        if current.image is not None:
            for layer in filter(_is_coordinates, self._viewer.layers):
                place_layer(layer, micrograph_space(current.pixel_size_angstrom))

    def _take(self, layers: list[Layer]) -> None:
        """Open the micrographs of layers in the session, which draws them itself."""
        present = [layer for layer in layers if layer in self._viewer.layers]
        for layer in present:
            self._viewer.layers.remove(layer)
        if present:
            self._session.open_paths([Path(layer.source.path) for layer in present])


def _is_micrograph(layer: Layer) -> bool:
    source = layer.source
    return isinstance(layer, Image) and source.reader_plugin == _OURS and bool(source.path)


def _is_coordinates(layer: Layer) -> bool:
    return isinstance(layer, Points) and layer.source.reader_plugin == _OURS
