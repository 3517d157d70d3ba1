import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.plugin.panels.peaks import PeaksPanel


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = PeaksPanel(viewer)
    qtbot.addWidget(panel)
    panel.resize(320, 700)
    panel.show()
    return panel


def test_a_segmenter_is_offered(panel, session, toy_segmenter):
    assert panel.segmenter.weights.value == "none"
    session.change("particle", diameter_angstrom=36.0)
    panel.segmenter.weights.value = toy_segmenter
    assert session.project.settings.segmenter.segmenter == toy_segmenter
    session.change("segmenter", segmenter="none")
    assert panel.segmenter.weights.value == "none"


def test_the_score_of_a_segmenter_is_no_height_of_a_map(
    panel, session, viewer, discs, wait, toy_segmenter
):
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0, polarity="dark")
    session.change("detector", weights=toy_segmenter)
    session.picking.pick_current()
    wait(session)
    assert panel.histogram.caption == "score"
    assert controller_of(viewer).session is session
    assert "P(particle)" in viewer.layers
    session.change("detector", weights="default")
    wait(session)
    assert panel.histogram.caption == "height of the maximum"
    assert "distance map" in viewer.layers
