"""Comparing in a real window, with real clicks."""

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_drpnet.formats import Coordinates, write_coordinates
from napari_drpnet.plugin.canvas.layers.looks import MARK_LOOKS
from napari_drpnet.plugin.panels.compare import ComparePanel
from napari_drpnet.project.points.marks import Mark


class Comparing:
    """Somebody who compares picks with positions in files."""

    def __init__(self, window, monkeypatch, qtbot):
        self.window, self.session = window, window.session
        self._monkeypatch, self._qtbot = monkeypatch, qtbot
        window.picker.show_tab("Compare")
        window.settle()
        (self.panel,) = window.picker.findChildren(ComparePanel)

    def choose(self, menu, path):
        """Choose a file or folder from a menu of two entries, as a user does."""
        for name in ("getOpenFileName", "getExistingDirectory"):
            answer = str(path) if name == "getExistingDirectory" else (str(path), "")
            self._monkeypatch.setattr(QFileDialog, name, lambda *_, answer=answer: answer)
        menu.actions()[int(path.is_dir())].trigger()
        self.wait()

    def wait(self):
        """Wait until the comparison is done and drawn."""
        self.window.wait()
        views = self.panel.controller.marks, self.panel.controller.other_picks
        self._qtbot.waitUntil(lambda: not any(view.is_due for view in views))
        self.window.settle()

    def until(self, is_so):
        """Wait until something is so, since panels are updated at intervals."""
        self._qtbot.waitUntil(is_so)

    def press(self, button):
        assert button.isVisible()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        self.wait()

    def sees(self, mark, center_yx):
        """Whether the colour of a kind of mark is on the canvas near a place."""
        picture = self.window.viewer.screenshot(canvas_only=True, flash=False)
        scale = picture.shape[1] / self.window.canvas.width()
        point, reach = self.window.point_of(center_yx), round(20 * scale)
        y, x = round(point.y() * scale), round(point.x() * scale)
        part = picture[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach, :3] / 255
        return bool((np.abs(part - MARK_LOOKS[mark].rgba[:3]).max(axis=2) < 0.1).any())


@pytest.fixture
def comparing(shared_window, discs, monkeypatch, qtbot):
    """The tab Compare with three micrographs open, the first of which is picked."""
    shared_window.open(discs)
    shared_window.pick()
    shared_window.session.view.show_map = False  # its blue is like that of a mark
    return Comparing(shared_window, monkeypatch, qtbot)


@pytest.fixture
def truth(discs, tmp_path):
    """True centres of the first two micrographs, in a folder."""
    for path, centers in list(discs.items())[:2]:
        file = tmp_path / "truth" / f"{path.stem}.csv"
        write_coordinates(file, Coordinates(centers, np.ones(len(centers))))
    return tmp_path / "truth"


@pytest.mark.slow
def test_missed_and_wrong_ones_are_seen_on_the_canvas(comparing, truth):
    window, session, panel = comparing.window, comparing.session, comparing.panel
    comparing.choose(panel.truth.menu, truth)
    assert "comparison" in window.layer_names()
    session.view.tool = "click"
    flipped = tuple(session.current.review.centers_yx[0])
    missed = session.comparison.truth_yx
    missed = tuple(missed[np.linalg.norm(missed - flipped, axis=1).argmin()])
    assert not comparing.sees(Mark.MISSED, missed)
    window.click(flipped)
    comparing.wait()
    assert comparing.sees(Mark.MISSED, missed)
    empty = (6.0, 6.0)
    window.click(empty)
    comparing.wait()
    assert comparing.sees(Mark.WRONG, empty)
    assert panel.counts["wrong"].text() == "Wrong: 1"
    step = session.history.undo_step
    comparing.press(panel.marks)
    assert not comparing.sees(Mark.WRONG, empty)
    comparing.press(panel.marks)
    assert comparing.sees(Mark.WRONG, empty)
    assert session.history.undo_step is step
    window.press("Ctrl+Z")
    comparing.wait()
    assert not comparing.sees(Mark.WRONG, empty)
    comparing.press(panel.truth.forget)
    assert "comparison" not in window.layer_names()


@pytest.mark.slow
def test_all_micrographs_are_added_up_and_what_is_left_out_is_said(comparing, truth):
    session, panel, totals = comparing.session, comparing.panel, comparing.panel.totals
    assert not totals.isVisible()
    comparing.choose(panel.truth.menu, truth)
    step = session.history.undo_step
    comparing.press(totals.start)
    comparing.until(totals.rates.isVisible)
    assert totals.rates.accessibleName() == "All: precision 1.00, recall 1.00, F1 1.00"
    assert totals.counts.accessibleName() == "Right: 16, wrong: 0, missed: 0"
    scope = totals.scope.accessibleName()
    assert scope == "1 micrograph compared. Left out: 1 without truth, 1 not picked."
    assert not totals.outdated.isVisible()
    assert session.history.undo_step is step
    session.picking.pick_all()
    comparing.wait()
    comparing.until(totals.outdated.isVisible)
    comparing.press(totals.start)
    comparing.until(lambda: totals.counts.accessibleName() == "Right: 32, wrong: 0, missed: 0")
    assert not totals.outdated.isVisible()


@pytest.mark.slow
def test_picks_of_another_program_are_seen_and_counted_and_never_become_labels(comparing, truth):
    window, session, others = comparing.window, comparing.session, comparing.panel.others
    step = session.history.undo_step
    comparing.choose(others.positions.menu, truth)
    shown = [label.text() for label in others.counts.values()]
    assert shown == ["Agreed: 16", "Only ours: 0", "Only theirs: 0"]
    session.view.tool = "click"
    flipped = tuple(session.current.review.centers_yx[0])
    theirs = session.other_picks.here_yx
    place = tuple(theirs[np.linalg.norm(theirs - flipped, axis=1).argmin()])
    window.click(flipped)
    comparing.wait()
    assert others.counts["only_theirs"].text() == "Only theirs: 1"
    assert comparing.sees(Mark.ONLY_THEIRS, place)
    window.press("Ctrl+Z")
    comparing.wait()
    assert session.history.undo_step is step
    comparing.press(others.shown)
    assert not window.viewer.layers["other picks"].visible
    comparing.press(others.positions.forget)
    assert "other picks" not in window.layer_names()
    assert session.project.labels(session.current.id) == ()


@pytest.mark.slow
def test_a_file_that_is_dropped_is_shown_as_other_picks(comparing, truth):
    window, session = comparing.window, comparing.session
    path = next(iter(sorted(truth.iterdir())))
    window.viewer.window._qt_viewer._qt_open([str(path)], stack=False, plugin="napari-drpnet")
    comparing.until(lambda: session.other_picks.source == path)
    comparing.wait()
    assert path.name not in window.layer_names()
    assert comparing.panel.others.counts["agreed"].text() == "Agreed: 16"
    assert "Compare" in window.notices[-1].text
    comparing.press(comparing.panel.others.positions.forget)
