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
    panel.more.button.click()
    return panel


def shown(panel):
    """The names of the settings of a segmenter that are shown."""
    names = ("clearance", "probability", "least_area", "erosion", "rare")
    return {name for name in names if getattr(panel.segmenter, name).isVisible()}


def test_a_segmenter_is_offered_and_its_settings_only_while_it_is_used(
    panel, session, toy_segmenter
):
    assert panel.segmenter.weights.value == "none"
    session.change("particle", diameter_angstrom=36.0)
    assert shown(panel) == set()
    panel.segmenter.weights.value = toy_segmenter
    assert session.project.settings.segmenter.segmenter == toy_segmenter
    assert shown(panel) == {"clearance", "rare"}
    session.change("segmenter", segmenter="none")
    assert shown(panel) == set()
    session.change("detector", weights=toy_segmenter)
    assert shown(panel) == {"clearance", "probability", "least_area", "erosion", "rare"}


def test_the_slider_of_the_clearance_sets_and_resets_it(panel, session, toy_segmenter, type_into):
    session.change("particle", diameter_angstrom=36.0)
    session.change("segmenter", segmenter=toy_segmenter)
    clearance = panel.segmenter.clearance
    assert clearance.value == 0.25
    type_into(clearance.number, "1.5")
    assert session.project.settings.segmenter.clearance == 1.5
    clearance.reset.click()
    assert session.project.settings.segmenter.clearance is None
    assert clearance.value == 0.25


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
    assert viewer.layers[1].name == "P(particle)"
    session.change("detector", weights="default")
    wait(session)
    assert panel.histogram.caption == "height of the maximum"
    assert viewer.layers[1].name == "distance map"
