from threading import Event

import pytest

from waiting import LIMIT_S

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import QPoint, Qt

from napari_drpnet.images.display import DisplayParameters
from napari_drpnet.plugin.panels.view import ViewPanel


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = ViewPanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    return panel


@pytest.fixture
def opened(panel, session, discs, wait):
    session.open_paths(list(discs))
    wait(session)
    return session


@pytest.fixture
def click(qtbot):
    """A function that clicks on the left of a button, where a box to tick is."""

    def press(button):
        place = QPoint(10, button.height() // 2)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=place)

    return press


def pixels(panel):
    return panel.controller.micrograph.slot.layer.data


def test_the_micrograph_is_drawn_as_chosen(panel, opened, click, wait):
    click(panel.lowpass.check)
    wait(opened)
    plain = pixels(panel)
    click(panel.lowpass.check)
    wait(opened)
    smooth = pixels(panel)
    assert smooth.std() < plain.std() / 1.2
    panel.lowpass.resolution.value = 60
    wait(opened)
    assert pixels(panel).std() < smooth.std()
    click(panel.lowpass.check)
    click(panel.invert)
    wait(opened)
    assert pixels(panel) == pytest.approx(-plain)
    click(panel.invert)
    click(panel.clahe)
    wait(opened)
    assert pixels(panel).min() >= 0
    assert pixels(panel).max() <= 1
    assert opened.view.display == DisplayParameters(lowpass=False, lowpass_angstrom=60, clahe=True)


def test_picks_do_not_depend_on_how_it_is_drawn(panel, opened, click, wait):
    opened.change("particle", diameter_angstrom=36.0)
    opened.picking.pick_current()
    wait(opened)
    before = opened.current.review.centers_yx
    for box in (panel.lowpass.check, panel.clahe, panel.invert):
        click(box)
    opened.picking.pick_current()
    wait(opened)
    assert (opened.current.review.centers_yx == before).all()


def test_a_slow_drawing_is_shown(panel, opened, qtbot):
    assert panel.busy.text() == ""
    drawn = Event()
    opened.runner.submit("image", lambda job: drawn.wait(LIMIT_S), lambda _: None)
    qtbot.waitUntil(lambda: panel.busy.text() == "drawing…")
    drawn.set()
    qtbot.waitUntil(lambda: panel.busy.text() == "")


@pytest.mark.parametrize("field", ["show_points", "show_rejected", "show_map", "show_classes"])
def test_what_is_drawn_over_it_goes_both_ways(panel, session, click, field):
    box = panel.toggles[field]
    assert box.isChecked()
    click(box)
    assert not getattr(session.view, field)
    setattr(session.view, field, True)
    assert box.isChecked()


def test_the_box_of_a_pick_is_drawn_when_it_is_ticked(panel, opened, click):
    box = panel.toggles["show_boxes"]
    assert not box.isChecked()
    click(box)
    assert opened.view.show_boxes
    opened.view.show_boxes = False
    assert not box.isChecked()


def test_the_box_size_is_that_of_export(panel, opened, type_into):
    opened.change("particle", diameter_angstrom=36.0)
    line = panel.box_size.inner.native
    assert line.value() == 28
    assert panel.box_size.value is None
    type_into(line.lineEdit(), "64")
    assert opened.exporter.choice.box_size_px == 64
    opened.exporter.choose(box_size_px=32)
    assert panel.box_size.value == 32
    panel.box_size.reset.click()
    assert opened.exporter.choice.box_size_px is None
    opened.change("particle", diameter_angstrom=60.0)
    assert line.value() == 46


@pytest.mark.parametrize(
    ("name", "field"), [("picks", "show_points"), ("distance map", "show_map")]
)
def test_the_box_of_a_deleted_layer_is_not_ticked_and_brings_it_back(
    panel, opened, viewer, click, wait, name, field
):
    opened.change("particle", diameter_angstrom=36.0)
    opened.picking.pick_current()
    wait(opened)
    viewer.layers.remove(name)
    assert not panel.toggles[field].isChecked()
    click(panel.toggles[field])
    assert viewer.layers[name].visible
    assert panel.toggles[field].isChecked()


def test_tooltips_tell_the_keys(panel):
    keys = {"show_points": "[H]", "show_rejected": "[R]", "show_map": "[D]", "show_classes": "[K]"}
    assert {field: panel.toggles[field].toolTip()[-3:] for field in keys} == keys


def test_the_box_of_the_map_has_its_name(panel, opened, wait, toy_segmenter):
    box = panel.toggles["show_map"]
    assert box.text() == "Detector map"
    opened.change("particle", diameter_angstrom=36.0, polarity="dark")
    opened.picking.pick_current()
    wait(opened)
    assert box.text() == "Distance map"
    opened.change("detector", weights=toy_segmenter)
    wait(opened)
    assert box.text() == "P(particle)"
    opened.step(1)
    assert box.text() == "P(particle)"


def test_the_opacity_of_the_map_goes_both_ways(panel, opened, wait):
    panel.opacity.setValue(30)
    opened.change("particle", diameter_angstrom=36.0)
    opened.picking.pick_current()
    wait(opened)
    layer = panel.controller.map.slot.layer
    assert layer.opacity == pytest.approx(0.3)
    panel.opacity.setValue(80)
    assert layer.opacity == pytest.approx(0.8)
    layer.opacity = 0.4
    assert (panel.opacity.value(), panel.percent.text()) == (40, "40 %")
    panel.controller.viewer.layers.remove(layer)
    panel.opacity.setValue(60)
    assert opened.view.map_opacity == pytest.approx(0.6)


def test_the_scale_bar_goes_both_ways(panel, viewer, click):
    click(panel.scale_bar)
    assert viewer.canvas.overlays.scale_bar.visible
    viewer.canvas.overlays.scale_bar.visible = False
    assert not panel.scale_bar.isChecked()


def test_auto_contrast_comes_back_from_any_contrast(panel, opened, click):
    layer = panel.controller.micrograph.slot.layer
    before = list(layer.contrast_limits)
    layer.contrast_limits_range = (-1000, 1000)
    layer.contrast_limits = (-500, 500)
    click(panel.auto_contrast)
    assert layer.contrast_limits == pytest.approx(before)


def test_without_a_micrograph_there_is_no_contrast_to_choose(panel, session, discs, wait):
    assert not panel.auto_contrast.isEnabled()
    session.open_paths(list(discs))
    wait(session)
    assert panel.auto_contrast.isEnabled()


def test_the_contrast_in_standard_deviations_goes_both_ways(panel, opened, click, type_into):
    layer = panel.controller.micrograph.slot.layer
    fitting = list(layer.contrast_limits)
    image = opened.current.image.display
    assert panel.contrast.value == pytest.approx(image.fitting_deviations)
    type_into(panel.contrast.number, "2")
    assert layer.contrast_limits == pytest.approx(image.limits(2.0))
    panel.contrast.slider.setValue(panel.contrast.slider.maximum())
    assert layer.contrast_limits == pytest.approx(image.limits(6.0))
    opened.view.contrast_deviations = 3.0
    assert panel.contrast.value == 3
    click(panel.contrast.reset)
    assert layer.contrast_limits == pytest.approx(fitting)
    assert opened.view.contrast_deviations is None
    assert not panel.contrast.reset.isEnabled()


def test_the_contrast_in_standard_deviations_holds_for_the_next_micrograph(
    panel, opened, type_into, wait
):
    type_into(panel.contrast.number, "2")
    opened.step(1)
    wait(opened)
    limits = opened.current.image.display.limits(2.0)
    assert panel.controller.micrograph.slot.layer.contrast_limits == pytest.approx(limits)
