"""The whole story in a real window, with real clicks: from an empty folder to RELION's files."""

import numpy as np
import pytest
from click.testing import CliRunner
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_drpnet.cli import main
from napari_drpnet.formats import read_coordinates
from napari_drpnet.plugin.panels.picker import find_table
from napari_drpnet.project.points.review import State, is_accepted
from napari_drpnet.relion.lists import read_index

DIAMETER = 36.0


@pytest.fixture
def micrographs(tmp_path, write_discs):
    """A folder with two micrographs of 16 discs each."""
    for seed, name in enumerate(("a.mrc", "b.mrc")):
        write_discs(tmp_path / "Micrographs" / name, seed=seed)
    return tmp_path / "Micrographs"


@pytest.mark.slow
def test_from_an_empty_window_to_relion_and_back(
    new_window, micrographs, tmp_path, monkeypatch, drag_cut, type_into
):
    window = new_window()
    open_folder(window, micrographs, monkeypatch)
    pick(window, type_into)
    assert_same_on_the_command_line(window, micrographs, tmp_path / "cli")
    drag_cuts_and_sliders(window, drag_cut)
    correct(window)
    written = export(window, tmp_path / "DRPnet")
    close_and_open_again(window, new_window, micrographs, written)


def open_folder(window, micrographs, monkeypatch):
    """Open a folder with the menu of the table."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(micrographs))
    entries = find_table(window.viewer.window).open_button.menu().actions()
    next(entry for entry in entries if entry.text() == "Folder…").trigger()
    window.wait()
    assert list(window.session.current.image.display.frame.full_shape) == [160, 160]


def pick(window, type_into):
    """Give the diameter, and press Pick."""
    panel = window.panel("Pick")
    type_into(panel.particle.diameter.native, str(DIAMETER))
    window.press_button(panel.run.pick)
    assert window.session.current.accepted_count == 16


def assert_same_on_the_command_line(window, micrographs, out):
    """Pick with the same parameters on the command line: the picks are the same."""
    options = ["--diameter", str(DIAMETER), "--out", str(out), "--format", "csv"]
    result = CliRunner().invoke(main, ["pick", str(micrographs), *options])
    assert result.exit_code == 0, result.output
    there = read_coordinates(out / "a_autopick.csv")
    review, states = window.session.current.review, window.session.current.states
    here = review.accepted_coordinates(states)
    np.testing.assert_allclose(there.centers_yx, here.centers_yx, atol=1e-3)
    np.testing.assert_allclose(there.score, here.score, atol=1e-5)


def drag_cuts_and_sliders(window, drag_cut):
    """Drag the cuts and a slider: the points follow; ↺ takes all that back."""
    session, current = window.session, window.session.current
    peaks = window.panel("Pick").peaks
    middle = float(np.median(current.stored.picks.height))
    drag_cut(peaks.histogram, peaks.histogram.cut, middle)
    cut = session.plan.parameters.peaks.threshold
    assert abs(cut - middle) < 0.05
    assert current.above_count == np.count_nonzero(current.stored.picks.height >= cut)
    assert np.count_nonzero(window.viewer.layers["picks"].size) == current.above_count < 16
    slider = peaks.sigma.slider
    slider.setFocus()
    for _ in range(5):
        QTest.keyClick(slider, Qt.Key.Key_PageUp)
    window.wait()
    assert session.plan.parameters.peaks.sigma_px > 1.5
    assert current.above_count < 16
    classify = window.panel("Classify")
    drag_cut(classify.histogram, classify.histogram.cut, 0.9)  # the toy classifier says 0.73
    assert current.accepted_count == 0
    window.press_button(classify.accept.reset)
    window.panel("Pick")
    for field in (peaks.threshold, peaks.sigma):
        window.press_button(field.reset)
    assert current.accepted_count == 16


def correct(window):
    """Flip a point, add one, move one, paint over some; undo and redo the paint."""
    current = window.session.current
    window.panel("Correct")
    window.click(current.review.centers_yx[0])
    assert current.states[0] == State.REJECTED_BY_HAND
    window.click((3.0, 80.0))
    assert current.accepted_count == 16
    y, x = current.review.centers_yx[5]
    window.drag((y, x), (y + 3, x + 2), (y + 6, x + 4))
    np.testing.assert_allclose(current.review.centers_yx[5], (y + 6, x + 4), atol=0.5)
    before = current.states.copy()
    window.session.view.brush_diameters = 1.0
    row = current.review.centers_yx[np.argsort(current.review.centers_yx[:16, 0])[12:16]]
    window.drag(row[0], row.mean(axis=0), row[-1], modifier="Shift")
    painted = current.accepted_count
    assert painted < 16
    window.press("Ctrl+Z")
    np.testing.assert_array_equal(current.states, before)
    window.press("Ctrl+Shift+Z")
    assert current.accepted_count == painted


def export(window, folder):
    """Pick and export all, and return what is in the file: it is what is on the screen."""
    session, layer = window.session, window.viewer.layers["picks"]
    window.press_button(window.panel("Pick").run.pick_all)
    panel = window.panel("Export")
    session.exporter.choose(only_current=False, folder=folder)
    window.press_button(panel.export)
    on_screen = layer.data[[str(state).startswith("accepted") for state in layer.features["state"]]]
    written = read_coordinates(folder / "a_autopick.star")
    np.testing.assert_array_equal(written.centers_yx, np.rint(on_screen))
    names = [name for name, _ in read_index(folder / "autopick.star")]
    assert names == [record.name for record in session.project.micrographs.values()]
    return written


def close_and_open_again(window, new_window, micrographs, written):
    """Close the window, and open the folder in another one: it is all there."""
    centers, states = window.session.current.review.centers_yx, window.session.current.states
    window.viewer.close()
    window.settle()
    window = new_window()
    window.picker.open([micrographs], None)
    window.wait()
    current = window.session.current
    np.testing.assert_array_equal(current.review.centers_yx, centers)
    np.testing.assert_array_equal(current.states, states)
    np.testing.assert_array_equal(window.viewer.layers["picks"].data, centers)
    assert window.session.project.settings.particle.diameter_angstrom == DIAMETER
    assert is_accepted(states).sum() == len(written)
