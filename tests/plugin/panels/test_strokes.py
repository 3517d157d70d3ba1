import numpy as np
import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_drpnet.formats import write_class_map
from napari_drpnet.plugin.panels.strokes import StrokesPanel


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = StrokesPanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    return panel


@pytest.fixture
def opened(panel, session, discs, wait):
    session.open_paths(list(discs))
    wait(session)
    return panel


@pytest.fixture
def click(qtbot):
    return lambda button: qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def paint(viewer, rows=slice(10, 20), number=3):
    """Paint as napari's brush does."""
    layer = viewer.layers["strokes"]
    with layer.block_history():
        layer.data[rows, 10:40] = number
        layer.paint((rows.start, 5), number)


def test_nothing_can_be_chosen_without_a_micrograph(panel, session):
    assert not panel.look.isEnabled()
    assert not any(button.isEnabled() for button in panel.classes.values())
    assert not panel.clear.isEnabled()
    assert panel.look.isChecked()


def test_a_class_gives_the_mouse_to_napari_s_brush_and_look_takes_it_away(
    opened, viewer, session, click
):
    assert str(viewer.layers["strokes"].mode) == "pan_zoom"
    click(opened.classes[4])
    layer = viewer.layers["strokes"]
    assert viewer.layers.selection.active is layer
    assert (str(layer.mode), layer.selected_label) == ("paint", 4)
    click(opened.classes[0])
    assert layer.selected_label == 0
    click(opened.look)
    assert str(layer.mode) == "pan_zoom"
    assert viewer.layers.selection.active is viewer.layers["picks"]
    click(opened.tools["polygon"])
    assert str(layer.mode) == "polygon"
    assert opened.classes[0].isChecked()
    click(opened.tools["fill"])
    assert str(layer.mode) == "fill"
    layer.mode = "paint"  # in napari's own controls
    assert opened.tools["paint"].isChecked()


def test_a_panel_that_is_hidden_leaves_the_mouse_alone(opened, viewer, session, click):
    click(opened.classes[2])
    opened.hide()
    assert not session.view.paints
    assert viewer.layers["strokes"].visible
    opened.show()
    assert opened.look.isChecked()


def test_correcting_points_ends_painting(opened, session, click):
    click(opened.classes[2])
    session.view.tool = "click"
    assert not session.view.paints
    click(opened.classes[2])
    assert session.view.tool == "look"


def test_the_buttons_count_the_micrographs(opened, viewer, session, click, wait, qtbot):
    click(opened.classes[3])
    paint(viewer)
    qtbot.waitUntil(lambda: opened.classes[3].text() == "Ice (1)")
    assert opened.classes[4].text() == "Carbon"
    session.step(1)
    wait(session)
    paint(viewer, number=4)
    paint(viewer, slice(50, 60))
    qtbot.waitUntil(lambda: opened.classes[3].text() == "Ice (2)")
    assert opened.classes[4].text() == "Carbon (1)"
    assert opened.counts.text() == "2 micrographs with strokes"
    assert opened.classes[0].text() == "Not said"


def test_strokes_are_cleared_undone_and_done_again(opened, viewer, session, click):
    click(opened.classes[3])
    assert not opened.clear.isEnabled()
    paint(viewer)
    click(opened.clear)
    assert session.project.strokes == {}
    assert not opened.clear.isEnabled()
    click(opened.undo)
    assert viewer.layers["strokes"].data[12, 12] == 3
    click(opened.redo)
    assert not viewer.layers["strokes"].data.any()
    assert not opened.redo.isEnabled()


def test_the_brush_has_a_size_in_angstrom(opened, viewer, session, click, type_into):
    click(opened.classes[3])
    assert opened.brush.number.suffix() == " Å"
    assert opened.brush.value == 2.0 * session.view.stroke_brush  # of 2 Å pixels
    type_into(opened.brush.number, "51")
    assert session.view.stroke_brush == viewer.layers["strokes"].brush_size == 26
    assert opened.brush.value == 52.0
    viewer.layers["strokes"].brush_size = 40
    assert opened.brush.value == 80.0
    click(opened.brush.reset)
    assert session.view.stroke_brush == 16
    assert not opened.brush.reset.isEnabled()


def test_without_a_pixel_size_the_brush_has_one_in_pixels(
    panel, session, wait, tmp_path, write_discs
):
    write_discs(tmp_path / "a.mrc", pixel_size=0)
    session.open_paths([tmp_path / "a.mrc"])
    wait(session)
    assert panel.brush.number.suffix() == " px"
    assert panel.brush.value == 16


def test_a_dark_brush_has_a_cut(opened, viewer, session, click):
    click(opened.classes[3])
    assert not opened.cut.isEnabled()
    opened.dark.click()
    assert session.view.is_brush_dark
    assert "dark brush" in viewer.layers
    shown = (viewer.layers["dark brush"].data > 0).sum()
    opened.cut.slider.setValue(opened.cut.slider.minimum())
    assert session.view.dark_cut == -6.0
    assert (viewer.layers["dark brush"].data > 0).sum() < shown
    click(opened.cut.reset)
    assert session.view.dark_cut == -1.0
    viewer.layers.remove("dark brush")
    assert not opened.dark.isChecked()


def test_files_and_folders_are_imported(opened, session, click, wait, tmp_path, monkeypatch, discs):
    path = tmp_path / "labels" / "disc1.png"
    path.parent.mkdir()
    write_class_map(path, np.full((160, 160), 4, np.uint8))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(path.parent))
    first, second, _ = session.project.micrographs
    click(opened.load)
    wait(session)
    assert list(session.project.strokes) == [first]
    click(opened.load_folder)
    wait(session)
    assert list(session.project.strokes) == [first, second]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    before = session.project.state
    click(opened.load)
    click(opened.load_folder)
    wait(session)
    assert session.project.state is before


def test_strokes_of_a_file_of_another_size_are_named(
    opened, viewer, session, click, wait, write_discs, discs
):
    click(opened.classes[3])
    paint(viewer)
    path = session.current.record.path
    path.unlink()
    write_discs(path, side=200)
    session.step(1)
    wait(session)
    session.step(-1)
    wait(session)
    assert "160 × 160" in opened.obstacle.text()
    assert not opened.classes[3].isEnabled()
    click(opened.clear)
    assert opened.obstacle.isHidden()
    assert opened.classes[3].isEnabled()
