import itertools

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QFileDialog

from napari_drpnet.base.picks import Picks
from napari_drpnet.plugin.panels.classify import ClassifyPanel
from napari_drpnet.plugin.plots.plot import ACCENT
from napari_drpnet.project.points.axes import LogitAxis
from napari_drpnet.project.storage.store import StoredCandidates


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = ClassifyPanel(viewer)
    qtbot.addWidget(panel)
    panel.resize(320, 500)
    panel.show()
    return panel


@pytest.fixture
def judged(panel, session, discs, wait):
    """The session with 100 points: heights from 1 to 0, the better the surer."""
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    show_hundred(session)
    return session


def show_hundred(session):
    height = np.linspace(0.995, 0.005, 100)
    centers = np.random.default_rng(0).uniform(0, 160, (100, 2))
    picks = Picks(centers, height, height, height, np.zeros(100, bool))
    stored = StoredCandidates("key", picks, (160, 160), 2.0, 18.0, "dark", 1.0)
    session.current.show_candidates(stored, None)


def has_green_bars(panel):
    image = panel.histogram.grab().toImage()
    places = itertools.product(range(image.width()), range(image.height()))
    return any(image.pixelColor(x, y).name() == ACCENT for x, y in places)


def classifier(session):
    return session.project.settings.classifier


def test_without_picks_it_says_what_to_do(panel, session):
    assert panel.hint.text() == "Give the particle diameter first."
    assert panel.histogram.isHidden()
    assert panel.accept.isHidden()
    session.change("particle", diameter_angstrom=36.0)
    assert panel.hint.isHidden()
    assert panel.histogram.isVisible()
    assert "press Pick" in panel.histogram.empty_text
    assert panel.counts.isHidden()


def test_accepted_and_rejected_are_counted(panel, judged):
    assert panel.accept.value == 0.5
    assert panel.counts.text() == "50 accepted, 50 rejected"
    judged.change("peaks", threshold=0.2)
    assert panel.counts.text() == "50 accepted, 30 rejected"


def test_only_points_above_the_threshold_are_in_the_histogram(panel, judged):
    assert panel.histogram.counts.sum() == 100
    judged.change("peaks", live=True, threshold=0.2)
    assert panel.histogram.counts.sum() == 80
    assert panel.histogram.counts[panel.histogram.edges[1:] < 0.2].sum() == 0


def test_dragging_the_cut_accepts_and_rejects(panel, judged, drag_cut):
    drag_cut(panel.histogram, 0.5, 0.7, 0.9, axis=LogitAxis())
    accept = classifier(judged).accept
    assert accept == pytest.approx(0.9, abs=0.01)
    assert panel.accept.value == panel.histogram.cut == accept
    assert panel.counts.text() == "10 accepted, 90 rejected"
    judged.undo()
    assert classifier(judged).accept is None
    assert panel.histogram.cut == 0.5


def test_the_slider_tells_certain_picks_apart(panel, judged):
    """On a linear axis of this width, all values above 0.99 are at one or two positions."""
    slider, values = panel.accept.slider, []
    panel.accept.value_changed.connect(values.append)
    for place in range(slider.maximum() // 2, slider.maximum() + 1, slider.maximum() // 40):
        slider.setValue(place)
    assert sum(value > 0.99 for value in values) > 10
    assert max(values) > 0.998
    assert panel.accept.number.value() == panel.histogram.cut == classifier(judged).accept


@pytest.mark.parametrize("typed", ["0.99953", "0.0004", "1", "0"])
def test_a_typed_probability_counts_with_all_its_digits(panel, judged, type_into, typed):
    type_into(panel.accept.number, typed)
    assert classifier(judged).accept == panel.histogram.cut == float(typed)
    assert float(panel.accept.number.text()) == float(typed)


def test_a_stored_probability_stays_as_it_is(panel, judged, type_into):
    judged.change("classifier", accept=0.9123456789)
    text = panel.accept.number.text()
    assert text == "0.9123"
    type_into(panel.accept.number, text)
    assert classifier(judged).accept == 0.9123456789


def test_the_slider_does_the_same(panel, judged, qtbot):
    qtbot.keyClick(panel.accept.slider, Qt.Key.Key_PageUp)
    assert classifier(judged).accept == panel.histogram.cut > 0.5


@pytest.fixture
def automatic(judged, automatic_weights, wait):
    """The same, with a classifier that recommends the automatic cut."""
    judged.change("classifier", classifier=automatic_weights())
    wait(judged)
    show_hundred(judged)
    return judged


def test_an_automatic_cut_is_shown_where_it_is_in_use(panel, automatic):
    cut = automatic.current.decision.cut
    assert 0.3 < cut.accept < 0.4
    assert panel.accept.value == panel.histogram.cut == cut.accept
    assert panel.rule.text().startswith("automatic: for best expected F1")
    assert panel.least_f1.isVisible()
    assert not panel.accept.reset.isEnabled()
    accepted = automatic.current.accepted_count
    assert panel.counts.text() == f"{accepted} accepted, {100 - accepted} rejected"
    automatic.change("peaks", live=True, threshold=0.6)  # another list, another cut
    assert panel.accept.value == panel.histogram.cut == automatic.current.decision.cut.accept
    assert panel.accept.value > cut.accept


def test_a_typed_number_fixes_the_cut_and_reset_makes_it_automatic_again(
    panel, automatic, qtbot, type_into
):
    cut = panel.accept.value
    type_into(panel.accept.number, "0.8")
    assert classifier(automatic).accept == panel.histogram.cut == 0.8
    assert panel.rule.text().startswith("fixed")
    assert panel.least_f1.isHidden()
    assert panel.counts.text() == "20 accepted, 80 rejected"
    assert panel.accept.reset.toolTip().startswith("automatic: ")
    qtbot.mouseClick(panel.accept.reset, Qt.MouseButton.LeftButton)
    assert classifier(automatic).accept is None
    assert panel.accept.value == panel.histogram.cut == cut
    assert panel.rule.text().startswith("automatic")


def test_dragging_from_an_automatic_cut_fixes_it_and_is_one_step(panel, automatic, drag_cut):
    drag_cut(panel.histogram, 0.7, 0.9, axis=LogitAxis())
    assert classifier(automatic).accept == pytest.approx(0.9, abs=0.01)
    automatic.undo()
    assert classifier(automatic).accept is None
    assert panel.histogram.cut == automatic.current.decision.cut.accept


def test_where_nothing_is_accepted_no_bar_is_green_and_it_says_why(panel, automatic):
    automatic.change("classifier", least_f1=0.9)
    assert panel.counts.text() == "0 accepted, 100 rejected"
    assert panel.expected.isHidden()
    assert not has_green_bars(panel)
    assert "nothing is accepted, as the best expected F1 is 0.7" in panel.rule.text()
    assert "●" in panel.rule.text()
    automatic.change("classifier", live=True, accept=0.5)
    assert has_green_bars(panel)
    assert "●" not in panel.rule.text()


def test_an_automatic_cut_is_not_known_before_picking(panel, automatic):
    automatic.step(1)
    assert panel.histogram.cut is None
    assert panel.rule.text() == "automatic: found once this micrograph is picked"
    assert panel.expected.isHidden()


def test_a_number_that_the_weights_recommend_needs_no_words(panel, judged):
    assert panel.rule.isHidden()
    assert panel.least_f1.isHidden()
    judged.change("classifier", accept=0.7)
    assert panel.rule.isHidden()


def test_expected_scores_follow_the_hand(panel, judged):
    judged.change("classifier", live=True, accept=0.9)
    assert panel.expected.text() == "expected: precision 0.95, recall 0.19, F1 0.32"
    judged.change("classifier", live=True, accept=0.0)
    assert panel.expected.text() == "expected: precision 0.50, recall 1.00, F1 0.67"
    judged.current.set_label(range(50, 100), accepted=False)
    assert panel.expected.text() == "expected: precision 0.75, recall 1.00, F1 0.86"


def test_rejected_picks_are_shown_or_hidden_from_both_sides(panel, judged, qtbot):
    box = panel.show_rejected
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(10, box.height() // 2))
    assert not judged.view.show_rejected
    assert judged.current.visible.sum() == 50
    judged.view.show_rejected = True
    assert box.isChecked()


def test_without_a_classifier_it_says_what_becomes_of_picks(panel, judged):
    assert panel.hint.isHidden()
    panel.weights.native.setCurrentText("none")
    assert classifier(judged).classifier == "none"
    assert "every pick above the threshold is accepted" in panel.hint.text()
    assert panel.hint.isVisible()
    assert not panel.histogram.isVisible()
    assert not panel.accept.isVisible()
    judged.undo()
    assert panel.histogram.isVisible()
    assert panel.weights.value == "default"


def test_the_classifier_is_chosen_by_name_or_file(panel, session, toy_weights, monkeypatch):
    assert panel.weights.choices[:1] == ("default",)
    assert "none" in panel.weights.choices
    assert "detector-default" not in panel.weights.choices
    path = str(toy_weights / "classifier-default.safetensors")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    box = panel.weights.native
    box.setCurrentIndex(box.findText("Other file…"))
    assert classifier(session).classifier == path
    assert box.currentText() == "classifier-default.safetensors"


def test_p_particle_is_explained(panel):
    assert "how sure the classifier is" in panel.about.text()
