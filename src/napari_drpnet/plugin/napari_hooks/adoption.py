"""Transfer of files that napari opens with this plugin's reader to the session."""

from functools import partial
from pathlib import Path
from typing import Any

from napari.components import ViewerModel
from napari.layers import Image, Layer, Points
from qtpy.QtCore import QTimer

from napari_drpnet.plugin.canvas.layers.slot import micrograph_space, place_layer
from napari_drpnet.project.session import Session

_OURS = "napari-drpnet"


class Adoption:
    """Open micrographs from napari in the session, and place coordinates over the micrograph.

    Coordinates of micrographs of the project are shown as other picks, in place of their layers.
    Only layers made by this plugin's reader are handled.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer whose new layers are handled.
    session : Session
        Session that opens the micrographs.
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._viewer = viewer
        self._session = session
        viewer.layers.events.inserted.connect(self._on_inserted)
        session.settings_changed.connect(self._place_points)
        session.current.image_changed.connect(self._place_points)

    def take_all(self) -> None:
        """Open the micrographs that are in the viewer already."""
        self._take([layer for layer in self._viewer.layers if _is_micrograph(layer)])

    def disconnect(self) -> None:
        """Stop handling new layers."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._session.settings_changed.disconnect(self._place_points)
        self._session.current.image_changed.disconnect(self._place_points)

    def _on_inserted(self, event: Any) -> None:
        layer = event.value
        if _is_micrograph(layer):
            # Later, because napari has not finished adding the layer.
            QTimer.singleShot(0, lambda: self._take([layer]))
        elif _is_coordinates(layer):
            place_layer(layer, micrograph_space(self._session.current.pixel_size_angstrom))
            if layer.source.path and self._session.project.micrographs:
                QTimer.singleShot(0, lambda: self._offer(layer))

    def _place_points(self) -> None:
        """Place all coordinate layers over the current micrograph, with its pixel size."""
        current = self._session.current
        if current.image is not None:
            for layer in filter(_is_coordinates, self._viewer.layers):
                place_layer(layer, micrograph_space(current.pixel_size_angstrom))

    def _offer(self, layer: Layer) -> None:
        """Show the coordinates of a layer as other picks, if they belong to this project.

        Those of other micrographs, and files that could have several formats, stay layers.
        """
        if layer in self._viewer.layers:
            path, others = Path(layer.source.path), self._session.other_picks
            others.load(path, partial(self._replace, path), _leave_alone)

    def _replace(self, path: Path) -> None:
        """Remove the layers of a file that is shown as other picks."""
        for layer in [each for each in self._viewer.layers if _is_coordinates(each)]:
            if layer.source.path and Path(layer.source.path) == path:
                self._viewer.layers.remove(layer)
        text = f"Shown as other picks, and counted on the tab Compare: {path.name}"
        self._session.notify("info", text)

    def _take(self, layers: list[Layer]) -> None:
        """Replace image layers by micrographs of the session, which draws them itself.

        The layers stay as napari made them if no project can be opened, for example because
        another window has it open.
        """
        present = [layer for layer in layers if layer in self._viewer.layers]
        if present and self._session.open_paths([Path(each.source.path) for each in present]):
            for layer in present:
                self._viewer.layers.remove(layer)


def _leave_alone(_: Exception) -> None:
    """Do nothing: the layers of the file stay as napari made them."""


def _is_micrograph(layer: Layer) -> bool:
    source = layer.source
    return isinstance(layer, Image) and source.reader_plugin == _OURS and bool(source.path)


def _is_coordinates(layer: Layer) -> bool:
    return isinstance(layer, Points) and layer.source.reader_plugin == _OURS
