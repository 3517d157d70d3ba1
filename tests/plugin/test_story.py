"""The whole story in a real window, with real clicks: from an empty folder to RELION's files."""

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_drpnet.formats import read_coordinates
from napari_drpnet.project.points.review import State, is_accepted
from napari_drpnet.relion.lists import read_index

DIAMETER = 36.0


class Person:
    """Somebody in front of the window."""

    def __init__(self, qtbot, viewer, picker):
        self.qtbot, self.viewer, self.picker = qtbot, viewer, picker
        self.session = picker.session
        self.canvas = viewer.window._qt_viewer.canvas.native

    def panel(self, title):
        self.picker.show_tab(title)
        QApplication.processEvents()
        return self.picker.tabs.currentWidget().widget()

    def wait(self):
        self.qtbot.waitUntil(lambda: not self.session.runner.is_busy)
        QApplication.processEvents()

    def point_of(self, center_yx):
        """Where on the canvas a place of the micrograph is."""
        world = self.viewer.layers["picks"].data_to_world(center_yx)
        camera = self.viewer.scene.camera
        y, x = (np.array(world) - camera.center[-2:]) * camera.zoom
        return QPoint(round(self.canvas.width() / 2 + x), round(self.canvas.height() / 2 + y))

    def click(self, center_yx):
        at = self.point_of(center_yx)
        QTest.mouseMove(self.canvas, at)
        QTest.mouseClick(self.canvas, Qt.MouseButton.LeftButton, pos=at)
        QApplication.processEvents()

    def drag(self, *centers_yx, modifier=Qt.KeyboardModifier.NoModifier):
        points = [self.point_of(center) for center in centers_yx]
        button = Qt.MouseButton.LeftButton
        QTest.mousePress(self.canvas, button, modifier, points[0])
        for point in points[1:]:
            self.move(point, modifier)
        QTest.mouseRelease(self.canvas, button, modifier, points[-1])
        QApplication.processEvents()

    def move(self, point, modifier):
        """Move with a button held down, which `QTest.mouseMove` cannot."""
        from qtpy.QtCore import QEvent, QPointF
        from qtpy.QtGui import QMouseEvent

        there = self.canvas.mapToGlobal(point)
        button = Qt.MouseButton.LeftButton
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(point),
            QPointF(there),
            Qt.MouseButton.NoButton,
            button,
            modifier,
        )
        QApplication.sendEvent(self.canvas, event)
        QApplication.processEvents()

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        self.canvas.setFocus()
        QTest.keyClick(self.canvas, key, modifier)
        QApplication.processEvents()


def docks(viewer):
    return dict(viewer.window.dock_widgets)


@pytest.fixture
def open_window(qtbot, new_viewer):
    """A function that opens the window with the picker, as the user does."""

    def open_it():
        viewer = new_viewer()
        viewer.window.resize(1366, 768)
        _, picker = viewer.window.add_plugin_dock_widget("napari-drpnet", "DRPnet picker")
        qtbot.waitUntil(lambda: any(name.startswith("Micrographs") for name in docks(viewer)))
        return Person(qtbot, viewer, picker)

    return open_it


@pytest.fixture
def folder(tmp_path, write_discs):
    """A folder with two micrographs of 16 discs, and their true centres."""
    return tmp_path / "Micrographs", {
        name: write_discs(tmp_path / "Micrographs" / name, seed=seed)
        for seed, name in enumerate(("a.mrc", "b.mrc"))
    }


@pytest.mark.slow
def test_from_an_empty_window_to_relion_and_back(
    open_window, folder, tmp_path, monkeypatch, drag_cut, type_into
):
    micrographs, truth = folder
    person = open_window()
    session, current = person.session, person.session.current

    # Open the folder.
    (table,) = (dock for name, dock in docks(person.viewer).items() if "Micrographs" in name)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(micrographs))
    entries = table.open_button.menu().actions()
    next(entry for entry in entries if entry.text() == "Folder…").trigger()
    person.wait()
    assert list(current.image.display.frame.full_shape) == [160, 160]

    # Give the diameter, press Pick.
    pick = person.panel("Pick")
    type_into(pick.particle.diameter.native, str(DIAMETER))
    QTest.mouseClick(pick.run.pick, Qt.MouseButton.LeftButton)
    person.wait()
    assert current.accepted_count == 16
    layer = person.viewer.layers["picks"]

    # The same parameters on the command line give the same picks.
    assert_same_on_the_command_line(session, micrographs, tmp_path)

    # Drag the cut and the sliders: the points follow.
    histogram = pick.peaks.histogram
    middle = float(np.median(current.stored.picks.height))
    drag_cut(histogram, histogram.cut, middle)
    cut = session.plan.parameters.peaks.threshold
    assert abs(cut - middle) < 0.05
    assert current.above_count == np.count_nonzero(current.stored.picks.height >= cut)
    assert np.count_nonzero(layer.size) == current.above_count < 16
    sigma = pick.peaks.sigma.slider
    sigma.setFocus()
    for _ in range(5):
        QTest.keyClick(sigma, Qt.Key.Key_PageUp)
    person.wait()
    assert session.plan.parameters.peaks.sigma_px > 1.5
    assert current.above_count < 16
    classify = person.panel("Classify")
    # The toy classifier says 0.73 of everything.
    drag_cut(classify.histogram, classify.histogram.cut, 0.9)
    assert current.accepted_count == 0
    QTest.mouseClick(classify.accept.reset, Qt.MouseButton.LeftButton)
    person.panel("Pick")
    for field in (pick.peaks.threshold, pick.peaks.sigma):
        QTest.mouseClick(field.reset, Qt.MouseButton.LeftButton)
    person.wait()
    assert current.accepted_count == 16

    # Flip one, add one, move one, paint over some, undo the paint.
    person.panel("Correct")
    person.click(current.review.centers_yx[0])
    assert current.states[0] == State.REJECTED_BY_HAND
    person.click((3.0, 80.0))
    assert current.accepted_count == 16
    y, x = current.review.centers_yx[5]
    person.drag((y, x), (y + 3, x + 2), (y + 6, x + 4))
    np.testing.assert_allclose(current.review.centers_yx[5], (y + 6, x + 4), atol=0.5)
    before = current.states.copy()
    session.view.brush_diameters = 1.0
    row = current.review.centers_yx[np.argsort(current.review.centers_yx[:16, 0])[12:16]]
    shift = Qt.KeyboardModifier.ShiftModifier
    person.drag(row[0], row.mean(axis=0), row[-1], modifier=shift)
    painted = current.accepted_count
    assert painted < 16
    person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(current.states, before)
    person.press(
        Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert current.accepted_count == painted

    # Export all: what is on the screen is in the files.
    person.panel("Pick")
    QTest.mouseClick(pick.run.pick_all, Qt.MouseButton.LeftButton)
    person.wait()
    export = person.panel("Export")
    session.exporter.choose(only_current=False, folder=tmp_path / "DRPnet")
    QTest.mouseClick(export.export, Qt.MouseButton.LeftButton)
    person.wait()
    on_screen = layer.data[[str(state).startswith("accepted") for state in layer.features["state"]]]
    written = read_coordinates(tmp_path / "DRPnet" / "a_autopick.star")
    np.testing.assert_array_equal(written.centers_yx, np.rint(on_screen))
    assert [name for name, _ in read_index(tmp_path / "DRPnet" / "autopick.star")] == [
        record.name for record in session.project.micrographs.values()
    ]

    # Close, and sit down again: it is all there.
    centers, states = current.review.centers_yx, current.states
    person.viewer.close()
    QApplication.processEvents()
    person = open_window()
    person.picker.open([micrographs], None)
    person.wait()
    np.testing.assert_array_equal(person.session.current.review.centers_yx, centers)
    np.testing.assert_array_equal(person.session.current.states, states)
    np.testing.assert_array_equal(person.viewer.layers["picks"].data, centers)
    assert person.session.project.settings.particle.diameter_angstrom == DIAMETER
    assert is_accepted(states).sum() == len(written)
    assert len(truth["a.mrc"]) == 16


def assert_same_on_the_command_line(session, micrographs, tmp_path):
    from click.testing import CliRunner

    from napari_drpnet.cli import main

    out = tmp_path / "cli"
    result = CliRunner().invoke(
        main,
        [
            "pick",
            str(micrographs),
            "--diameter",
            str(DIAMETER),
            "--out",
            str(out),
            "--format",
            "csv",
        ],
    )
    assert result.exit_code == 0, result.output
    there = read_coordinates(out / "a_autopick.csv")
    review, states = session.current.review, session.current.states
    here = review.accepted_coordinates(states)
    np.testing.assert_allclose(there.centers_yx, here.centers_yx, atol=1e-3)
    np.testing.assert_allclose(there.score, here.score, atol=1e-5)
