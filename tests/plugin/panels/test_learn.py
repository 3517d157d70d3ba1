"""Part of the panel Segment that trains the segmenter on strokes."""

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from napari_drpnet.base.segmentation import BACKGROUND, ICE
from napari_drpnet.plugin.canvas.layers.class_changes import CLASS_CHANGES
from napari_drpnet.plugin.panels.learn import LearnPanel
from napari_drpnet.project.controllers import stroke_learning
from napari_drpnet.training.from_strokes.recipe import StrokeRecipe

RECIPE = StrokeRecipe(penalty=1e-4)


@pytest.fixture
def panel(
    qtbot, viewer, session, wait, use_untrained_segmenter, write_dirty, tmp_path, monkeypatch
):
    """The panel with a micrograph with a film; the segmenter has learned nothing yet."""
    monkeypatch.setattr(stroke_learning, "StrokeRecipe", lambda: RECIPE)
    path = tmp_path / "dirty" / "dirty.mrc"
    write_dirty(path)
    panel = LearnPanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    session.open_paths([path])
    wait(session)
    session.change("particle", diameter_angstrom=36.0, polarity="dark")
    return panel


def paint(session):
    painted = session.strokes.classes.copy()
    for row in (20, 80):
        painted[row : row + 40, 128:150] = ICE
        painted[row : row + 40, 10:30] = BACKGROUND
    session.strokes.take(painted)


def layer(viewer):
    return next((each for each in viewer.layers if each.name == CLASS_CHANGES), None)


def test_it_says_what_is_missing(panel, session):
    assert not panel.learn.isEnabled()
    assert panel.hint.accessibleName().startswith("Paint strokes of at least 2 classes")
    paint(session)
    assert panel.learn.isEnabled()
    assert not panel.hint.isVisible()
    session.undo()
    assert not panel.learn.isEnabled()


def test_the_outcome_is_shown_and_outlined_until_it_is_kept(panel, session, viewer, wait):
    paint(session)
    panel.learn.click()
    wait(session)
    assert panel.keep.isVisible()
    shown = {name: cells for name, cells in panel.scores.cells.items() if cells[0].isVisible()}
    assert set(shown) == {"background", "ice"}
    assert float(shown["ice"][2].text()) > 0.7
    assert "of this micrograph would change" in panel.changed.accessibleName()
    assert panel.sentence.accessibleName().startswith("Better")
    assert layer(viewer).visible
    assert (layer(viewer).data == ICE).any()
    panel.keep.click()
    wait(session)
    assert not panel.keep.isVisible()
    assert panel.kept.isVisible()
    assert not layer(viewer).visible
    assert session.project.settings.segmenter.segmenter.endswith("segmenter-1.safetensors")
    session.undo()
    assert not panel.kept.isVisible()


def test_a_discarded_outcome_disappears(panel, session, viewer, wait):
    paint(session)
    panel.learn.click()
    wait(session)
    viewer.layers.remove(CLASS_CHANGES)
    panel.discard.click()
    assert not panel.keep.isVisible()
    assert layer(viewer) is None
    panel.learn.click()
    wait(session)
    assert layer(viewer).visible
