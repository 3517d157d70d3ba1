from pathlib import Path

import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QInputDialog

from napari_drpnet.plugin.panels.label_buttons import LabelButtons

FILE, FOLDER, BINNED = range(3)


@pytest.fixture
def buttons(qtbot, picked, session):
    session.current.set_label(range(3), accepted=True)
    buttons = LabelButtons(session)
    qtbot.addWidget(buttons)
    buttons.show()
    return buttons


@pytest.fixture
def answer(monkeypatch):
    """A function that says what the user answers to all dialogs for files."""

    def say(path):
        for name in ("getOpenFileName", "getSaveFileName"):
            monkeypatch.setattr(QFileDialog, name, lambda *_: (str(path), ""))
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(path))

    return say


def test_labels_are_exported_removed_and_imported(buttons, answer, session, qtbot, wait, tmp_path):
    answer(tmp_path / "mine")
    qtbot.mouseClick(buttons.save, Qt.MouseButton.LeftButton)
    assert (tmp_path / "mine.csv").is_file()
    session.undo()
    assert session.project.labels("m00001") == ()
    answer(tmp_path / "mine.csv")
    buttons.menu.actions()[FILE].trigger()
    wait(session)
    assert len(session.project.labels("m00001")) == 3


def test_coordinates_become_accepted_particles(
    buttons, answer, session, wait, tmp_path, monkeypatch
):
    session.undo()
    folder = tmp_path / "picks"
    folder.mkdir()
    name = Path(session.current.record.name).stem
    (folder / f"{name}_manualpick.star").write_text(
        "data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n10 20\n"
    )
    answer(folder)
    buttons.menu.actions()[FOLDER].trigger()
    wait(session)
    (label,) = session.project.labels("m00001")
    assert (label.center_yx, label.accepted, label.source) == ((20, 10), True, "person")
    session.undo()
    monkeypatch.setattr(QInputDialog, "getDouble", lambda *_: (4.0, True))
    answer(folder / f"{name}_manualpick.star")
    buttons.menu.actions()[BINNED].trigger()
    wait(session)
    (label,) = session.project.labels("m00001")
    assert label.center_yx == (81.5, 41.5)


def test_a_dialog_that_is_closed_does_nothing(buttons, answer, session, qtbot, tmp_path):
    answer("")
    before = session.project.state
    qtbot.mouseClick(buttons.save, Qt.MouseButton.LeftButton)
    for action in buttons.menu.actions():
        action.trigger()
    assert session.project.state is before
    assert not session.runner.is_busy
