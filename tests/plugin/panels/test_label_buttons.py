from pathlib import Path

import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QInputDialog

from napari_drpnet.plugin.panels.label_buttons import LabelButtons
from relion_jobs import PARTICLES_OF_EXTRACT, SELECT, write_selected_project

FILE, FOLDER, BINNED, CLASSES = range(4)


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


@pytest.fixture
def relion(session, tmp_path):
    """A project of RELION whose Select job kept two of five picks."""
    places = session.current.stored.picks.centers_yx[:5].round()
    name = session.current.record.path.stem
    write_selected_project(tmp_path / "relion", {name: (places[:2], places)})
    return tmp_path / "relion"


def test_2d_classes_are_imported_without_a_question_where_relion_knows_the_rest(
    buttons, answer, session, qtbot, wait, relion
):
    session.undo()
    answer(relion / SELECT / "particles.star")
    buttons.menu.actions()[CLASSES].trigger()
    wait(session)
    labels = session.project.labels("m00001")
    assert [label.accepted for label in labels].count(True) == 2
    assert len(labels) == 5


def test_elsewhere_it_is_asked_what_was_extracted(
    buttons, monkeypatch, session, qtbot, wait, relion, tmp_path
):
    session.undo()
    alone = tmp_path / "alone.star"
    alone.write_bytes((relion / SELECT / "particles.star").read_bytes())
    answers = iter([alone, relion / PARTICLES_OF_EXTRACT])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(next(answers)), ""))
    buttons.menu.actions()[CLASSES].trigger()
    wait(session)
    assert len(session.project.labels("m00001")) == 5
    assert next(answers, None) is None
