"""The panel Gallery: what it lists, and what the mouse and the keys do there."""

import numpy as np
import pytest

pytest.importorskip("napari")

from qtpy.QtCore import QPoint, Qt

from napari_drpnet.plugin.gallery.thumbnail_view import CELL
from napari_drpnet.plugin.panels.gallery import GalleryPanel
from napari_drpnet.project.points.review import State, is_accepted

LEFT = Qt.MouseButton.LeftButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def panel(picked, viewer, qtbot, wait):
    """The panel, shown beside one picked micrograph of three."""
    panel = GalleryPanel(viewer)
    qtbot.addWidget(panel)
    panel.resize(344, 620)
    panel.show()
    wait(picked.session)
    return panel


@pytest.fixture
def follow(qtbot, wait):
    """A function that waits until a panel has followed the session."""

    def follow(panel):
        qtbot.waitUntil(lambda: not panel.timer.isActive())
        wait(panel.session)
        qtbot.waitUntil(lambda: not panel.timer.isActive())

    return follow


@pytest.fixture
def click(qtbot, follow):
    def click(panel, entry, modifier=Qt.KeyboardModifier.NoModifier):
        place = panel.view.place_of(entry).center()
        qtbot.mouseClick(panel.view.viewport(), LEFT, modifier, place)
        follow(panel)

    return click


@pytest.fixture
def drag(qtbot, follow):
    def drag(panel, first, last, modifier=Qt.KeyboardModifier.NoModifier):
        view = panel.view
        start, end = (view.place_of(entry).center() for entry in (first, last))
        qtbot.mousePress(view.viewport(), LEFT, modifier, start)
        for place in ((start + end) / 2, end):
            qtbot.mouseMove(view.viewport(), place)
        qtbot.mouseRelease(view.viewport(), LEFT, modifier, end)
        follow(panel)

    return drag


def choose(panel, name, value):
    combo = panel.boxes[name]
    combo.setCurrentIndex(combo.findData(value))
    combo.activated.emit(combo.currentIndex())


def states(panel):
    return panel.session.gallery.listing.column("states")


def selected(panel):
    return panel.session.gallery.selected.tolist()


def test_every_pick_has_a_thumbnail(panel, follow):
    follow(panel)
    listing = panel.session.gallery.listing
    assert len(listing) == 16
    assert panel.view.shown == range(16)
    assert all(tile.greys is not None for tile in panel.session.gallery.tiles(range(16)))
    assert panel.summary.accessibleName() == "16 picks, 16 accepted"


def test_without_picks_the_panel_says_what_to_do(viewer, session, qtbot):
    panel = GalleryPanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    assert panel.view.empty_text == "No picks yet: press Pick"
    choose(panel, "scope", "all")
    qtbot.waitUntil(lambda: panel.view.empty_text == "No micrograph is picked yet: press Pick all")


def test_a_filter_that_shows_nothing_says_so(panel, follow):
    choose(panel, "shown", "on dirt")
    follow(panel)
    assert panel.view.empty_text == "No pick is of this kind: choose all picks"
    assert len(panel.session.gallery.listing) == 0


def test_a_click_flips_and_undo_is_followed(panel, click, follow):
    click(panel, 6)
    assert states(panel)[6] == State.REJECTED_BY_HAND
    assert panel.session.current.accepted_count == 15
    panel.session.undo()
    follow(panel)
    assert states(panel)[6] == State.ACCEPTED
    assert panel.session.project.labels(panel.session.current.id) == ()


def test_a_click_on_the_canvas_is_followed(panel, follow):
    center = panel.session.current.review.centers_yx[0]
    panel.session.current.click(tuple(center))
    follow(panel)
    assert (states(panel) == State.REJECTED_BY_HAND).sum() == 1


def test_a_drag_of_the_threshold_is_followed(panel, follow):
    session = panel.session
    heights = np.sort(session.current.stored.picks.height)
    for cut in heights[2:8]:
        session.change("peaks", live=True, threshold=float(cut))
    follow(panel)
    assert len(states(panel)) == (session.current.states != State.BELOW).sum() < 16


@pytest.mark.parametrize(("key", "accepted"), [("F", 0), ("G", 6)])
def test_a_box_and_a_key_decide_many_as_one_step(panel, drag, follow, qtbot, key, accepted):
    drag(panel, 0, 7)  # two rows of three
    assert selected(panel) == [0, 1, 2, 5, 6, 7]
    qtbot.keyClick(panel.view, key)
    follow(panel)
    assert is_accepted(states(panel)[selected(panel)]).sum() == accepted
    assert len(panel.session.project.labels(panel.session.current.id)) == 6
    panel.session.undo()
    assert panel.session.project.labels(panel.session.current.id) == ()


def test_buttons_decide_about_the_selection(panel, drag, follow, qtbot):
    assert not panel.reject.isEnabled()
    drag(panel, 0, 1)
    qtbot.mouseClick(panel.reject, LEFT)
    follow(panel)
    assert panel.session.current.accepted_count == 14
    assert panel.summary.accessibleName() == "16 picks, 14 accepted, 2 selected"
    qtbot.mouseClick(panel.accept, LEFT)
    follow(panel)
    assert panel.session.current.accepted_count == 16


def test_shift_and_control_extend_the_selection(panel, click, drag, qtbot):
    click(panel, 1, CONTROL)
    click(panel, 4, SHIFT)
    assert selected(panel) == [1, 2, 3, 4]
    click(panel, 2, CONTROL)
    assert selected(panel) == [1, 3, 4]
    drag(panel, 10, 11, SHIFT)
    assert selected(panel) == [1, 3, 4, 10, 11]
    assert panel.session.project.labels(panel.session.current.id) == ()


def test_all_are_selected_and_none(panel, follow, qtbot):
    qtbot.keyClick(panel.view, Qt.Key.Key_A, CONTROL)
    assert len(selected(panel)) == 16
    qtbot.keyClick(panel.view, Qt.Key.Key_Escape)
    assert selected(panel) == []
    qtbot.keyClick(panel.view, Qt.Key.Key_A, CONTROL)
    view = panel.view
    beside = QPoint(view.viewport().width() - 1, view.viewport().height() - 1)
    qtbot.mouseClick(view.viewport(), LEFT, pos=beside)
    assert selected(panel) == []


def test_a_double_click_goes_to_the_place_and_changes_nothing(panel, click, qtbot, follow):
    shown = []
    panel.session.selection.focus_requested.connect(shown.append)
    place = panel.view.place_of(3).center()
    qtbot.mouseClick(panel.view.viewport(), LEFT, pos=place)
    qtbot.mouseDClick(panel.view.viewport(), LEFT, pos=place)
    follow(panel)
    part, row = panel.session.gallery.listing[3]
    assert shown == [tuple(part.centers_yx[row])]
    assert (states(panel) == State.ACCEPTED).all()


def test_picks_of_all_micrographs(panel, follow, click, qtbot):
    session = panel.session
    session.picking.pick_all()
    follow(panel)
    choose(panel, "scope", "all")
    follow(panel)
    assert panel.summary.accessibleName() == "48 picks, 48 accepted"
    listing = session.gallery.listing
    other = next(k for k in range(48) if listing[k][0].record.id != session.current.id)
    panel.view.verticalScrollBar().setValue(0)
    assert other in panel.view.shown
    click(panel, other)
    assert len(session.project.labels(listing[other][0].record.id)) == 1
    assert states(panel)[other] == State.REJECTED_BY_HAND
    place = panel.view.place_of(other).center()
    qtbot.mouseDClick(panel.view.viewport(), LEFT, pos=place)
    follow(panel)
    assert session.current.id == listing[other][0].record.id


def test_rapid_switching_ends_with_the_picks_of_the_last(panel, follow):
    session = panel.session
    session.picking.pick_all()
    follow(panel)
    for step in (1, 1, -1, -1, 1):
        session.step(step)
    follow(panel)
    listing = session.gallery.listing
    assert {part.record.id for part in listing.parts} == {session.current.id}
    assert all(tile.greys is not None for tile in session.gallery.tiles(panel.view.shown))


def test_a_missing_file_is_explained(panel, follow):
    session = panel.session
    session.picking.pick_all()
    follow(panel)
    path = list(session.project.micrographs.values())[2].path
    path.unlink()
    session.step(2)
    follow(panel)
    assert panel.complaint.accessibleName().startswith(f"{path.name}: ")
    assert panel.view.describe(0).startswith(path.name)
    assert not panel.view.grab().isNull()  # the placeholder is drawn
    session.step(-1)
    follow(panel)
    assert panel.complaint.accessibleName() == ""


def test_a_hidden_panel_lists_nothing(panel, follow):
    panel.hide()
    listing = panel.session.gallery.listing
    panel.session.current.set_label([0], accepted=False)
    follow(panel)
    assert panel.session.gallery.listing is listing
    panel.show()
    assert (states(panel) == State.REJECTED_BY_HAND).sum() == 1


def test_a_tooltip_names_micrograph_score_and_state(panel, click):
    click(panel, 0)
    lines = panel.view.describe(0).split("\n")
    assert lines[0] == "disc0.mrc"
    assert lines[1].startswith("P(particle) 0.")
    assert lines[-1] == "rejected by hand"


def test_only_rows_in_sight_are_drawn(panel, follow, monkeypatch):
    session, rng = panel.session, np.random.default_rng(0)
    session.current.add(rng.uniform(0, 159, (3000, 2)))
    follow(panel)
    bar, drawn = panel.view.verticalScrollBar(), []
    tiles = session.gallery.tiles
    monkeypatch.setattr(session.gallery, "tiles", lambda shown: drawn.append(shown) or tiles(shown))
    bar.setValue(bar.maximum() // 2)
    panel.view.viewport().repaint()
    rows = panel.view.viewport().height() // CELL + 2
    assert 0 < len(drawn[-1]) <= 5 * rows
    assert drawn[-1].start > 1000


def test_two_panels_show_the_same_choice(panel, viewer, follow, qtbot):
    other = GalleryPanel(viewer)
    qtbot.addWidget(other)
    other.show()
    choose(panel, "order", "worst")
    follow(other)
    assert other.boxes["order"].currentData() == "worst"
