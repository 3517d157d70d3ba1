"""The whole panel, as a user works through it."""

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import Qt

from napari_drpnet.plugin.panels.pick import PickPanel


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = PickPanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_from_a_diameter_to_picks_and_back(panel, session, discs, wait, qtbot, type_into):
    session.open_paths(list(discs))
    wait(session)
    type_into(panel.particle.diameter.native, "36")
    qtbot.mouseClick(panel.run.pick, Qt.MouseButton.LeftButton)
    wait(session)
    assert panel.peaks.counts.text().endswith("16 accepted")
    type_into(panel.peaks.threshold.number, "1000")
    assert panel.peaks.counts.text() == "0 picks above the threshold, 0 accepted"
    session.undo()
    assert panel.peaks.counts.text().endswith("16 accepted")


def test_it_fits_into_the_dock(panel, session, discs, wait):
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_current()
    wait(session)
    panel.peaks.more.button.click()
    assert panel.minimumSizeHint().width() <= 330
    assert panel.sizeHint().width() <= 330


def test_a_panel_that_is_gone_hears_nothing_more(session, discs, wait, qtbot, viewer):
    panel = PickPanel(viewer)
    with qtbot.waitSignal(panel.destroyed):
        panel.deleteLater()
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_current()
    wait(session)
    assert session.current.accepted_count == 16
