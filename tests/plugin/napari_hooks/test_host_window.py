"""When a window closes, and what is done to its canvas."""

import pytest
from qtpy.QtCore import QCoreApplication
from qtpy.QtGui import QOpenGLContext
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QDialog, QMainWindow, QWidget

from napari_drpnet.plugin.napari_hooks.host_window import HostWindow


class Asking(QMainWindow):
    """A window that asks before it closes."""

    answer = True

    def closeEvent(self, event):
        event.setAccepted(self.answer)


@pytest.fixture
def window(qtbot):
    window = Asking()
    window.show()
    qtbot.wait_exposed(window)
    yield window
    window.close()


@pytest.fixture
def host(window):
    return HostWindow(window, 5)


@pytest.fixture
def closings(host):
    closings = []
    host.closed.connect(lambda: closings.append(True))
    return closings


def test_it_tells_at_once_when_its_window_closes(window, closings):
    window.close()
    assert closings == [True]


def test_a_window_that_stays_open_is_not_closed(window, closings):
    window.hide()
    window.show()
    window.answer = False
    window.close()
    assert closings == []
    window.answer = True
    window.close()
    assert closings == [True]


def test_it_tells_when_the_program_ends_or_the_window_is_deleted(qtbot):
    closings, parent = [], QWidget()
    window = QMainWindow(parent)
    HostWindow(window, 5).closed.connect(lambda: closings.append(True))
    QCoreApplication.instance().aboutToQuit.emit()
    assert closings == [True]
    parent.deleteLater()
    qtbot.waitUntil(lambda: closings == [True, True])


def test_it_ticks_until_it_is_stopped(host, qtbot):
    with qtbot.waitSignal(host.ticked):
        pass
    host.stop()
    with qtbot.assertNotEmitted(host.ticked, wait=30):
        pass


def test_it_makes_the_canvas_current(window, host, qtbot):
    host.make_canvas_current()  # there is none yet
    canvas = QOpenGLWidget()
    window.setCentralWidget(canvas)
    qtbot.waitUntil(canvas.isValid)
    canvas.doneCurrent()
    host.make_canvas_current()
    assert QOpenGLContext.currentContext() is canvas.context()


class Notification(QDialog):
    """A notification as napari makes it."""

    def __init__(self, parent):
        super().__init__(parent)
        self.setProperty("expanded", False)

    def expand(self):
        self.setProperty("expanded", True)


def test_the_whole_text_of_notifications_is_shown(window, host):
    notification, other = Notification(window), QDialog(window)
    host.unfold_messages()
    assert notification.property("expanded") is True
    assert other.property("expanded") is None
