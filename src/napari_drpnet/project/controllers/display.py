"""The image of the micrograph that is shown, rendered for the magnification and the settings."""

from functools import partial

from psygnal import Signal

from napari_drpnet.images.display import DisplayParameters, automatic_lowpass, display_scale
from napari_drpnet.project.controllers.shown import Rendering, ShownImage, render_record
from napari_drpnet.project.notices import explain
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.workspace import Workspace


class MicrographDisplay:
    """The image of the micrograph that is shown; `CurrentMicrograph` says which one that is.

    Parameters
    ----------
    workspace : Workspace
        Workspace with the display settings.

    Attributes
    ----------
    image : ShownImage or None
        The image; None until it is rendered.
    changed : Signal
        Emitted when there is another image.
    unreadable : Signal
        Emitted with the id of a micrograph whose file cannot be shown, and the reason.
    """

    changed = Signal()
    unreadable = Signal(str, str)

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._record: MicrographRecord | None = None
        self._settings, self._size = workspace.view.display, workspace.given_pixel_size_angstrom
        self._rendered: dict[float, ShownImage] = {}  # by the scale of the image
        self._ready: tuple[Rendering, ShownImage] | None = None
        self.image: ShownImage | None = None
        workspace.settings_changed.connect(self._on_settings)
        workspace.view.events.display.connect(self._render)
        workspace.view.events.magnification.connect(self._refine)

    @property
    def automatic_lowpass_angstrom(self) -> float:
        """Resolution of the low-pass that fits the particle, in Å."""
        particle = self._workspace.project.settings.particle
        return automatic_lowpass(particle.diameter_angstrom if particle else None)

    def clear(self) -> None:
        """Show no image."""
        self._record = self.image = None
        self._workspace.runner.invalidate("image")

    def show(self, record: MicrographRecord | None) -> None:
        """Render the image of a micrograph in a thread, unless it is ready."""
        self._record = record
        self._render()
        self._ready = None

    def retry(self) -> None:
        """Render the image again if its file could not be read."""
        if self.image is None and self._workspace.runner.status("image").state == "idle":
            self._render()

    def keep_ready(self, rendering: Rendering, image: ShownImage) -> None:
        """Keep the image of the micrograph that is likely to be shown next."""
        self._ready = rendering, image

    def rendering_of(self, record: MicrographRecord) -> Rendering:
        """Return how a micrograph would be rendered if it was shown now."""
        workspace, magnification = self._workspace, self._workspace.view.magnification
        size = workspace.given_pixel_size_angstrom
        return Rendering.of(record, size, self._wanted_settings(), magnification)

    def _wanted_settings(self) -> DisplayParameters:
        """Return the display settings of the view, with the resolution of the low-pass."""
        return self._workspace.view.display.resolved(self.automatic_lowpass_angstrom)

    def _on_settings(self) -> None:
        """Render the image again if the pixel size or the low-pass has changed."""
        size = self._workspace.given_pixel_size_angstrom
        if size != self._size or self._wanted_settings() != self._settings:
            self._render()

    def _render(self) -> None:
        """Render the micrograph with the current settings."""
        self._rendered, self._settings = {}, self._wanted_settings()
        self._size = self._workspace.given_pixel_size_angstrom
        self._render_scale()

    def _render_scale(self) -> None:
        """Render the micrograph at the scale that the magnification needs."""
        record = self._record
        if record is None:
            return
        rendering, take = self.rendering_of(record), partial(self._take, self._rendered)
        if self._ready is not None and self._ready[0] == rendering:
            take(self._ready[1])
            return
        work, fail = partial(render_record, rendering), partial(self._fail, record.id)
        self._workspace.runner.submit("image", work, take, fail, live=True)

    def _take(self, rendered: dict[float, ShownImage], image: ShownImage) -> None:
        """Show an image, and keep it with the others of the same settings."""
        rendered[image.display.scale] = self.image = image
        self.changed.emit()
        self._refine()

    def _fail(self, micrograph: str, error: Exception) -> None:
        self._workspace.runner.errored.emit("image", error)
        self.unreadable.emit(micrograph, explain(error))

    def _refine(self) -> None:
        """Show the image at the scale that the magnification needs; render it if necessary."""
        if self.image is None:
            return
        shown, magnification = self.image.display, self._workspace.view.magnification
        scale = display_scale(shown.frame.full_shape, magnification, shown.lowpass_px)
        if scale == shown.scale:
            return
        if kept := self._rendered.get(scale):
            self._workspace.runner.invalidate("image")
            self.image = kept
            self.changed.emit()
        else:
            self._render_scale()
