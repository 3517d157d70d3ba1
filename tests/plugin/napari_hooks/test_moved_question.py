"""Where the micrographs of a project are now, asked if their files are missing."""

import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QMainWindow, QMessageBox

from napari_drpnet.plugin.napari_hooks.moved_question import MovedQuestion
from napari_drpnet.plugin.table.open_button import OpenButton


@pytest.fixture
def window(qtbot, session):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.show()
    window.moved = MovedQuestion(window, session)
    return window


@pytest.fixture
def project(session, discs, tmp_path, wait):
    """A closed project of three micrographs, which were moved since."""
    session.open_paths(discs)
    wait(session)
    folder = session.store.folder
    session.open_project(tmp_path / "other")
    (tmp_path / "discs").rename(tmp_path / "elsewhere")
    return folder


@pytest.fixture
def asked(session, project, window, qtbot):
    """The question, after the project was opened again."""
    session.open_project(project)
    qtbot.waitUntil(lambda: window.findChild(QMessageBox) is not None)
    return window.findChild(QMessageBox)


def press(qtbot, box, text):
    (button,) = (each for each in box.buttons() if each.text().replace("&", "") == text)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def folders(session):
    return {record.path.parent.name for record in session.project.micrographs.values()}


def test_the_folder_that_is_chosen_is_searched(asked, session, qtbot, wait, monkeypatch, tmp_path):
    assert asked.text() == "The files of 3 of 3 micrographs are missing."
    chosen = str(tmp_path / "elsewhere")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: chosen)
    press(qtbot, asked, "Choose folder…")
    wait(session)
    assert folders(session) == {"elsewhere"}


@pytest.mark.parametrize("button", ["Choose folder…", "Not now"])
def test_without_an_answer_nothing_changes(asked, session, qtbot, wait, monkeypatch, button):
    before = session.project.state
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    press(qtbot, asked, button)
    wait(session)
    assert session.project.state is before


def test_nothing_is_asked_if_all_files_are_there(session, discs, window, wait, tmp_path):
    session.open_paths(discs)
    wait(session)
    folder = session.store.folder
    session.open_project(tmp_path / "other")
    session.open_project(folder)
    wait(session)
    assert window.findChild(QMessageBox) is None


def test_open_finds_them_later(session, project, qtbot, wait, monkeypatch, tmp_path):
    button = OpenButton(session)
    qtbot.addWidget(button)
    session.open_project(project)
    wait(session)
    chosen = str(tmp_path / "elsewhere")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: chosen)
    next(each for each in button.menu().actions() if "Moved" in each.text()).trigger()
    wait(session)
    assert folders(session) == {"elsewhere"}
