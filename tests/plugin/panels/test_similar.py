"""Pick by example, from the panel."""

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import Qt

from napari_drpnet.plugin.panels.similar import SimilarPanel


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = SimilarPanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    return panel


@pytest.fixture
def bare(panel, session, discs, wait):
    """A session with a micrograph that is not picked."""
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    return session


def press(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_five_examples_are_needed(panel, bare, discs):
    truth = next(iter(discs.values()))
    assert panel.count.text() == "Examples, added or accepted by you: 0 of at least 5"
    bare.current.add(truth[:4])
    assert panel.count.text().endswith(": 4 of at least 5")
    assert not panel.find.isEnabled()
    bare.current.add(truth[4:5])
    assert panel.count.text().endswith(": 5")
    assert panel.find.isEnabled()
    assert not panel.discard.isEnabled()


def test_what_is_found_can_be_discarded(panel, bare, discs, qtbot, wait):
    before = bare.project.settings
    bare.current.add(next(iter(discs.values()))[:6])
    press(qtbot, panel.find)
    wait(bare)
    assert bare.current.stored is not None
    assert panel.discard.isEnabled()
    press(qtbot, panel.discard)
    wait(bare)
    assert bare.project.settings == before
    assert bare.current.stored is None
    assert not panel.discard.isEnabled()
