import numpy as np
import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from psygnal import Signal
from qtpy.QtCore import Qt

from napari_drpnet.evaluation.precision_recall import Rates
from napari_drpnet.plugin.panels.train import TrainPanel
from napari_drpnet.project.learning.outcome import TrainedNetwork, TrainingOutcome
from napari_drpnet.project.points.label_counts import LabelTotals, MicrographTotals
from napari_drpnet.project.state.edits import LabelEdit
from napari_drpnet.project.state.labels import Label
from napari_drpnet.training.from_labels.label_scores import LabelScore

NONE = LabelTotals(0, 0, 0)
BEFORE = LabelScore(12, 20, Rates(0.5, 1.0, 0.667), 0.9)
AFTER = LabelScore(18, 20, Rates(0.9, 0.95, 0.924), 0.3)
BETTER_ONE = TrainedNetwork("classifier", BEFORE, AFTER, True, {}, None)
WORSE_ONE = TrainedNetwork("classifier", AFTER, BEFORE, False, {}, None)


def outcome(*trained, judge="person"):
    return TrainingOutcome(trained, judge, "m00001", (16, 4), np.zeros((13, 2)), np.zeros((1, 2)))


BETTER, WORSE = outcome(BETTER_ONE), outcome(WORSE_ONE)


class ScriptedLearner:
    """Learns what a test says, and notes what it is asked."""

    chosen = Signal()
    progressed = Signal()
    finished = Signal()

    def __init__(self, session):
        self._session = session
        self.counts, self.automatic = LabelTotals(12, 8, 2), NONE
        self.by_micrograph = [
            MicrographTotals("a.mrc", LabelTotals(10, 8, 1), NONE),
            MicrographTotals("b.mrc", LabelTotals(2, 0, 1), LabelTotals(50, 49, 1)),
        ]
        self.subject, self.uses_automatic = "classifier", True
        self.changed_yx = np.empty((0, 2))
        self.problem, self.reports, self.outcome, self.is_kept = None, [], None, False
        self.asked, self.go_on = [], False

    def train(self):
        self.asked.append("train")
        self._session.runner.submit("train", self._work, lambda _: self.end(BETTER))

    def _work(self, job):
        while not self.go_on:
            job.advance(2, 5, "training")

    def end(self, outcome):
        self.outcome = outcome
        self.finished.emit()

    def choose(self, **values):
        self.asked.append(values)
        for name, value in values.items():
            setattr(self, name, value)
        self.chosen.emit()

    def show_changed(self):
        self.asked.append("next change")

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


def table(panel, kind="classifier"):
    cells = panel.outcome.tables[kind].cells
    return {name: tuple(cell.text() for cell in both) for name, both in cells.items()}


def test_it_says_what_will_be_used(panel):
    assert (
        panel.source.labels.accessibleName()
        == "Your labels: 12 accepted, 8 rejected on 2 micrographs"
    )
    assert panel.train.isEnabled()
    assert panel.hint.isHidden()
    assert not panel.plot.isVisible()
    assert not panel.outcome.isVisible()
    assert not panel.keep.isVisible()


def test_it_says_what_is_missing(session, discs, wait, qtbot, viewer):
    panel = show(qtbot, viewer)
    assert panel.hint.accessibleName() == "Open micrographs first."
    assert panel.source.labels.accessibleName() == "Your labels: none yet"
    assert not panel.train.isEnabled()
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    assert panel.hint.accessibleName() == "Press Pick first, then correct the picks."
    session.picking.pick_current()
    wait(session)
    assert "at least 10 picks" in panel.hint.accessibleName()
    assert not panel.train.isEnabled()
    session.current.set_label(range(4), accepted=True)
    session.current.set_label([4], accepted=False)
    text = "Your labels: 4 accepted, 1 rejected on 1 micrograph"
    assert panel.source.labels.accessibleName() == text
    assert "at least 10 picks" in panel.hint.accessibleName()  # it advises, and lets
    assert panel.train.isEnabled()
    session.current.set_label(range(5, 10), accepted=False)
    assert panel.hint.isHidden()


def test_without_a_classifier_there_is_none_to_teach(panel, learner, session):
    learner.problem = "There is no classifier to train: choose one first."
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
    qtbot.waitUntil(lambda: panel.progress.bar.text() == "training 40 %")
    assert panel.progress.is_at_work
    click(panel.progress.cancel)
    wait(session)
    qtbot.waitUntil(lambda: not panel.progress.is_at_work)
    assert not panel.outcome.isVisible()


def test_the_loss_is_drawn_as_it_comes(panel, learner):
    learner.reports = [(0, 0.7, 0.8), (10, 0.5, 0.6)]
    learner.progressed.emit()
    assert panel.plot.isVisible()
    first = panel.plot.grab().toImage()
    learner.reports.append((20, 0.1, 0.2))
    learner.progressed.emit()
    assert panel.plot.grab().toImage() != first


def test_before_and_after_stand_side_by_side(panel, learner, session, click, wait):
    learner.go_on = True
    click(panel.train)
    wait(session)
    assert table(panel) == {
        "right": ("12 of 20", "18 of 20"),
        "precision": ("0.50", "0.90"),
        "recall": ("1.00", "0.95"),
        "f1": ("0.67", "0.92"),
    }
    assert panel.outcome.changed.text() == "Picks here: 16 → 4\n◇ 13 would go, 1 would come"
    assert panel.outcome.sentence.accessibleName().startswith("Better:")
    assert panel.keep.isVisible()
    assert panel.discard.isVisible()


def test_what_is_not_better_can_be_kept_anyway(panel, learner, click):
    learner.end(WORSE)
    sentence = panel.outcome.sentence.accessibleName()
    assert sentence.startswith("Not clearly better: the old classifier stays unless you keep")
    click(panel.keep)
    assert learner.asked == ["keep"]


def test_what_is_kept_says_how_to_take_it_back(panel, learner, session, click):
    learner.end(BETTER)
    click(panel.keep)
    assert panel.kept.accessibleName().startswith("Kept; Ctrl-Z undoes it.")
    assert panel.pick_all.isVisible()
    assert not panel.outcome.isVisible()
    assert not panel.keep.isVisible()
    learner.is_kept = False
    session.history_changed.emit()
    assert panel.kept.isHidden()
    assert not panel.pick_all.isVisible()


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
    learner.reports = [(0, 0.7, 0.8), (10, 0.5, 0.6)]
    click(panel.train)
    qtbot.waitUntil(lambda: session.runner.status("train").total == 5)
    late = TrainPanel(viewer)
    qtbot.addWidget(late)
    assert late.progress.is_at_work
    assert not late.plot.isHidden()
    learner.go_on = True
    wait(session)
    later = TrainPanel(viewer)
    qtbot.addWidget(later)
    assert table(later)["f1"] == ("0.67", "0.92")


def test_it_is_no_wider_than_the_dock(panel, learner, session):
    learner.automatic = LabelTotals(5000, 5000, 200)
    session.history_changed.emit()
    learner.reports = [(0, 0.7, 0.8), (10, 0.5, 0.6)]
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
    assert panel.source.labels.accessibleName() == text


# ---- what learns, and from what


def test_one_chooses_what_learns(panel, learner, click):
    source = panel.source
    titles = [button.text() for button in source.subjects.buttons()]
    assert titles == ["Classifier", "Detector", "Both"]
    assert source.subjects.checkedButton().text() == "Classifier"
    click(source.subjects.buttons()[2])
    assert learner.asked == [{"subject": "both"}]


def test_automatic_labels_are_counted_and_can_be_left_out(panel, learner, session, click):
    source = panel.source
    assert not source.use_automatic.isVisible()
    learner.automatic = LabelTotals(50, 49, 1)
    session.history_changed.emit()
    assert source.use_automatic.text() == "Automatic: 50 accepted, 49 rejected"
    assert source.use_automatic.isChecked()
    source.use_automatic.click()
    assert learner.asked == [{"uses_automatic": False}]


def test_the_micrographs_are_listed_by_who_labelled_them(panel, click):
    source = panel.source
    assert not source.list.isVisible()
    click(source.fold.button)
    assert source.list.isVisible()
    rows = [source.list.topLevelItem(k) for k in range(source.list.topLevelItemCount())]
    assert [[row.text(across) for across in range(3)] for row in rows] == [
        ["a.mrc", "10 + 8", "–"],
        ["b.mrc", "2 + 0", "50 + 49"],
    ]


def test_labels_come_without_a_click_on_a_micrograph(qtbot, viewer, picked, session, wait, click):
    panel = show(qtbot, viewer)
    assert not panel.source.forget.isEnabled()
    told = []
    session.noticed.connect(lambda notice: told.append(notice.text))
    click(panel.source.label)
    wait(session)
    assert "No pick stands out" in told[0]  # all discs are alike
    given = Label(id=1, center_yx=(5, 5), anchor_yx=(5, 5), accepted=True, source="model")
    session.do(LabelEdit(micrograph="m00001", before=(), after=(given,)))
    assert panel.source.use_automatic.isVisible()
    click(panel.source.forget)
    assert not panel.source.use_automatic.isVisible()
    assert not session.labeller.has_automatic


# ---- both networks, and what would change


def test_both_networks_have_their_tables(panel, learner):
    learner.end(outcome(TrainedNetwork("detector", AFTER, BEFORE, False, {}, None), BETTER_ONE))
    assert table(panel, "detector")["f1"] == ("0.92", "0.67")
    assert table(panel)["f1"] == ("0.67", "0.92")
    assert all(each.isVisible() for each in panel.outcome.tables.values())
    sentence = panel.outcome.sentence.accessibleName()
    assert sentence.startswith("Better in part: the old detector was as good.")
    learner.end(BETTER)
    assert not panel.outcome.tables["detector"].isVisible()


def test_it_says_so_where_no_person_has_judged(panel, learner):
    learner.end(outcome(BETTER_ONE, judge="model"))
    assert "automatic labels, held out" in panel.outcome.tables["classifier"].heading.text()
    told = panel.outcome.sentence.accessibleName()
    assert told.startswith("Better on picks that were certain")
    assert "Measured on automatic labels only" in told


def test_changes_are_shown_one_by_one(panel, learner, session, click):
    asked = []
    learner.show_changed = lambda: asked.append("next change")
    learner.end(BETTER)
    click(panel.next_change)
    assert asked == ["next change"]
    nothing = TrainingOutcome((BETTER_ONE,), "person", "m00001", (4, 4), *[np.empty((0, 2))] * 2)
    learner.end(nothing)
    assert not panel.next_change.isEnabled()
