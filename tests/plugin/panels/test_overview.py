import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtCore import QPoint, Qt

from napari_drpnet.plugin.panels.overview import OverviewPanel
from napari_drpnet.plugin.panels.picker import find_table

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = OverviewPanel(viewer)
    qtbot.addWidget(panel)
    panel.resize(900, 200)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.fixture
def picked_two(panel, picked, session, wait, qtbot):
    """Two of three micrographs are picked, and the second one has a pick less."""
    session.step(1)
    session.picking.pick_current()
    wait(session)
    session.current.set_label([0], accepted=False)
    session.step(-1)
    wait(session)
    qtbot.waitUntil(lambda: panel.scatter.y.tolist() == [16, 15])
    return session


def choose(qtbot, box, name):
    box.setFocus()
    box.setCurrentIndex(box.findData(name))
    box.activated.emit(box.currentIndex())


def test_without_micrographs_it_says_so(panel):
    assert not panel.exclude.isEnabled()
    assert panel.histogram.empty_text == "No micrographs with this figure yet"
    assert panel.told.isHidden()


def test_a_dot_shows_its_micrograph_and_the_shown_one_has_a_ring(panel, picked_two, qtbot):
    assert panel.scatter.marked == 0
    qtbot.mouseClick(panel.scatter, LEFT, pos=panel.scatter.place(1).toPoint())
    assert picked_two.current.id == "m00002"
    assert panel.scatter.marked == 1
    picked_two.step(1)  # it is not picked, and has no dot
    assert panel.scatter.marked is None


def test_a_line_is_dragged_told_and_excludes_in_one_step(panel, picked_two, qtbot, drag_cut):
    drag_cut(panel.histogram, 0, 15.5)
    assert panel.told.text().startswith("1 of 3 included micrographs with 15 of 31 particles")
    assert panel.exclude.text() == "Exclude 1"
    assert all(record.included for record in picked_two.project.micrographs.values())
    qtbot.mouseClick(panel.exclude, LEFT)
    included = [record.included for record in picked_two.project.micrographs.values()]
    assert included == [True, False, True]
    qtbot.waitUntil(lambda: not panel.exclude.isEnabled())
    assert picked_two.history.undo_title == "Exclude micrograph"
    picked_two.undo()
    qtbot.waitUntil(lambda: panel.exclude.text() == "Exclude 1")


def test_the_line_among_the_dots_is_the_same(panel, picked_two, qtbot):
    plot = panel.scatter
    frame, goal = plot.frame(), plot.place(1).toPoint()
    qtbot.mousePress(plot, LEFT, pos=QPoint(goal.x() - 40, round(frame.bottom())))
    qtbot.mouseMove(plot, QPoint(goal.x() - 40, goal.y() - 3))
    qtbot.mouseRelease(plot, LEFT, pos=QPoint(goal.x() - 40, goal.y() - 3))
    assert 15 < panel.histogram.cut <= 16
    assert panel.exclude.text() == "Exclude 1"


def test_figures_and_sides_are_chosen(panel, picked_two, qtbot):
    choose(qtbot, panel.side, "max")
    assert panel.histogram.cut == 16
    choose(qtbot, panel.figure, "expected_precision")
    assert panel.side.count() == 1
    assert not panel.side.isEnabled()
    assert len(panel.scatter.y) == 2
    choose(qtbot, panel.against, "defocus")
    assert len(panel.scatter.y) == 0


def test_a_narrow_panel_puts_its_parts_below_each_other(panel, qtbot):
    assert panel.scatter.geometry().left() > panel.histogram.geometry().right()
    panel.resize(330, 600)
    histogram, scatter = panel.histogram.geometry, panel.scatter.geometry
    qtbot.waitUntil(lambda: scatter().top() > histogram().bottom())


def test_the_button_of_the_table_opens_it_beside_the_table_once(window, discs, qtbot):
    window.open(discs)
    table = find_table(window.viewer.window)
    qtbot.mouseClick(table.overview, LEFT)
    window.settle()
    panel = window.open_panel("Overview")  # the one that is open, as napari's menu shows it
    assert not panel.visibleRegion().isEmpty()
    assert table.visibleRegion().isEmpty()  # it is the tab behind
    qtbot.mouseClick(table.overview, LEFT)
    docked = window.viewer.window.dock_widgets.values()
    assert [each for each in docked if isinstance(each, OverviewPanel)] == [panel]
