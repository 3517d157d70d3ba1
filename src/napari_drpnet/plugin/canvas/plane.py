"""The plane of the micrograph, in which the viewer stays."""

from napari.components import ViewerModel
from qtpy.QtCore import QTimer

from napari_drpnet.project.session import Session

_FLAT_ONLY = "Micrographs and picks are shown only in 2D."


class Plane:
    """Keep the viewer in 2D while it shows a micrograph.

    napari does not draw the picks in 3D. A viewer that also has volumes may show those in 3D;
    then the picks cannot be corrected.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer that shows the micrograph.
    session : Session
        Session whose micrograph is shown.
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._viewer = viewer
        self._session = session
        viewer.dims.events.ndisplay.connect(self._check)
        session.current.image_changed.connect(self._check)

    def disconnect(self) -> None:
        """Allow the viewer to switch to 3D again."""
        self._viewer.dims.events.ndisplay.disconnect(self._check)

    def _check(self) -> None:
        if self._must_return():
            # Later, because napari has not finished switching to 3D.
            QTimer.singleShot(0, self._return)

    def _must_return(self) -> bool:
        is_flat = self._viewer.dims.ndisplay == 2 or self._viewer.layers.ndim > 2
        return not is_flat and self._session.current.image is not None

    def _return(self) -> None:
        if self._must_return():
            self._viewer.dims.ndisplay = 2
            self._session.notify("info", _FLAT_ONLY)


def shows_plane(viewer: ViewerModel) -> bool:
    """Return whether a viewer shows the plane of the last two axes, in which micrographs lie."""
    dims = viewer.dims
    return set(dims.displayed) == {dims.ndim - 2, dims.ndim - 1}
