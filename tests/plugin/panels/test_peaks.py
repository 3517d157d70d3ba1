import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import Qt

from napari_drpnet.base.picks import Picks
from napari_drpnet.plugin.panels.peaks import PeaksPanel
from napari_drpnet.project.storage.store import StoredCandidates


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = PeaksPanel(viewer)
    qtbot.addWidget(panel)
    panel.resize(320, 500)
    panel.show()
    return panel


@pytest.fixture
def picked(panel, session, discs, wait, qtbot):
    """The session with the first of three micrographs picked."""
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_current()
    wait(session)
    qtbot.wait(1)
    return session


@pytest.fixture
def show_many(session, wait, discs):
    """A function that shows candidates with heights from 0 to 1, in the units of the detector."""

    def show(count, **settings):
        session.open_paths(list(discs))
        wait(session)
        session.change("particle", diameter_angstrom=36.0)
        height = np.linspace(1, 0, count)
        centers = np.random.default_rng(0).uniform(0, 4096, (count, 2))
        picks = Picks(centers, height, height / 2, height[::-1], np.zeros(count, bool))
        stored = StoredCandidates("key", picks, (4096, 4096), 2.0, 18.0, "dark", 1.0)
        session.current.show_candidates(stored, None)

    return show


def peaks(session):
    return session.project.settings.peaks


def test_without_a_diameter_there_are_no_sliders(panel, session):
    assert not panel.live.isVisible()
    session.change("particle", diameter_angstrom=36.0)
    assert panel.live.isVisible()
    assert panel.sigma.value == 1.5
    assert panel.counts.isHidden()


def test_picks_are_counted(panel, picked):
    above = picked.current.above_count
    assert panel.counts.text() == f"{above} picks above the threshold, 16 accepted"
    picked.current.set_label([0], False)
    assert panel.counts.text() == f"{above} picks above the threshold, 15 accepted"
    picked.step(1)
    assert panel.counts.isHidden()


def test_dragging_the_cut_moves_threshold_slider_and_counts_at_once(
    panel, session, show_many, drag_cut
):
    show_many(101)
    drag_cut(panel.histogram, 0.2, 0.4, 0.6)
    threshold = peaks(session).threshold
    assert threshold == pytest.approx(0.6, abs=0.01)
    assert panel.threshold.value == panel.histogram.cut == threshold
    count = session.current.above_count
    assert count == pytest.approx(41, abs=1)
    assert panel.counts.text().startswith(f"{count} picks above")
    session.undo()  # the whole drag
    assert peaks(session).threshold is None
    assert panel.histogram.cut == 0


def test_the_slider_moves_the_cut(panel, session, show_many, qtbot):
    show_many(101)
    qtbot.keyClick(panel.threshold.slider, Qt.Key.Key_PageUp)
    assert peaks(session).threshold == panel.histogram.cut > 0


def test_a_level_multiplies_the_threshold_under_the_cut(panel, session, show_many, drag_cut):
    show_many(101)
    session.change("peaks", threshold=0.2, level=2)
    assert panel.histogram.cut == 0.4
    drag_cut(panel.histogram, 0.8)
    assert peaks(session).threshold == pytest.approx(0.4, abs=0.01)
    assert panel.histogram.cut == pytest.approx(0.8, abs=0.02)


def test_one_pick_is_one_pick(panel, session, show_many):
    show_many(11)
    session.change("peaks", threshold=0.95)
    assert panel.counts.text().startswith("1 pick above the threshold, ")


def test_the_histogram_holds_all_candidates_and_only_new_ones_change_it(
    panel, picked, monkeypatch, wait
):
    told = []
    monkeypatch.setattr(panel.histogram, "set_histogram", lambda *_: told.append(_))
    picked.change("peaks", threshold=2.0)
    assert told == []
    picked.change("peaks", sigma_px=2.5)
    wait(picked)
    assert len(told) == 1
    assert told[0][1].sum() == len(picked.current.review.candidates)


def test_the_caption_says_which_score_is_cut(panel, picked, wait):
    assert panel.histogram.caption == "height of the maximum"
    picked.change("peaks", threshold=1.0, score="prominence")
    wait(picked)
    assert panel.histogram.caption == "prominence of the maximum"


def test_sigma_finds_other_candidates(panel, picked, qtbot, wait, type_into):
    before = picked.current.review.candidates.height.max()
    type_into(panel.sigma.number, "0.5")
    assert peaks(picked).sigma_px == 0.5
    wait(picked)
    assert picked.current.review.candidates.height.max() > before
    qtbot.wait(1)
    assert panel.stale.isHidden()


def test_an_empty_histogram_says_why(panel, session, discs, wait, qtbot):
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    assert panel.histogram.empty_text == "No picks yet: press Pick"
    session.current.record.path.write_bytes(b"nothing")
    session.picking.pick_current()
    qtbot.waitUntil(lambda: panel.histogram.empty_text == "Picking…")
    wait(session)
    qtbot.waitUntil(lambda: "see the orange message" in panel.histogram.empty_text)
    session.step(1)
    assert panel.histogram.empty_text == "No picks yet: press Pick"


def test_it_tells_when_pick_must_be_pressed_again(panel, picked, qtbot, wait):
    assert panel.stale.isHidden()
    picked.change("particle", diameter_angstrom=40.0)
    qtbot.waitUntil(lambda: not panel.stale.isHidden())
    assert panel.stale.accessibleName() == "Picked at 36 Å: press Pick."
    picked.undo()
    qtbot.waitUntil(panel.stale.isHidden)
    picked.change("particle", diameter_angstrom=40.0)
    picked.picking.pick_current()
    wait(picked)
    qtbot.wait(1)
    assert panel.stale.isHidden()


def test_it_never_asks_for_pick_while_a_slider_follows_by_itself(panel, picked, qtbot, wait):
    said, say = [], panel.stale.say
    panel.stale.say = lambda text: (said.append(text), say(text))
    for sigma in (1.0, 2.0, 3.0):
        picked.change("peaks", live=True, sigma_px=sigma)
        qtbot.wait(5)
    picked.settle()
    wait(picked)
    qtbot.wait(5)
    assert set(said) == {""}


def test_rare_settings_are_one_click_away(panel, picked, qtbot, wait):
    assert not panel.units.native.isVisible()
    qtbot.mouseClick(panel.more.button, Qt.MouseButton.LeftButton)
    assert panel.units.native.isVisible()
    panel.units.value = "published"
    assert picked.project.settings.detector.map_units == "published"
    assert "give a threshold" in picked.problem
    picked.change("peaks", threshold=100.0)
    picked.picking.pick_current()
    wait(picked)
    assert panel.histogram.edges[-1] == 255
    assert panel.threshold.value == panel.histogram.cut == 100
