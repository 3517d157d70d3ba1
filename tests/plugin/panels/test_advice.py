from dataclasses import replace

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from napari_drpnet.picking.advice import Advice
from napari_drpnet.plugin.panels.advice import AdvicePanel

DOUBT = Advice("polarity", "It is uncertain whether particles are dark or bright.")


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = AdvicePanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    return panel


@pytest.fixture
def picked(panel, session, discs, wait):
    """The session with a micrograph picked at a size that is nothing odd."""
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=42.0)
    session.picking.pick_current()
    wait(session)
    return session


def said(panel):
    return [topic for topic, hint in panel.hints.items() if not hint.isHidden()]


def test_where_nothing_is_odd_nothing_is_said(panel, picked):
    assert said(panel) == []


def test_too_few_picks_are_explained_until_there_are_some(panel, picked):
    picked.change("classifier", live=True, accept=0.9)  # all have 0.73
    assert said(panel) == ["picks"]
    assert "the highest P(particle) is 0.73, and accept is 0.90" in panel.hints["picks"].text()
    assert "●" in panel.hints["picks"].text()
    picked.change("classifier", live=True, accept=0.7)
    assert said(panel) == []


def test_doubt_of_the_polarity_stays_until_that_is_given(panel, picked):
    picked.current.show_candidates(replace(picked.current.stored, advice=(DOUBT,)), None)
    assert said(panel) == ["polarity"]
    picked.change("peaks", threshold=2.0)
    assert said(panel) == ["polarity"]
    picked.change("particle", polarity="dark")
    assert said(panel) == []
    picked.undo()
    assert said(panel) == ["polarity"]


def test_another_micrograph_is_another_matter(panel, picked):
    picked.change("classifier", accept=0.9)
    picked.step(1)
    assert said(panel) == []
