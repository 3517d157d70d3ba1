"""Pick when shown, and picking by example on a bare micrograph, with real clicks."""

from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_drpnet.plugin.panels.correct import CorrectPanel
from napari_drpnet.plugin.panels.run import RunPanel


def press(window, button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    window.settle()
    window.wait()
    window.settle()


def test_five_clicks_on_a_bare_micrograph_find_the_rest(window, discs):
    session, truth = window.session, next(iter(discs.values()))
    session.open_paths(list(discs))
    window.wait()
    window.picker.show_tab("Correct")
    window.settle()
    panel = window.picker.findChild(CorrectPanel)
    assert not panel.similar.find.isEnabled()
    for place in truth[:5]:
        window.click(place)
    assert session.current.accepted_count == 5
    assert "5" in panel.similar.count.text()
    session.change("particle", diameter_angstrom=36.0)
    press(window, panel.similar.find)
    assert 12 <= session.current.accepted_count <= 18
    press(window, panel.similar.discard)
    assert session.project.settings.detector.weights == "default"
    assert len(session.project.labels(session.current.id)) == 5


def test_after_pick_the_next_micrograph_is_picked_when_it_is_shown(window, discs):
    window.open(discs)
    window.session.store.picks_shown = None
    run = window.picker.findChild(RunPanel)
    press(window, run.pick)
    assert run.when_shown.isChecked()
    window.press("N")
    window.wait()
    window.settle()
    assert window.session.current.id == "m00002"
    assert window.session.current.accepted_count == 16
    assert len(window.viewer.layers["picks"].data) >= 16
