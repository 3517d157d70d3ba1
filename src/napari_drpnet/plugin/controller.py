"""Controller of one viewer: its session, layers, keys, mouse and messages."""

from functools import partial
from inspect import unwrap
from typing import Any
from weakref import WeakKeyDictionary

from napari.components import ViewerModel
from napari.utils.notifications import show_error, show_info, show_warning
from psygnal import Signal
from qtpy.QtWidgets import QMainWindow

from napari_drpnet.plugin.canvas.help_window import HelpWindow
from napari_drpnet.plugin.canvas.key_sheet import KeySheet
from napari_drpnet.plugin.canvas.keys import bind_keys, unbind_keys
from napari_drpnet.plugin.canvas.layers import (
    BoxView,
    BrushView,
    ChangesView,
    ClassChangesView,
    ClassesView,
    DarkView,
    DoubtView,
    LassoView,
    MapView,
    MarksView,
    MicrographView,
    PicksView,
    StrokesView,
    TruthView,
)
from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.slot import is_own_layer
from napari_drpnet.plugin.canvas.mouse import Mouse
from napari_drpnet.plugin.canvas.plane import Plane
from napari_drpnet.plugin.canvas.pointer import Pointer
from napari_drpnet.plugin.napari_hooks.adoption import Adoption
from napari_drpnet.plugin.napari_hooks.closing import ClosingQuestion
from napari_drpnet.plugin.napari_hooks.docks import Docks
from napari_drpnet.plugin.napari_hooks.help_menu import add_to_help_menu
from napari_drpnet.plugin.napari_hooks.host_window import HostWindow
from napari_drpnet.plugin.napari_hooks.main_thread import MainThread
from napari_drpnet.plugin.napari_hooks.modifiers import Modifiers
from napari_drpnet.plugin.napari_hooks.moved_question import MovedQuestion
from napari_drpnet.plugin.napari_hooks.settings import read_settings
from napari_drpnet.project.controllers.compared_positions import ComparedPositions
from napari_drpnet.project.session import Notice, Session, SessionOptions
from napari_drpnet.project.storage.store import projects_root
from napari_drpnet.project.unfinished import unfinished_work

_SYNC_EVERY_MS = 1000
#: Least diameter at which a particle can be recognized, in screen pixels.
_LEAST_SHOWN = 60.0
_SHOW = {"info": show_info, "warning": show_warning, "error": show_error}


class Controller:
    """Connect one viewer with one session until the window closes.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer, with or without a window.
    session : Session, optional
        Session to draw. Default: a new session with the preferences of the user.

    Attributes
    ----------
    magnification : Magnification
        Magnification of the micrograph on the screen.
    pointer : Pointer
        Place of the mouse over the micrograph.
    micrograph, classes, class_changes, map, truth, picks, strokes, dark, doubt, changes, boxes,
    brush, lasso, marks, other_picks
        Views that draw the session as layers.
    mouse : Mouse
        Mouse handler that turns clicks on the canvas into corrections.
    plane : Plane
        Guard that keeps the viewer in 2D while a micrograph is shown.
    adoption : Adoption
        Handler of the files that napari opens.
    host : HostWindow or None
        Window of the viewer after `attach`; None before it and after `close`.
    docks : Docks or None
        Docks of that window.
    keys, tutorial, moved : KeySheet, HelpWindow, MovedQuestion, or None
        List of the keys, tutorial, and question about missing files, in that window.
    docked : Signal
        Emitted with a panel that has a dock of its own in the window.
    """

    docked = Signal(object)

    def __init__(self, viewer: ViewerModel, session: Session | None = None) -> None:
        self.viewer = viewer
        self.session = session or Session(MainThread(), _options())
        self.magnification = Magnification(viewer, self.session)
        self.pointer = Pointer(viewer, self.session)
        self.micrograph = MicrographView(viewer, self.session, self.magnification)
        self.classes = ClassesView(viewer, self.session)
        self.class_changes = ClassChangesView(viewer, self.session)
        self.map = MapView(viewer, self.session)
        self.truth = TruthView(viewer, self.session, self.magnification)
        self.picks = PicksView(viewer, self.session, self.magnification)
        self.strokes = StrokesView(viewer, self.session, self.picks)
        self.dark = DarkView(viewer, self.session)
        self.doubt = DoubtView(viewer, self.session, self.magnification)
        self.changes = ChangesView(viewer, self.session, self.magnification)
        self.boxes = BoxView(viewer, self.session, self.magnification, self.pointer)
        self.marks = self._marks(
            self.session.comparison, field="show_marks", name="comparison", order=9
        )
        self.other_picks = self._marks(
            self.session.other_picks, field="show_other_picks", name="other picks", order=5
        )
        self.brush = BrushView(viewer, self.session, self.magnification)
        self.lasso = LassoView(viewer, self.session, self.magnification)
        self.mouse = Mouse(viewer, self.session, self.picks, self.brush, self.lasso, self.pointer)
        self.plane = Plane(viewer, self.session)
        self.adoption = Adoption(viewer, self.session)
        self.host: HostWindow | None = None
        self.docks: Docks | None = None
        self.keys: KeySheet | None = None
        self.tutorial: HelpWindow | None = None
        self.moved: MovedQuestion | None = None
        self._closed = False
        bind_keys(viewer, self.session)
        self.session.noticed.connect(self._notify)
        self.session.selection.focus_requested.connect(self._focus)
        self.session.selection.hidden_reason = self.picks.hidden_reason

    def _marks(
        self, compared: ComparedPositions[Any], *, field: str, name: str, order: int
    ) -> MarksView:
        """Create the view of the marks of a comparison."""
        where = self.viewer, self.session, self.magnification
        return MarksView(*where, compared, field=field, name=name, order=order)

    def attach(self, window: QMainWindow) -> None:
        """Attach to a window: save once a second while it is open, and close with it."""
        if self.host is None and not self._closed:
            self.host = HostWindow(window, _SYNC_EVERY_MS)
            self.host.ticked.connect(self._tick)
            self.host.closed.connect(self.close)
            unfinished = partial(unfinished_work, self.session)
            ClosingQuestion(window, unfinished, self._has_other_layers)
            self.moved = MovedQuestion(window, self.session)
            Modifiers(window).changed.connect(self.pointer.press_keys)
            self.docks = Docks(window)
            self.session.view.events.canvas_only.connect(self.docks.hide)
            self.keys = KeySheet(self.session.view, window)
            self.tutorial = HelpWindow(self.session.view, window)
            if isinstance(window, QMainWindow):  # a panel may have been opened alone
                add_to_help_menu(window, "DRPnet tutorial", self._show_tutorial)
            self.viewer.layers.events.removing.connect(self._on_removing)
            self.adoption.take_all()

    def close(self) -> None:
        """Stop all jobs, save, and disconnect from the viewer; further calls do nothing."""
        if self._closed:
            return
        self._closed = True
        if self.host is not None:
            self.viewer.layers.events.removing.disconnect(self._on_removing)
            self.host.stop()
            self.host = self.docks = self.keys = self.tutorial = self.moved = None
        self.strokes.disconnect()
        self.pointer.disconnect()
        self.mouse.disconnect()
        self.plane.disconnect()
        self.marks.disconnect()
        self.other_picks.disconnect()
        self.classes.disconnect()
        self.adoption.disconnect()
        self.magnification.disconnect()
        unbind_keys(self.viewer)
        self.session.close()
        open_controllers.pop(self.viewer, None)

    def _on_removing(self) -> None:
        """Make the OpenGL context of the canvas current before napari removes a layer.

        napari 0.9 (vispy 0.17) deletes the shaders of a layer at once, in whatever OpenGL context
        is current. If that is another context, Mesa aborts the process at the next frame that
        begins with points.
        """
        if self.host is not None:
            self.host.make_canvas_current()

    def _tick(self) -> None:
        self.picks.reconcile()
        self.strokes.reconcile()
        self.session.sync()

    def _show_tutorial(self) -> None:
        self.session.view.show_tutorial = True

    def _has_other_layers(self) -> bool:
        """Return whether the viewer has layers of the user or of other plugins."""
        return not all(is_own_layer(layer) for layer in self.viewer.layers)

    def _notify(self, notice: Notice) -> None:
        _SHOW[notice.level](notice.text)
        if self.host is not None:
            self.host.unfold_messages()

    def _focus(self, center_yx: tuple[float, float]) -> None:
        """Centre the view on a point, and zoom in until the particle can be recognized."""
        layer, diameter = self.picks.slot.layer, self.session.current.diameter_px
        if layer is None or diameter is None:
            return
        world = layer.data_to_world(center_yx)
        camera = self.viewer.scene.camera
        camera.center = (0.0, *world[-2:])
        shown = diameter * float(layer.scale[-1]) * camera.zoom
        camera.zoom *= max(_LEAST_SHOWN / shown, 1.0)


#: Controllers of all open viewers.
open_controllers: "WeakKeyDictionary[ViewerModel, Controller]" = WeakKeyDictionary()


def controller_of(viewer: ViewerModel) -> Controller:
    """Return the controller of a viewer, shared by all its panels.

    The viewer is unwrapped first: napari passes a proxy to panels, and the proxy returns a new
    object for a layer at each access.
    """
    viewer = unwrap(viewer)
    if viewer not in open_controllers:
        open_controllers[viewer] = Controller(viewer)
    return open_controllers[viewer]


def _options() -> SessionOptions:
    settings = read_settings()
    folder = settings.autosave_folder
    return SessionOptions(
        device=settings.device,
        cache_bytes=settings.cache_mb * 2**20,
        projects_root=projects_root(None if folder is None else str(folder)),
    )
