"""When a window asks before it closes."""

import pytest
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QApplication, QDialog, QMainWindow, QMessageBox

from napari_drpnet.plugin.napari_hooks import closing
from napari_drpnet.plugin.napari_hooks.closing import ClosingQuestion


class ConfirmCloseDialog(QDialog):
    """napari's question."""


class Window(QMainWindow):
    """A window that asks as napari does, and is not told to close."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    def closeEvent(self, event):
        if event.spontaneous():
            self.ask()
            event.ignore()

    def ask(self):
        self.asked += 1
        dialog = ConfirmCloseDialog(self)
        dialog.open()
        return dialog


class Work:
    unfinished, has_other_layers = [], False


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def window(qtbot, work):
    window = Window()
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    ClosingQuestion(window, lambda: work.unfinished, lambda: work.has_other_layers)
    return window


@pytest.fixture
def answer(monkeypatch):
    """A function that decides what the user answers; returns the texts of the questions."""

    def decide(button):
        texts = []

        def question(parent, title, text, buttons, default):
            texts.append(text)
            assert default == QMessageBox.StandardButton.Cancel
            return button

        monkeypatch.setattr(closing.QMessageBox, "question", question)
        return texts

    return decide


def press_x(window):
    """Close a window as its button does."""
    QApplication.sendEvent(window.windowHandle(), QCloseEvent())


def test_nothing_is_asked_where_nothing_is_lost(window, qtbot):
    press_x(window)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert not window.asked


@pytest.mark.parametrize("has_other_layers", [True, False])
def test_unfinished_work_is_asked_about(window, work, answer, qtbot, has_other_layers):
    work.unfinished, work.has_other_layers = ["Networks are being trained."], has_other_layers
    texts = answer(QMessageBox.StandardButton.Cancel)
    press_x(window)
    qtbot.wait(20)
    assert texts == ["Networks are being trained.\nWhat is not finished is lost if you close now."]
    assert window.isVisible()
    answer(QMessageBox.StandardButton.Close)
    press_x(window)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert not window.asked


def test_layers_that_are_not_ours_are_left_to_napari(window, work, qtbot):
    work.has_other_layers = True
    press_x(window)
    qtbot.wait(20)
    assert window.isVisible()
    assert window.asked == 1


@pytest.mark.parametrize("lost", [True, False])
def test_the_question_after_a_key_is_answered_where_nothing_is_lost(window, work, qtbot, lost):
    work.unfinished = ["Networks are being trained."] if lost else []
    dialog = window.ask()
    if lost:
        qtbot.wait(50)
        assert dialog.isVisible()
        dialog.reject()
    else:
        qtbot.waitUntil(lambda: dialog.result() == QDialog.DialogCode.Accepted)


def test_the_question_is_left_while_there_is_a_second_window(window, qtbot):
    second = QMainWindow()
    qtbot.addWidget(second)
    second.show()
    dialog = window.ask()
    qtbot.wait(50)
    assert dialog.isVisible()
    dialog.reject()
