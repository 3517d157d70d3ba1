from dataclasses import replace

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_drpnet.base.devices import Device
from napari_drpnet.picking.advice import Advice
from napari_drpnet.plugin.panels.particle import ParticlePanel
from napari_drpnet.project.controllers import device as device_probe


@pytest.fixture
def panel(qtbot, viewer, session, wait):
    panel = ParticlePanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    wait(session)
    return panel


@pytest.fixture
def opened(panel, session, discs, wait):
    session.open_paths(list(discs))
    wait(session)
    return session


@pytest.fixture
def notices(session):
    texts = []
    session.noticed.connect(lambda notice: texts.append(notice.text))
    return texts


def particle(session):
    return session.project.settings.particle


def spin(field):
    return field[0].native


def test_without_a_diameter_it_asks_for_one(panel, session, discs, wait):
    assert panel.diameter.native.text() == "give it in Å"
    assert panel.hint.isHidden()  # micrographs come first
    session.open_paths(list(discs))
    wait(session)
    assert "Type the particle diameter" in panel.hint.text()
    assert particle(session) is None


def test_a_typed_diameter_makes_the_particle(panel, session, type_into):
    type_into(panel.diameter.native, "182.5")
    assert particle(session).diameter_angstrom == 182.5
    assert panel.hint.isHidden()
    session.undo()
    assert panel.diameter.native.text() == "give it in Å"
    assert particle(session) is None


def test_a_diameter_of_zero_is_none(panel, session, type_into, notices):
    type_into(panel.diameter.native, "182.5")
    type_into(panel.diameter.native, "0")
    assert particle(session).diameter_angstrom == 182.5
    assert panel.diameter.value == 182.5
    assert notices == []


def test_another_diameter_leaves_the_rest_as_it_was(panel, session, type_into):
    type_into(panel.diameter.native, "100")
    panel.polarity.value = "bright"
    type_into(panel.diameter.native, "120")
    assert particle(session).polarity == "bright"
    assert particle(session).diameter_angstrom == 120


def test_the_pixel_size_of_the_file_is_shown_until_one_is_given(
    panel, opened, wait, type_into, viewer
):
    type_into(panel.diameter.native, "36")
    assert spin(panel.pixel_size).text() == "file: 2.0000 Å"
    type_into(spin(panel.pixel_size), "1.06")
    assert particle(opened).pixel_size_angstrom == 1.06
    assert spin(panel.pixel_size).text() == "1.0600 Å"
    wait(opened)
    opened.step(1)
    wait(opened)
    panel.pixel_size.value = None
    wait(opened)
    assert particle(opened).pixel_size_angstrom is None
    assert spin(panel.pixel_size).text() == "file: 2.0000 Å"


def test_all_layers_take_over_a_pixel_size_that_is_given(panel, opened, wait, viewer):
    opened.change("particle", diameter_angstrom=36.0)
    opened.picking.pick_current()
    wait(opened)
    opened.change("particle", pixel_size_angstrom=1.0)
    wait(opened)
    scales = {layer.name: layer.scale[0] for layer in viewer.layers}
    assert scales["micrograph"] == scales["picks"] == 1.0
    full = viewer.layers["distance map"].data.shape[0] * scales["distance map"]
    assert full == pytest.approx(160.0)


@pytest.fixture
def unknown(panel, session, tmp_path, write_discs, wait):
    """The session with a micrograph whose file does not say the pixel size."""
    assert spin(panel.pixel_size).text() == "from its header"
    write_discs(tmp_path / "unknown.mrc", pixel_size=0)
    session.open_paths([tmp_path / "unknown.mrc"])
    wait(session)
    return session


def test_a_file_that_does_not_know_its_pixel_size_is_told_of(panel, unknown, type_into):
    assert panel.pixel_size.enabled
    assert spin(panel.pixel_size).text() == "give it in Å"
    assert "You have to give" in spin(panel.pixel_size).toolTip()
    type_into(panel.diameter.native, "36")
    assert "does not say its pixel size" in panel.hint.text()
    type_into(spin(panel.pixel_size), "2")
    assert panel.hint.isHidden()


def focused(panel, qtbot, field):
    panel.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    field.selectAll()


def test_diameter_and_pixel_size_are_typed_one_after_the_other(panel, unknown, qtbot):
    focused(panel, qtbot, panel.diameter.native)
    for text, key in (("300", Qt.Key.Key_Tab), ("5.36", Qt.Key.Key_Return)):
        qtbot.keyClicks(QApplication.focusWidget(), text)
        qtbot.keyClick(QApplication.focusWidget(), key)
    assert particle(unknown).diameter_angstrom == 300
    assert particle(unknown).pixel_size_angstrom == 5.36
    assert spin(panel.pixel_size).text() == "5.3600 Å"


def test_the_pixel_size_and_the_polarity_may_come_first(panel, unknown, type_into):
    panel.polarity.value = "bright"
    type_into(spin(panel.pixel_size), "2")
    assert particle(unknown) is None
    assert spin(panel.pixel_size).text() == "2.0000 Å"
    assert panel.polarity.value == "bright"
    type_into(panel.diameter.native, "36")
    assert particle(unknown).pixel_size_angstrom == 2
    assert particle(unknown).polarity == "bright"


def test_a_file_that_is_read_meanwhile_leaves_what_is_typed(panel, session, discs, wait, qtbot):
    field = spin(panel.pixel_size)
    focused(panel, qtbot, field)
    qtbot.keyClicks(field, "5,3")
    session.open_paths(list(discs))
    wait(session)
    assert session.current.pixel_size_angstrom == 2.0
    qtbot.keyClicks(field, "6")
    assert field.text() == "5.36 Å"
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert session.current.pixel_size_angstrom == 5.36


def test_a_number_that_is_not_finished_gives_way_to_the_file(panel, session, discs, wait, qtbot):
    field = spin(panel.pixel_size)
    focused(panel, qtbot, field)
    qtbot.keyClicks(field, "5")
    session.open_paths(list(discs))
    wait(session)
    qtbot.keyClick(field, Qt.Key.Key_Backspace)
    panel.diameter.native.setFocus()
    assert field.text() == "file: 2.0000 Å"
    assert session.current.pixel_size_angstrom == 2.0


def test_without_a_pixel_size_the_measured_diameter_waits_for_it(
    panel, unknown, qtbot, notices, type_into
):
    qtbot.mouseClick(panel.measure_button, Qt.MouseButton.LeftButton)
    assert panel.measure.is_on
    panel.measure.stop()
    panel.measure.measured.emit(18.2)
    assert "Measured 18 pixels: give the pixel size" in panel.hint.text()
    type_into(spin(panel.pixel_size), "2")
    assert panel.diameter.value == particle(unknown).diameter_angstrom == 36.4
    assert panel.hint.isHidden()
    assert notices == []


def test_pick_leads_to_the_field_that_is_missing(panel, unknown, qtbot):
    panel.activateWindow()
    for field, text in ((panel.diameter.native, "36"), (spin(panel.pixel_size), "2")):
        unknown.picking.pick_current()
        qtbot.waitUntil(field.hasFocus)
        qtbot.keyClicks(field, text)
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert particle(unknown).pixel_size_angstrom == 2


def test_the_polarity_that_was_found_is_told(panel, opened, wait):
    assert panel.polarity.native.currentText() == "auto"
    opened.change("particle", diameter_angstrom=36.0)
    opened.picking.pick_current()
    wait(opened)
    assert panel.polarity.native.currentText() == "auto: dark"
    assert panel.hint.isHidden()
    doubt = Advice("polarity", "It is uncertain whether particles are dark or bright.")
    opened.current.show_candidates(replace(opened.current.stored, advice=(doubt,)), None)
    assert panel.polarity.native.currentText() == "auto: dark?"
    assert panel.hint.isHidden()  # said once: below the buttons
    panel.polarity.value = "dark"
    assert particle(opened).polarity == "dark"
    assert panel.polarity.native.currentText() == "dark"


def test_measuring_by_drawing_gives_the_diameter(panel, opened, qtbot):
    qtbot.mouseClick(panel.measure_button, Qt.MouseButton.LeftButton)
    assert panel.measure.is_on
    assert "Draw across a particle" in panel.hint.text()
    panel.measure.stop()
    assert not panel.measure_button.isChecked()
    panel.measure.start()
    assert panel.measure_button.isChecked()
    panel.measure.stop()
    panel.measure.measured.emit(90.617)
    assert particle(opened).diameter_angstrom == 181.2
    assert panel.diameter.value == 181.2


def test_the_button_ends_measuring_too(panel, opened, qtbot):
    for is_on in (True, False):
        qtbot.mouseClick(panel.measure_button, Qt.MouseButton.LeftButton)
        assert panel.measure.is_on == is_on


def test_measuring_needs_a_micrograph(panel, qtbot, notices):
    qtbot.mouseClick(panel.measure_button, Qt.MouseButton.LeftButton)
    assert notices == ["Open a micrograph first."]
    assert not panel.measure_button.isChecked()


def test_out_of_sight_it_measures_no_more(panel, opened, viewer):
    before = len(viewer.mouse_drag_callbacks)
    panel.measure.start()
    panel.hide()
    assert not panel.measure.is_on
    assert len(viewer.mouse_drag_callbacks) == before


def test_a_panel_that_is_deleted_measures_no_more(qtbot, opened, viewer):
    before = len(viewer.mouse_drag_callbacks)
    panel = ParticlePanel(viewer)
    measure = panel.measure
    measure.start()
    with qtbot.waitSignal(panel.destroyed):
        panel.deleteLater()
    assert not measure.is_on
    assert len(viewer.mouse_drag_callbacks) == before
    opened.change("particle", diameter_angstrom=50.0)


def test_the_detector_is_chosen_by_name_or_file(panel, session, toy_weights, monkeypatch):
    assert "default" in panel.weights.choices
    assert "classifier-default" not in panel.weights.choices
    path = str(toy_weights / "detector-default.safetensors")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    box = panel.weights.native
    box.setCurrentIndex(box.findText("Other file…"))
    assert session.project.settings.detector.weights == path
    assert box.currentText() == "detector-default.safetensors"
    session.undo()
    assert box.currentText() == "default"


def test_giving_no_file_changes_nothing(panel, session, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    before = session.project.settings
    box = panel.weights.native
    box.setCurrentIndex(box.findText("Other file…"))
    assert session.project.settings is before
    assert box.currentText() == "default"


def test_the_device_is_told_with_its_reason(panel, session, wait, monkeypatch):
    assert panel.device.text() == "CPU: as requested"

    def choose(request):
        if request == "cuda":
            raise ValueError("device 'cuda' cannot be used; this machine offers cpu")
        return Device("cuda:0", "NVIDIA H200")

    monkeypatch.setattr(device_probe, "choose_device", choose)
    session.change("detector", device="cuda")
    wait(session)
    assert "cannot be used" in panel.device.text()
    assert "●" in panel.device.text()
    session.change("detector", device="auto")
    wait(session)
    assert panel.device.text() == "CUDA: NVIDIA H200"
