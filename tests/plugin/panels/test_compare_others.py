import numpy as np
import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtCore import Qt

from napari_drpnet.formats import Coordinates, write_coordinates
from napari_drpnet.plugin.panels.compare_others import CompareOthers


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = CompareOthers(viewer)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.fixture
def theirs(discs, tmp_path):
    """Picks of another program on the first two of three micrographs."""
    for path, centers in list(discs.items())[:2]:
        coordinates = Coordinates(centers[1:], np.ones(len(centers) - 1))
        write_coordinates(tmp_path / "theirs" / f"{path.stem}.csv", coordinates)
    return tmp_path / "theirs"


def test_numbers_are_shown_and_a_hint_where_there_are_none(
    panel, session, discs, theirs, wait, qtbot
):
    assert not panel.positions.load.isEnabled()
    session.open_paths(list(discs))
    wait(session)
    assert not panel.body.isVisible()
    session.other_picks.load(theirs)
    wait(session)
    assert panel.positions.source.text() == "theirs"
    assert panel.hint.accessibleName() == "Press Pick to count."
    assert panel.counts["agreed"].text() == "Agreed: –"
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_current()
    wait(session)
    shown = [label.text() for label in panel.counts.values()]
    assert shown == ["Agreed: 15", "Only ours: 1", "Only theirs: 0"]
    assert not panel.hint.isVisible()
    session.step(2)
    wait(session)
    assert panel.hint.accessibleName() == "No other picks for this micrograph."
    assert not panel.body.isVisible()
    qtbot.mouseClick(panel.positions.forget, Qt.MouseButton.LeftButton)
    assert not panel.hint.isVisible()


def test_the_box_and_the_view_agree(panel, picked, theirs, wait, qtbot):
    session = picked.session
    session.other_picks.load(theirs)
    wait(session)
    qtbot.mouseClick(panel.shown, Qt.MouseButton.LeftButton)
    assert not session.view.show_other_picks
    session.view.show_other_picks = True
    assert panel.shown.isChecked()
