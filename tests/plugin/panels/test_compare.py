import numpy as np
import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_drpnet.formats import Coordinates, write_coordinates
from napari_drpnet.plugin.fields.controls import Hint
from napari_drpnet.plugin.panels.compare import ComparePanel
from napari_drpnet.plugin.plots.legend import MarkIcon


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = ComparePanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.fixture
def opened(session, discs, wait):
    session.open_paths(list(discs))
    wait(session)
    return session


@pytest.fixture
def picked(opened, wait):
    opened.change("particle", diameter_angstrom=36.0)
    opened.picking.pick_current()
    wait(opened)
    return opened


@pytest.fixture
def truth(discs, tmp_path):
    """True positions of the first two micrographs; the third has none."""
    folder = tmp_path / "truth"
    folder.mkdir()
    for path, centers in list(discs.items())[:2]:
        write_coordinates(folder / f"{path.stem}.csv", Coordinates(centers, np.ones(len(centers))))
    return folder


def load(panel, monkeypatch, path):
    """Choose a file or a folder from the menu, as a user does."""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path or ""), ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(path or ""))
    file, folder = panel.truth.menu.actions()
    (folder if path and path.is_dir() else file).trigger()


def rates(panel):
    return {name: label.text() for name, label in panel.rates.items()}


def test_each_empty_state_says_what_to_do(panel, session, discs, truth, wait, monkeypatch):
    assert panel.hint.accessibleName() == "Open micrographs first."
    assert not panel.truth.load.isEnabled()
    session.open_paths(list(discs))
    wait(session)
    assert panel.truth.load.isEnabled()
    assert panel.hint.accessibleName().startswith("Load true positions")
    load(panel, monkeypatch, truth)
    wait(session)
    assert panel.hint.accessibleName() == "Press Pick first."
    session.step(2)
    wait(session)
    assert panel.hint.accessibleName() == "No truth for this micrograph."
    assert not panel.body.isVisible()


def test_all_found_is_one_in_every_number(panel, picked, truth, wait, monkeypatch):
    load(panel, monkeypatch, truth)
    wait(picked)
    assert panel.body.isVisible()
    assert rates(panel) == {"precision": "1.00", "recall": "1.00", "f1": "1.00"}
    shown = [label.text() for label in panel.counts.values()]
    assert shown == ["Right: 16", "Wrong: 0", "Missed: 0"]
    error = picked.comparison.result.median_centring_error_px
    assert panel.centring.text() == f"Centring error: {2 * error:.1f} Å"
    assert panel.truth.source.text() == "truth"
    assert panel.truth.source.toolTip() == str(truth)


def test_what_is_expected_stands_beside_the_truth(panel, picked, truth, wait, monkeypatch):
    load(panel, monkeypatch, truth)
    wait(picked)
    expected = picked.current.decision.expected_of_all
    assert panel.expected.text() == f"Expected: {expected.text}"
    picked.current.set_label(range(16), accepted=True)
    wait(picked)
    assert "precision 1.00" in panel.expected.text()
    picked.change("classifier", classifier="none")
    wait(picked)
    assert panel.expected.isHidden()


def test_numbers_and_curve_follow_the_labels(panel, picked, truth, wait, monkeypatch):
    load(panel, monkeypatch, truth)
    wait(picked)
    picked.current.set_label([0, 1, 2, 3], accepted=False)
    picked.current.add([[1.0, 1.0]])
    wait(picked)
    shown = [label.text() for label in panel.counts.values()]
    assert shown == ["Right: 12", "Wrong: 1", "Missed: 4"]
    assert rates(panel) == {"precision": "0.92", "recall": "0.75", "f1": "0.83"}
    assert panel.plot.point == picked.comparison.result.tally.rates
    assert panel.plot.best == picked.comparison.result.best.rates
    assert panel.best.text() == "Best F1 1.00 at P(particle) ≥ 0.731"


def test_without_a_classifier_the_cut_is_in_map_height(panel, picked, truth, wait, monkeypatch):
    picked.change("classifier", classifier="none")
    picked.picking.pick_current()
    wait(picked)
    load(panel, monkeypatch, truth)
    wait(picked)
    assert "score ≥" in panel.best.text()


def test_nothing_right_has_no_centring_error_and_no_best_cut(panel, picked, wait, tmp_path):
    name = next(iter(picked.project.micrographs.values())).path.stem
    path = tmp_path / "far" / f"{name}.csv"
    path.parent.mkdir()
    write_coordinates(path, Coordinates(np.zeros((1, 2)), np.ones(1)))
    picked.comparison.load(path.parent)
    wait(picked)
    assert rates(panel)["f1"] == "0.00"
    assert panel.centring.text() == "No pick is right"
    assert panel.best.text() == ""
    assert panel.plot.best is None


def test_truth_is_forgotten(panel, picked, truth, wait, monkeypatch, qtbot):
    assert not panel.truth.forget.isEnabled()
    load(panel, monkeypatch, truth)
    wait(picked)
    qtbot.mouseClick(panel.truth.forget, Qt.MouseButton.LeftButton)
    assert picked.comparison.source is None
    assert panel.truth.source.text() == ""
    assert panel.hint.accessibleName().startswith("Load true positions")
    assert not panel.truth.forget.isEnabled()


def test_a_cancelled_dialog_changes_nothing(panel, picked, monkeypatch):
    load(panel, monkeypatch, None)
    assert picked.runner.status("truth").state == "idle"


def test_a_wrong_file_is_told_and_the_old_truth_stays(
    panel, picked, truth, wait, monkeypatch, tmp_path
):
    load(panel, monkeypatch, truth)
    wait(picked)
    notices = []
    picked.noticed.connect(notices.append)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("nothing here\n")
    load(panel, monkeypatch, wrong)
    wait(picked)
    assert "wrong.csv" in notices[0].text
    assert panel.truth.source.text() == "truth"
    assert panel.body.isVisible()
    shown = [hint for hint in panel.findChildren(Hint) if "wrong.csv" in hint.text()]
    assert [hint.isVisible() for hint in shown] == [True]
    load(panel, monkeypatch, truth)
    wait(picked)
    assert not shown[0].isVisible()


def test_it_is_no_wider_than_the_dock(panel, picked, truth, wait, monkeypatch):
    load(panel, monkeypatch, truth)
    wait(picked)
    assert panel.minimumSizeHint().width() <= 330
    assert panel.sizeHint().height() <= 560


def test_wrong_picks_and_missed_particles_are_shown_one_after_the_other(
    panel, picked, truth, wait, monkeypatch, qtbot
):
    load(panel, monkeypatch, truth)
    wait(picked)
    assert not panel.next_wrong.isEnabled()
    assert not panel.next_missed.isEnabled()
    centers = picked.current.review.centers_yx[:2].tolist()
    picked.current.set_label([0, 1], accepted=False)
    picked.current.add([[1.0, 1.0]])
    wait(picked)
    places = []
    picked.selection.focus_requested.connect(places.append)
    for _ in range(3):
        qtbot.mouseClick(panel.next_missed, Qt.MouseButton.LeftButton)
    assert places[0] == places[2] != places[1]
    assert np.abs(np.array(places[:2]) - sorted(centers)).max() < 9  # half a diameter
    qtbot.mouseClick(panel.next_wrong, Qt.MouseButton.LeftButton)
    assert places[3] == (1.0, 1.0)
    assert picked.current.review.centers_yx[picked.selection.rows].tolist() == [[1.0, 1.0]]


def test_the_symbols_stand_beside_the_numbers_and_can_be_switched_off(
    panel, picked, truth, wait, monkeypatch, qtbot
):
    load(panel, monkeypatch, truth)
    wait(picked)
    for label in panel.counts.values():
        (icon,) = label.parentWidget().findChildren(MarkIcon)
        assert icon.isVisible()
    assert panel.marks.isChecked()
    qtbot.mouseClick(panel.marks, Qt.MouseButton.LeftButton)
    assert not picked.view.show_marks
    picked.view.show_marks = True
    assert panel.marks.isChecked()
