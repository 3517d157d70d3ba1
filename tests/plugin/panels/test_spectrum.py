"""The power spectrum on the panel View."""

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import Qt

from napari_drpnet.plugin.panels.spectrum import SpectrumPanel


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = SpectrumPanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_it_is_measured_when_it_is_opened(panel, session, discs, wait, qtbot):
    assert panel.plot.empty_text == "Open a micrograph"
    session.open_paths(list(discs))
    wait(session)
    assert session.spectrum.spectrum is None
    qtbot.mouseClick(panel.fold.button, Qt.MouseButton.LeftButton)
    assert panel.plot.empty_text == "Measuring…"
    wait(session)
    assert session.spectrum.spectrum is not None
    assert panel.plot.isVisible()
    assert "defocus" in panel.note.text()
    qtbot.mouseClick(panel.fold.button, Qt.MouseButton.LeftButton)
    assert not panel.plot.isVisible()


def test_the_rings_follow_the_voltage(panel, session, discs, wait):
    session.open_paths(list(discs))
    wait(session)
    record = session.current.record
    session.current.record = record.model_copy(update={"defocus_angstrom": 15_000.0})
    panel.voltage.setCurrentText("200 kV")
    assert panel.plot.radii == tuple(session.spectrum.zeros)
    first = panel.plot.radii[0]
    session.spectrum.voltage_kv = 300.0
    assert panel.voltage.currentText() == "300 kV"
    assert panel.plot.radii[0] > first
