import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_drpnet.plugin.panels.label_buttons import LabelButtons
from relion_jobs import PARTICLES_OF_EXTRACT, SELECT, write_selected_project


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
    qtbot.mouseClick(buttons.classes, Qt.MouseButton.LeftButton)
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
    qtbot.mouseClick(buttons.classes, Qt.MouseButton.LeftButton)
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
    qtbot.mouseClick(buttons.classes, Qt.MouseButton.LeftButton)
    wait(session)
    assert len(session.project.labels("m00001")) == 5
    assert next(answers, None) is None
