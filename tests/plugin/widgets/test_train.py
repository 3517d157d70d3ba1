import numpy as np
import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from psygnal import Signal
from qtpy.QtCore import Qt

from napari_drpnet.plugin.widgets.train import TrainPanel
from napari_drpnet.precision_recall import Rates
from napari_drpnet.project.learning import LabelTotals, Trial

BEFORE, AFTER = Rates(0.5, 1.0, 0.667), Rates(0.9, 0.95, 0.924)
BETTER = Trial(BEFORE, AFTER, True, "m00001", np.zeros((14, 2)), {}, None)
WORSE = Trial(AFTER, BEFORE, False, "m00001", np.zeros((1, 2)), {}, None)


class ScriptedLearner:
    """Learns what a test says, and notes what it is asked."""

    progressed = Signal()
    finished = Signal()

    def __init__(self, session):
        self._session = session
        self.counts = LabelTotals(12, 8, 2)
        self.problem, self.reports, self.trial, self.is_kept = None, [], None, False
        self.asked, self.go_on = [], False

    def train(self):
        self.asked.append("train")
        self._session.runner.submit("train", self._work, lambda _: self.end(BETTER))

    def _work(self, job):
        while not self.go_on:
            job.advance(2, 5, "training")

    def end(self, trial):
        self.trial = trial
        self.finished.emit()

    def keep(self):
        self.asked.append("keep")
        self.is_kept = True
        self.end(None)

    def discard(self):
        self.asked.append("discard")
        self.end(None)

    def cancel(self):
        self._session.runner.cancel("train")


@pytest.fixture
def learner(session):
    session.learner = ScriptedLearner(session)
    yield session.learner
    session.learner.go_on = True


@pytest.fixture
def opened(session, discs, wait):
    """The session with three micrographs."""
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    return session


@pytest.fixture
def panel(qtbot, viewer, opened, learner):
    return show(qtbot, viewer)


def show(qtbot, viewer):
    panel = TrainPanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.fixture
def click(qtbot):
    return lambda button: qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def table(panel):
    return {
        name: tuple(cell.text() for cell in cells) for name, cells in panel.outcome._cells.items()
    }


def test_it_says_what_will_be_used(panel):
    assert panel.labels.accessibleName() == "Your labels: 12 accepted, 8 rejected on 2 micrographs"
    assert panel.train.isEnabled()
    assert panel.hint.isHidden()
    assert not panel.plot.isVisible()
    assert not panel.outcome.isVisible()
    assert not panel.keep.isVisible()


def test_it_says_what_is_missing(session, discs, wait, qtbot, viewer):
    panel = show(qtbot, viewer)
    assert panel.hint.accessibleName() == "Open micrographs first."
    assert panel.labels.accessibleName() == "Your labels: none yet"
    assert not panel.train.isEnabled()
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    assert panel.hint.accessibleName() == "Press Pick first, and correct what it found."
    session.picking.pick_current()
    wait(session)
    assert "at least 10 picks" in panel.hint.accessibleName()
    assert not panel.train.isEnabled()
    session.current.set_verdict(range(4), accepted=True)
    session.current.set_verdict([4], accepted=False)
    text = "Your labels: 4 accepted, 1 rejected on 1 micrograph"
    assert panel.labels.accessibleName() == text
    assert "at least 10 picks" in panel.hint.accessibleName()  # it advises, and lets
    assert panel.train.isEnabled()
    session.current.set_verdict(range(5, 10), accepted=False)
    assert panel.hint.isHidden()


def test_without_a_classifier_there_is_none_to_teach(panel, learner, session):
    learner.problem = "There is no classifier to be taught: choose one first."
    session.settings_changed.emit()
    assert panel.hint.accessibleName() == learner.problem
    assert not panel.train.isEnabled()


def test_the_changes_are_counted_on_the_micrograph_that_was_shown(panel, learner, session, wait):
    learner.end(BETTER)
    assert panel.outcome.changed.isVisible()
    session.step(1)
    wait(session)
    assert panel.outcome.isVisible()
    assert not panel.outcome.changed.isVisible()
    session.step(-1)
    wait(session)
    assert panel.outcome.changed.isVisible()


def test_train_turns_into_progress_with_cancel(panel, learner, session, click, qtbot, wait):
    click(panel.train)
    qtbot.waitUntil(lambda: panel.stack.progress.text() == "training 40 %")
    assert panel.stack.is_at_work
    click(panel.cancel)
    wait(session)
    qtbot.waitUntil(lambda: not panel.stack.is_at_work)
    assert not panel.outcome.isVisible()


def test_the_loss_is_drawn_as_it_comes(panel, learner):
    learner.reports = [(0, 0.7), (10, 0.5)]
    learner.progressed.emit()
    assert panel.plot.isVisible()
    first = panel.plot.grab().toImage()
    learner.reports.append((20, 0.1))
    learner.progressed.emit()
    assert panel.plot.grab().toImage() != first


def test_before_and_after_stand_side_by_side(panel, learner, session, click, wait):
    learner.go_on = True
    click(panel.train)
    wait(session)
    assert table(panel) == {
        "precision": ("0.50", "0.90"),
        "recall": ("1.00", "0.95"),
        "f1": ("0.67", "0.92"),
    }
    assert panel.outcome.changed.text() == "14 picks of this micrograph would change"
    assert panel.outcome.sentence.accessibleName().startswith("Better:")
    assert panel.keep.isVisible()
    assert panel.discard.isVisible()


def test_what_is_not_better_can_be_kept_anyway(panel, learner, click):
    learner.end(WORSE)
    sentence = panel.outcome.sentence.accessibleName()
    assert sentence.startswith("Not clearly better: the old classifier stays unless you keep")
    assert panel.outcome.changed.text() == "1 pick of this micrograph would change"
    click(panel.keep)
    assert learner.asked == ["keep"]


def test_what_is_kept_says_how_to_take_it_back(panel, learner, session, click):
    learner.end(BETTER)
    click(panel.keep)
    assert panel.kept.accessibleName() == "Kept; Ctrl-Z takes it back."
    assert not panel.outcome.isVisible()
    assert not panel.keep.isVisible()
    learner.is_kept = False
    session.history_changed.emit()
    assert panel.kept.isHidden()


def test_what_is_discarded_leaves_nothing(panel, learner, click):
    learner.end(BETTER)
    click(panel.discard)
    assert learner.asked == ["discard"]
    assert not panel.outcome.isVisible()
    assert not panel.keep.isVisible()
    assert panel.kept.isHidden()


def test_a_panel_that_opens_late_knows_what_runs_and_what_came_of_it(
    panel, learner, session, click, qtbot, viewer, wait
):
    learner.reports = [(0, 0.7), (10, 0.5)]
    click(panel.train)
    qtbot.waitUntil(lambda: session.runner.status("train").total == 5)
    late = TrainPanel(viewer)
    qtbot.addWidget(late)
    assert late.stack.is_at_work
    assert not late.plot.isHidden()
    learner.go_on = True
    wait(session)
    later = TrainPanel(viewer)
    qtbot.addWidget(later)
    assert table(later)["f1"] == ("0.67", "0.92")


def test_it_is_no_wider_than_the_dock(panel, learner):
    learner.reports = [(0, 0.7), (10, 0.5)]
    learner.progressed.emit()
    learner.end(BETTER)
    assert panel.minimumSizeHint().width() <= 330
    assert panel.sizeHint().height() <= 560


def test_what_is_labelled_elsewhere_is_counted_when_it_comes_to_the_front(panel, learner, session):
    panel.hide()
    learner.counts = LabelTotals(0, 3, 1)
    session.history_changed.emit()
    panel.show()
    text = "Your labels: 0 accepted, 3 rejected on 1 micrograph"
    assert panel.labels.accessibleName() == text
