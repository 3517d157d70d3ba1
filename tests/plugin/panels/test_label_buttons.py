import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_drpnet.plugin.panels.label_buttons import LabelButtons


@pytest.fixture
def buttons(qtbot, picked, session):
    session.current.set_label(range(3), accepted=True)
    buttons = LabelButtons(session)
    qtbot.addWidget(buttons)
    buttons.show()
    return buttons


@pytest.fixture
def answer(monkeypatch):
    """A function that says what the user answers to both dialogs."""

    def say(path):
        for name in ("getOpenFileName", "getSaveFileName"):
            monkeypatch.setattr(QFileDialog, name, lambda *_: (str(path), ""))

    return say


def test_labels_are_exported_removed_and_imported(buttons, answer, session, qtbot, wait, tmp_path):
    answer(tmp_path / "mine")
    qtbot.mouseClick(buttons.save, Qt.MouseButton.LeftButton)
    assert (tmp_path / "mine.csv").is_file()
    session.undo()
    assert session.project.labels("m00001") == ()
    answer(tmp_path / "mine.csv")
    qtbot.mouseClick(buttons.load, Qt.MouseButton.LeftButton)
    wait(session)
    assert len(session.project.labels("m00001")) == 3


def test_a_dialog_that_is_closed_does_nothing(buttons, answer, session, qtbot, tmp_path):
    answer("")
    before = session.project.state
    qtbot.mouseClick(buttons.save, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(buttons.load, Qt.MouseButton.LeftButton)
    assert session.project.state is before
    assert not session.runner.is_busy
