import numpy as np
import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtCore import QPoint, Qt

from napari_drpnet.base.picks import Picks
from napari_drpnet.plugin.panels.two_scores import TwoScoresPanel
from napari_drpnet.project.storage.candidate_files import StoredCandidates

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = TwoScoresPanel(viewer)
    qtbot.addWidget(panel)
    panel.resize(320, 260)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.fixture
def judged(panel, session, discs, wait):
    """The session with 100 candidates: heights from 1 to 0, the higher the surer."""
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    session.change("peaks", threshold=0.5)
    height = np.linspace(0.995, 0.005, 100)
    centers = np.random.default_rng(0).uniform(0, 160, (100, 2))
    picks = Picks(centers, height, height, height, np.zeros(100, bool))
    stored = StoredCandidates("key", picks, (160, 160), 2.0, 18.0, "dark", 1.0)
    session.current.show_candidates(stored, None)
    return session


def test_it_says_why_it_is_empty(panel):
    assert "press Pick" in panel.plot.empty_text
    assert panel.recall.isHidden()


def test_both_lines_are_those_in_use(panel, judged):
    assert panel.plot.cuts == {"x": 0.5, "y": judged.current.accept}
    assert len(panel.plot.x) == 100
    judged.change("peaks", threshold=0.25)
    assert panel.plot.cuts["x"] == 0.25


def drag(qtbot, plot, start, goal):
    qtbot.mousePress(plot, LEFT, pos=start)
    qtbot.mouseMove(plot, (start + goal) / 2)
    qtbot.mouseMove(plot, goal)
    qtbot.mouseRelease(plot, LEFT, pos=goal)


def test_each_drag_is_live_and_one_step(panel, judged, qtbot):
    accepted, told = judged.current.accepted_count, panel.recall.text()
    frame, settings = panel.plot.frame(), judged.project.settings
    middle = QPoint(round(frame.center().x()), round(frame.top()) + 4)
    seen = []
    panel.plot.cut_dragged.connect(lambda *_: seen.append(judged.current.accepted_count))
    drag(qtbot, panel.plot, middle, middle + QPoint(60, 0))
    assert judged.project.settings.peaks.threshold > 0.6
    assert len(seen) == 2
    assert seen[1] < seen[0] < accepted
    assert panel.recall.text() != told
    judged.undo()
    assert judged.project.settings == settings
    assert panel.recall.text() == told


def test_the_other_line_fixes_accept(panel, judged, qtbot):
    plot = panel.plot
    place = plot.line("y", judged.current.accept)[0].toPoint() + QPoint(30, 0)
    drag(qtbot, plot, place, place - QPoint(0, 40))
    assert judged.project.settings.classifier.accept > 0.8
    judged.undo()
    assert judged.project.settings.classifier.accept is None


def test_the_recall_counts_candidates_below_the_threshold(panel, judged):
    judged.change("classifier", accept=0.0)
    height = np.linspace(0.995, 0.005, 100)
    recall = height[:50].sum() / height.sum()
    assert panel.recall.text().endswith(f"below the threshold: {recall:.2f}")
    assert "cannot know about particles that have no candidate" in panel.recall.toolTip()


def test_a_dot_shows_its_pick_and_says_its_scores(panel, judged, qtbot):
    places = []
    judged.selection.focus_requested.connect(places.append)
    qtbot.mouseClick(panel.plot, LEFT, pos=panel.plot.place(3).toPoint())
    row = panel.rows[3]
    assert places == [tuple(judged.current.review.centers_yx[row])]
    assert panel.plot.describe(3) == "height 0.965, P(particle) 0.96"
