"""The low-pass of the displayed micrograph, on the panels Pick and View."""

import mrcfile
import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import Qt

from napari_drpnet.images.display import DisplayParameters
from napari_drpnet.plugin.panels.lowpass import LowpassPanel
from napari_drpnet.project.actions import ACTIONS


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = LowpassPanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    return panel


@pytest.fixture
def box(panel):
    return panel.resolution.inner.native


def test_it_is_on_and_fits_the_particle(panel, box, session):
    assert panel.check.isChecked()
    assert box.text() == "20.0 Å"
    session.change("particle", diameter_angstrom=240.0)
    assert box.text() == "30.0 Å"
    assert session.view.display == DisplayParameters()


def test_a_number_is_kept_until_it_is_reset(panel, box, session, type_into, qtbot):
    type_into(box, "25")
    assert session.view.display.lowpass_angstrom == 25
    session.change("particle", diameter_angstrom=240.0)
    assert box.text() == "25.0 Å"
    qtbot.mouseClick(panel.resolution.reset, Qt.MouseButton.LeftButton)
    assert session.view.display.lowpass_angstrom is None
    assert box.text() == "30.0 Å"


def test_the_key_switches_it(panel, session):
    ACTIONS["lowpass"].run(session)
    assert not session.view.display.lowpass
    assert not panel.check.isChecked()
    assert not panel.resolution.native.isEnabled()
    assert "[L]" in panel.check.toolTip()


def test_without_a_pixel_size_it_says_why_nothing_is_smoothed(panel, session, tmp_path, wait):
    assert panel.hint.isHidden()
    path = tmp_path / "a.mrc"
    with mrcfile.new(path) as file:
        file.set_data(np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32))
    session.open_paths([path])
    wait(session)
    assert "pixel size" in panel.hint.text()
    assert not panel.resolution.native.isEnabled()
    session.change("particle", diameter_angstrom=80.0, pixel_size_angstrom=2.0)
    wait(session)
    assert panel.hint.isHidden()
    assert panel.resolution.native.isEnabled()
    ACTIONS["lowpass"].run(session)
    session.change("particle", pixel_size_angstrom=None)
    wait(session)
    assert panel.hint.isHidden()


def test_the_wheel_does_not_change_what_is_scrolled_past(box):
    assert box.focusPolicy() == Qt.FocusPolicy.StrongFocus
