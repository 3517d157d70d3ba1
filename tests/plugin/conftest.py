import os
import sys

import pytest


@pytest.fixture(scope="session")
def qapp_cls():
    """The application of pytest-qt; without a display Qt would end the whole run."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in screens):
        pytest.skip("no display")
    return pytest.importorskip("qtpy.QtWidgets").QApplication


@pytest.fixture
def viewer(qapp):
    """A viewer without a window: panels need no more."""
    napari_components = pytest.importorskip("napari.components")
    return napari_components.ViewerModel()


@pytest.fixture
def session(viewer, tmp_path, monkeypatch, use_toy_weights):
    """The session of the viewer, with projects under `tmp_path`."""
    from napari_drpnet.plugin import controller
    from napari_drpnet.plugin.main_thread import MainThread
    from napari_drpnet.project.session import Session, SessionOptions

    session = Session(
        MainThread(), SessionOptions(device="cpu", projects_root=tmp_path / "projects")
    )
    made = controller.Controller(viewer, session)
    monkeypatch.setitem(controller._controllers, viewer, made)
    yield session
    made.close()
    session.runner.join(10)


@pytest.fixture
def wait(qtbot):
    """A function that waits until a session has nothing to do."""
    return lambda session: qtbot.waitUntil(lambda: not session.runner.is_busy, timeout=20_000)


@pytest.fixture
def discs(tmp_path, write_discs):
    """Three micrographs of 16 discs each, by path: their true centres ``(y, x)``."""
    paths = [tmp_path / "discs" / f"disc{k}.mrc" for k in range(3)]
    return {path: write_discs(path, seed=k) for k, path in enumerate(paths)}
