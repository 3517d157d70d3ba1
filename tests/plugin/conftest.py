import dataclasses
import gc
import os
import sys
import time
from functools import partial

import numpy as np
import pytest

from napari_drpnet.project.points.axes import LinearAxis
from napari_drpnet.project.state.edits import Settings, SettingsEdit
from napari_drpnet.project.state.particle_draft import ParticleDraft
from napari_drpnet.project.view import ViewState
from waiting import LIMIT_S, never_pick_unasked


@pytest.fixture(scope="session")
def qapp_cls():
    """The application of pytest-qt; without a display Qt would end the whole run."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in screens):
        pytest.skip("no display")
    return pytest.importorskip("qtpy.QtWidgets").QApplication


@pytest.fixture
def qtbot(qtbot):
    """A `qtbot` that also waits on a busy machine."""
    for name in ("waitUntil", "waitSignal", "waitSignals"):
        setattr(qtbot, name, partial(getattr(qtbot, name), timeout=round(1000 * LIMIT_S)))
    return qtbot


@pytest.fixture
def viewer(qapp):
    """A viewer without a window: panels need no more."""
    napari_components = pytest.importorskip("napari.components")
    return napari_components.ViewerModel()


@pytest.fixture
def session(viewer, tmp_path, use_toy_weights):
    """The session of the viewer, with projects under `tmp_path`."""
    from napari_drpnet.plugin import controller
    from napari_drpnet.plugin.napari_hooks.main_thread import MainThread
    from napari_drpnet.project.session import Session, SessionOptions

    session = Session(
        MainThread(), SessionOptions(device="cpu", projects_root=tmp_path / "projects")
    )
    never_pick_unasked(session)
    made = controller.Controller(viewer, session)
    controller.open_controllers[viewer] = made
    yield session
    made.close()
    session.runner.join(LIMIT_S)


@pytest.fixture
def wait(qtbot):
    """A function that waits until a session has nothing to do."""
    return lambda session: qtbot.waitUntil(lambda: not session.runner.is_busy)


@pytest.fixture
def type_into(qtbot):
    """A function that types a text into a field in place of what is there, and presses Enter."""
    from qtpy.QtCore import Qt

    def type_text(field, text):
        field.setFocus()
        field.selectAll()
        qtbot.keyClicks(field, text)
        qtbot.keyClick(field, Qt.Key.Key_Return)

    return type_text


@pytest.fixture
def drag_cut(qtbot):
    """A function that drags the line of a histogram from score to score of an axis."""
    from qtpy.QtCore import QPoint, Qt

    def drag(histogram, *scores, axis=None):
        axis = axis or LinearAxis(histogram.edges[0], histogram.edges[-1])
        frame, y = histogram.frame(), histogram.height() // 2
        x = frame.left() + frame.width() * axis.shares(scores)
        places = [QPoint(round(place), y) for place in x]
        qtbot.mousePress(histogram, Qt.MouseButton.LeftButton, pos=places[0])
        for place in places:
            qtbot.mouseMove(histogram, place)
        qtbot.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=places[-1])

    return drag


@pytest.fixture
def discs(tmp_path, write_discs):
    """Three micrographs of 16 discs each, by path: their true centres ``(y, x)``."""
    paths = [tmp_path / "discs" / f"disc{k}.mrc" for k in range(3)]
    return {path: write_discs(path, seed=k) for k, path in enumerate(paths)}


def let_pass(milliseconds):
    """Let Qt do what comes in this time."""
    from qtpy.QtTest import QTest

    QTest.qWait(milliseconds)


class Window:
    """A real window of napari with the picker in it, and what a user does there."""

    def __init__(self, viewer):
        self.viewer = viewer
        self.picker = self.open_panel("DRPnet picker")
        self.session = self.picker.session
        self.notices = []
        self.session.noticed.connect(self.notices.append)
        never_pick_unasked(self.session)
        self.settle()

    def open_panel(self, name):
        """Open a panel as napari does for its menu, or return the one that is open."""
        return self.viewer.window.add_plugin_dock_widget("napari-drpnet", name)[1]

    def settle(self):
        """Let Qt do what waits, and what comes of that: a deletion is the third to come."""
        for _ in range(4):
            let_pass(2)

    def wait(self):
        """Wait until the session has nothing to do."""
        end = time.monotonic() + LIMIT_S
        while self.session.runner.is_busy:
            assert time.monotonic() < end
            let_pass(2)

    def wait_until(self, happens):
        """Wait until a function returns something true."""
        end = time.monotonic() + LIMIT_S
        while not happens():
            assert time.monotonic() < end
            let_pass(2)

    def begin_anew(self, folder):
        """Open an empty project with the first settings and the first view."""
        session = self.session
        self.picker.show_tab("Pick")
        for field in dataclasses.fields(ViewState):
            setattr(session.view, field.name, getattr(ViewState(), field.name))
        session.do_quietly(SettingsEdit(before=session.project.settings, after=Settings()))
        session.draft = ParticleDraft()
        assert session.open_project(folder)
        self.viewer.layers.clear()
        self.notices.clear()
        self.settle()

    def open(self, paths):
        """Open micrographs of discs, and say how large those are."""
        self.session.open_paths(list(paths))
        self.wait()
        self.session.change("particle", diameter_angstrom=36.0)

    def pick(self):
        """Pick the micrograph that is shown."""
        self.session.picking.pick_current()
        self.wait()

    def layer_names(self):
        return [layer.name for layer in self.viewer.layers]

    def panel(self, title):
        """Bring a tab to the front, and return its panel."""
        self.picker.show_tab(title)
        self.settle()
        return self.picker.tabs.currentWidget().widget()

    def press_button(self, button):
        """Click a button, and wait for what it starts."""
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        self.settle()
        self.wait()
        self.settle()

    # ---- mouse and keys

    @property
    def canvas(self):
        return self.viewer.window._qt_viewer.canvas.native

    def point_of(self, center_yx):
        """Return where on the canvas a place of the micrograph is."""
        from qtpy.QtCore import QPoint

        world = self.viewer.layers["picks"].data_to_world(center_yx)
        camera = self.viewer.scene.camera
        y, x = (np.array(world) - camera.center[-2:]) * camera.zoom
        return QPoint(round(self.canvas.width() / 2 + x), round(self.canvas.height() / 2 + y))

    def camera_is_at(self, center_yx):
        """Tell whether a place of the micrograph is in the middle of the canvas."""
        world = self.viewer.layers["picks"].data_to_world(center_yx)
        return np.allclose(self.viewer.scene.camera.center[-2:], world)

    def click(self, center_yx):
        """Click on a place of the micrograph."""
        self.drag(center_yx)

    def drag(self, *centers_yx, on_the_way=lambda: None, modifier="No"):
        """Press the mouse, move it from place to place, and release it."""
        points = [self.point_of(center) for center in centers_yx]
        self.mouse("MouseMove", points[0], modifier, pressed=False)
        self.mouse("MouseButtonPress", points[0], modifier)
        for point in points[1:]:
            self.mouse("MouseMove", point, modifier)
            on_the_way()
        self.mouse("MouseButtonRelease", points[-1], modifier)
        self.settle()

    def mouse(self, kind, point, modifier, pressed=True):
        """Send an event of the mouse at a point of the canvas."""
        from qtpy.QtCore import QEvent, QPointF, Qt
        from qtpy.QtGui import QMouseEvent
        from qtpy.QtWidgets import QApplication

        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        event = QMouseEvent(
            QEvent.Type[kind],
            QPointF(point),
            QPointF(self.canvas.mapToGlobal(point)),
            none if kind == "MouseMove" else left,
            left if pressed and kind != "MouseButtonRelease" else none,
            Qt.KeyboardModifier[f"{modifier}Modifier"],
        )
        QApplication.sendEvent(self.canvas, event)
        let_pass(8)  # napari looks at moves each 5 ms only

    def press(self, key, widget=None):
        """Press a key, such as "Ctrl+Z", with the focus on the canvas or another widget."""
        from qtpy.QtGui import QKeySequence
        from qtpy.QtTest import QTest

        widget = widget or self.canvas
        widget.setFocus()
        QTest.keySequence(widget, QKeySequence(key))
        self.settle()


@pytest.fixture(scope="session")
def settle_heap(toy_weights):
    """A function for the moment before a window opens.

    napari collects garbage whenever a layer goes: what is there before is not looked through.
    """
    import napari._qt.qt_main_window
    import napari.layers  # noqa: F401

    import napari_drpnet.plugin.panels.picker  # noqa: F401

    def settle():
        gc.collect()
        gc.freeze()

    yield settle
    gc.unfreeze()


@pytest.fixture
def new_viewer(request, monkeypatch, tmp_path, use_toy_weights, qapp, settle_heap):
    """A function that opens a window of napari, which must leave nothing behind at the end."""
    if not request.config.pluginmanager.has_plugin("napari"):
        pytest.skip("napari's fixtures are switched off")
    from napari_drpnet.plugin import controller
    from napari_drpnet.plugin.napari_hooks.settings import PluginSettings

    monkeypatch.setenv("DRPNET_PROJECTS", str(tmp_path / "projects"))
    monkeypatch.setattr(controller, "read_settings", lambda: PluginSettings(device="cpu"))
    make_napari_viewer = request.getfixturevalue("make_napari_viewer")
    qtbot, viewers = request.getfixturevalue("qtbot"), []
    settle_heap()

    def make(show=True):
        viewers.append(make_napari_viewer(show=show, strict_qt="raise"))
        return viewers[-1]

    yield make
    runners = [made.session.runner for made in controller.open_controllers.values()]
    for viewer in viewers:
        viewer.close()
    qtbot.wait(10)
    assert not controller.open_controllers
    assert all(runner.join(LIMIT_S) for runner in runners)


@pytest.fixture
def new_window(new_viewer):
    """A function that opens a window with the picker."""
    return lambda **options: Window(new_viewer(**options))


@pytest.fixture
def window(new_window):
    """A window with the picker."""
    return new_window()


@pytest.fixture(scope="module")
def app_of_module(qapp):
    """An application of napari for a whole module, as `mock_app_model` is one for a test."""
    pytest.importorskip("napari")
    from app_model import Application
    from napari._app_model._app import NapariApplication, _napari_names
    from napari._qt._qapp_model.qactions import init_qactions
    from napari.plugins import _initialize_plugins

    app = NapariApplication("app of a module")
    app.injection_store.namespace = _napari_names
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NapariApplication, "get_app_model", lambda: app)
        for made_once in (init_qactions, _initialize_plugins):
            made_once.cache_clear()
        yield app
    for made_once in (init_qactions, _initialize_plugins):
        made_once.cache_clear()
    Application.destroy(app.name)


@pytest.fixture(scope="module")
def window_of_module(app_of_module, tmp_path_factory, toy_weights, settle_heap):
    """One window with the picker for a whole module, none of whose tests opens another one."""
    import napari

    from napari_drpnet.plugin import controller
    from napari_drpnet.plugin.napari_hooks.settings import PluginSettings

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRPNET_WEIGHTS", str(toy_weights))
        patch.setenv("DRPNET_PROJECTS", str(tmp_path_factory.mktemp("projects")))
        patch.setattr(controller, "read_settings", lambda: PluginSettings(device="cpu"))
        settle_heap()
        window = Window(napari.Viewer(show_welcome_screen=False))
        yield window
        window.viewer.close()
        window.settle()
        assert not controller.open_controllers
        assert window.session.runner.join(LIMIT_S)


@pytest.fixture
def shared_window(window_of_module, tmp_path, use_toy_weights):
    """The window of the module with an empty project."""
    window_of_module.begin_anew(tmp_path / "project")
    yield window_of_module
    window_of_module.wait()


@pytest.fixture
def quick_training(monkeypatch):
    """Networks learn in few steps, from few simulations."""
    from napari_drpnet.project.controllers import learning
    from napari_drpnet.training.from_labels import targets

    classifier, detector = learning.AdaptRecipe, targets.TuneRecipe
    few = partial(classifier, steps=20, folds=2, learning_rate=5e-3)
    monkeypatch.setattr(learning, "AdaptRecipe", few)
    monkeypatch.setattr(targets, "TuneRecipe", partial(detector, steps=4, replay_fields=1))


@pytest.fixture
def picked(session, viewer, discs, wait):
    """The controller of the viewer, with the first of three micrographs picked: 16 points."""
    from napari_drpnet.plugin.controller import controller_of

    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_current()
    wait(session)
    assert session.current.accepted_count == 16
    return controller_of(viewer)
