"""The tools of correction in a real window, with real clicks; then it is all opened again."""

from itertools import chain

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_drpnet.formats import Coordinates, write_coordinates
from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.plugin.panels.picker import find_table
from napari_drpnet.project.points.marks import Mark
from napari_drpnet.project.points.review import State, is_accepted
from napari_drpnet.project.state.labels import given_by

LEFT = Qt.MouseButton.LeftButton
DIAMETER = 36.0


@pytest.fixture
def truth(tmp_path, discs):
    """A folder with the true positions of the micrographs."""
    for path, centers in discs.items():
        file = tmp_path / "truth" / f"{path.stem}.csv"
        file.parent.mkdir(exist_ok=True)
        write_coordinates(file, Coordinates(centers, np.ones(len(centers))))
    return tmp_path / "truth"


@pytest.mark.slow
def test_all_tools_are_used_and_what_they_did_is_opened_again(
    new_window, discs, truth, monkeypatch, type_into, drag_cut
):
    window = new_window()
    window.viewer.window.resize(1366, 768)
    window.session.open_paths(list(discs))
    window.wait()
    add_by_hand_and_find_similar(window, next(iter(discs.values())), type_into)
    pick_what_is_shown(window)
    flip_and_select_in_the_gallery(window)
    reject_a_class(window)
    go_through_mistakes(window, truth, monkeypatch)
    drag_both_cuts(window)
    look_over_all(window, drag_cut)
    exclude_what_the_filter_shows(window)
    look_at_the_keys(window)
    done = what_was_done(window)
    window.viewer.close()
    window.settle()
    again = new_window()
    again.session.open_paths(list(discs))
    again.wait()
    assert what_was_done(again) == done


def add_by_hand_and_find_similar(window, truth_yx, type_into):
    """Click on five particles of a bare micrograph, find the rest, and discard that."""
    current = window.session.current
    correct = window.panel("Correct")
    assert not correct.similar.find.isEnabled()
    for place in truth_yx[:5]:
        window.click(place)
    assert current.accepted_count == 5
    assert "5" in correct.similar.count.text()
    type_into(window.panel("Pick").particle.diameter.native, str(DIAMETER))
    window.panel("Correct")
    window.press_button(correct.similar.find)
    assert 12 <= current.accepted_count <= 18
    window.press_button(correct.similar.discard)
    assert window.session.project.settings.detector.weights == "default"
    assert len(window.session.project.labels(current.id)) == 5


def pick_what_is_shown(window):
    """Pick the first micrograph; the others are picked when they are shown."""
    run = window.panel("Pick").run
    window.session.store.picks_shown = None
    window.press_button(run.pick)
    assert run.when_shown.isChecked()
    assert window.session.current.accepted_count == 16
    for name in ("m00002", "m00003"):
        window.press("N")
        window.wait()
        window.settle()
        assert window.session.current.id == name
        assert window.session.current.accepted_count == 16
        assert len(window.viewer.layers["picks"].data) >= 16


def flip_and_select_in_the_gallery(window):
    """Flip a thumbnail, reject a box of three with F, and accept one of them with G again."""
    gallery, current = window.panel("Gallery"), window.session.current
    view = gallery.view
    follow(window, gallery)
    click_tile(window, gallery, 0)
    assert current.accepted_count == 15
    drag_tiles(window, gallery, 2, 4)
    assert window.session.gallery.selected.tolist() == [2, 3, 4]
    window.press("F", view)
    assert current.accepted_count == 12
    click_tile(window, gallery, 3)
    assert current.accepted_count == 13
    states = window.session.gallery.listing.column("states")
    assert [k for k, state in enumerate(states) if state == State.REJECTED_BY_HAND] == [0, 2, 4]
    window.press("Ctrl+Z")
    window.press("Ctrl+Z")
    assert current.accepted_count == 15  # the box was one step


def reject_a_class(window):
    """Average the picks of all micrographs, and reject a class of them."""
    session, gallery = window.session, window.panel("Gallery")
    averages = gallery.averages
    window.press_button(averages.start)
    classes = averages.classes
    window.wait_until(classes.count)
    place = classes.visualItemRect(classes.item(0)).center()
    QTest.mouseClick(classes.viewport(), LEFT, pos=place)
    follow(window, gallery)
    members = len(session.gallery.listing)
    assert members == int(classes.item(0).text())
    window.press_button(averages.reject)
    follow(window, gallery)
    labels = [session.project.labels(name) for name in session.project.micrographs]
    rejected = given_by("classes", chain.from_iterable(labels))
    kept = int(is_accepted(session.gallery.listing.column("states")).sum())  # clicked by hand
    assert len(rejected) == members - kept > 0
    assert not any(label.accepted for label in rejected)
    window.press_button(averages.close_averages)


def go_through_mistakes(window, truth, monkeypatch):
    """Compare with the truth, and look at a wrong pick and at a missed particle."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(truth))
    window.panel("Correct")
    window.click((80.0, 3.0))
    window.click(window.session.current.review.centers_yx[1])
    compare, comparison = window.panel("Compare"), window.session.comparison
    compare.truth.menu.actions()[1].trigger()
    window.wait()
    window.press_button(compare.next_wrong)
    assert any(map(window.camera_is_at, comparison.marks.places(Mark.WRONG)))
    window.press_button(compare.next_missed)
    assert any(map(window.camera_is_at, comparison.marks.places(Mark.MISSED)))
    window.viewer.reset_view()


def drag_both_cuts(window):
    """Drag the threshold in the plot of both scores, then accept, which is undone."""
    session, current = window.session, window.session.current
    plot = window.panel("Classify").two_scores.plot
    above = current.above_count
    cut = plot.cuts["x"]
    start = middle(*plot.line("x", cut))
    drag(plot, start, QPoint(round(plot.place(int(np.argsort(plot.x)[4])).x()), start.y()))
    assert session.project.settings.peaks.threshold > cut
    assert 0 < current.above_count < above
    accepted, states = current.accepted_count, current.states.copy()
    start = middle(*plot.line("y", plot.cuts["y"]))
    drag(plot, start, QPoint(start.x(), round(plot.frame().top()) + 2))
    assert session.project.settings.classifier.accept > 0.9
    assert current.accepted_count < accepted
    window.press("Ctrl+Z")
    np.testing.assert_array_equal(current.states, states)


def look_over_all(window, drag_cut):
    """Click the dot of the first micrograph, and exclude those with the fewest particles."""
    session = window.session
    window.press_button(find_table(window.viewer.window).overview)
    overview = window.open_panel("Overview")  # the one that is open, as napari's menu shows it
    counts = overview.scatter.y
    QTest.mouseClick(overview.scatter, LEFT, pos=overview.scatter.place(0).toPoint())
    window.wait()
    assert session.current.id == "m00001"
    least = np.unique(counts)[:2]
    drag_cut(overview.histogram, least[0], least.mean())
    assert overview.exclude.text() == f"Exclude {np.count_nonzero(counts == least[0])}"
    window.press_button(overview.exclude)
    assert included(session) == (counts > least[0]).tolist()


def exclude_what_the_filter_shows(window):
    """Type a name, and exclude the one micrograph that is shown."""
    table = find_table(window.viewer.window)
    bar, before = table.filter, included(window.session)
    QTest.keyClicks(bar.name, "disc1")
    assert bar.shown.text() == "1 of 3 shown"
    assert table.rows.rowCount() == 1
    _, exclude = bar.shown.menu().actions()
    exclude.trigger()
    bar.name.clear()
    assert bar.shown.text() == "3 shown"
    assert included(window.session) == [before[0], False, before[2]]


def look_at_the_keys(window):
    """Show the list of keys, and hide it."""
    sheet = controller_of(window.viewer).keys
    window.press("?")
    assert sheet.isVisible()
    window.press("?")
    assert not sheet.isVisible()


def what_was_done(window):
    """Return labels, settings, which micrographs are included, and the points that are shown."""
    session, current = window.session, window.session.current
    project = session.project
    labels = {name: set(project.labels(name)) for name in project.micrographs}
    points = dict(zip(map(tuple, current.review.centers_yx), current.states, strict=True))
    return labels, project.settings, included(session), current.id, points


# ---- what the hand does


def included(session):
    return [record.included for record in session.project.micrographs.values()]


def middle(start, end):
    return ((start + end) / 2).toPoint()


def follow(window, gallery):
    """Wait until the gallery has followed the session."""
    for _ in range(2):
        window.wait()
        while gallery.timer.isActive():
            window.settle()


def click_tile(window, gallery, entry):
    QTest.mouseClick(gallery.view.viewport(), LEFT, pos=gallery.view.place_of(entry).center())
    follow(window, gallery)


def drag_tiles(window, gallery, first, last):
    area = gallery.view.viewport()
    start, end = (gallery.view.place_of(entry).center() for entry in (first, last))
    drag(area, start, end)
    follow(window, gallery)


def drag(widget, start, end):
    """Drag with the mouse in a widget."""
    QTest.mousePress(widget, LEFT, pos=start)
    for place in ((start + end) / 2, end):
        QTest.mouseMove(widget, place)
    QTest.mouseRelease(widget, LEFT, pos=end)
