import shutil
from pathlib import Path

import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtWidgets import QFileDialog

from napari_drpnet.plugin.table import open_button
from napari_drpnet.plugin.table.open_button import OpenButton


@pytest.fixture
def button(session, qtbot):
    button = OpenButton(session)
    qtbot.addWidget(button)
    return button


@pytest.fixture
def answer(monkeypatch):
    """A function that sets what all dialogs return; it holds the folders that they began in."""
    folders = []

    def answer(path):
        def ask(parent, title, folder, filters=None):
            folders.append(folder)
            return path if filters is None else (path, "all")

        for name in ("getOpenFileName", "getOpenFileNames", "getExistingDirectory"):
            monkeypatch.setattr(QFileDialog, name, ask)

    answer.folders = folders
    return answer


def trigger(button, title):
    next(action for action in button.menu().actions() if title in action.text()).trigger()


def names(session):
    return [record.path.name for record in session.project.micrographs.values()]


def test_files_and_folders_are_opened(button, session, answer, discs, wait):
    paths = [str(path) for path in discs]
    answer(paths[:1])
    trigger(button, "Files")
    wait(session)
    assert names(session) == ["disc0.mrc"]
    answer(str(Path(paths[0]).parent))
    trigger(button, "Folder")
    wait(session)
    assert names(session) == ["disc0.mrc", "disc1.mrc", "disc2.mrc"]


def test_a_relion_list_is_opened(button, session, answer, discs, wait, tmp_path):
    star = tmp_path / "micrographs.star"
    star.write_text("data_\n\nloop_\n_rlnMicrographName #1\ndiscs/disc1.mrc\n")
    answer(str(star))
    trigger(button, "RELION")
    wait(session)
    assert names(session) == ["disc1.mrc"]
    assert session.project.settings.micrographs_star == star


def test_a_folder_becomes_a_project(button, session, answer, tmp_path):
    answer(str(tmp_path / "mine"))
    trigger(button, "Project")
    assert session.store.folder == tmp_path / "mine"


def test_the_sample_is_opened(button, session, monkeypatch):
    opened = []
    monkeypatch.setattr(open_button, "open_sample", opened.append)
    trigger(button, "Sample")
    assert opened == [session]


@pytest.mark.parametrize("title", ["Files", "Folder", "RELION", "Project"])
def test_a_cancelled_dialog_opens_nothing(button, session, answer, title):
    answer([] if title == "Files" else "")
    trigger(button, title)
    assert session.store is None
    assert not session.runner.is_busy


def test_the_next_dialog_begins_where_the_last_ended(button, session, answer, discs, wait):
    first = next(iter(discs))
    answer([str(first)])
    trigger(button, "Files")
    answer(str(first.parent))
    trigger(button, "Folder")
    answer("")
    trigger(button, "Project")
    assert answer.folders == ["", str(first.parent), str(first.parent)]
    wait(session)


def test_every_entry_has_a_tooltip(button):
    assert button.menu().toolTipsVisible()
    assert all(action.toolTip() != action.text() for action in button.menu().actions())


def test_recent_projects_are_listed_and_open_again(button, session, tmp_path):
    first, gone = tmp_path / "first & one", tmp_path / "gone"
    for folder in (gone, first):
        session.open_project(folder)
    session.open_project(tmp_path / "now")
    shutil.rmtree(gone)
    button.menu().aboutToShow.emit()
    entries = button.recent.actions()
    assert [entry.text() for entry in entries] == ["now", "first && one", "gone (not found)"]
    assert [entry.isEnabled() for entry in entries] == [True, True, False]
    entries[1].trigger()
    assert session.store.folder == first
