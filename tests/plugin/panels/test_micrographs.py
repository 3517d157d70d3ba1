import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QMenu

from napari_drpnet.plugin.panels import micrographs
from napari_drpnet.plugin.panels.micrographs import MicrographsPanel
from napari_drpnet.plugin.table.micrograph_row import Column
from napari_drpnet.project.controllers import statuses

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def panel(viewer, session, qtbot):
    panel = MicrographsPanel(viewer)
    qtbot.addWidget(panel)
    panel.resize(900, 170)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.fixture
def ids(panel, session, discs, wait):
    """Three micrographs, the first of them shown."""
    session.change("particle", diameter_angstrom=36.0)
    session.open_paths(list(discs))
    wait(session)
    return list(session.project.micrographs)


@pytest.fixture
def click(panel, qtbot):
    def click(row, column=Column.NAME, button=LEFT, modifier=Qt.KeyboardModifier.NoModifier):
        place = panel.view.visualRect(panel.rows.index(row, column)).center()
        qtbot.mouseClick(panel.view.viewport(), button, modifier, place)

    return click


def cells(panel, column):
    return [panel.rows.index(row, column).data() for row in range(panel.rows.rowCount())]


def marked(panel):
    """Rows drawn bold, and rows that are selected."""
    rows = range(panel.rows.rowCount())
    font = Qt.ItemDataRole.FontRole
    bold = [row for row in rows if panel.rows.index(row, Column.NAME).data(font).bold()]
    return bold, sorted(index.row() for index in panel.view.selectionModel().selectedRows())


def included(session):
    return [record.included for record in session.project.micrographs.values()]


def choose_from_menu(button, text):
    next(action for action in button.menu().actions() if action.text() == text).trigger()


# ---- all that are shown


def test_the_shown_are_counted_and_included_or_excluded_together(panel, session, ids):
    assert panel.filter.shown.text() == "3 shown"
    panel.filter.name.setText("disc1")
    assert panel.filter.shown.text() == "1 of 3 shown"
    choose_from_menu(panel.filter.shown, "Exclude all shown")
    assert included(session) == [True, False, True]
    panel.filter.name.clear()
    choose_from_menu(panel.filter.shown, "Exclude all shown")
    assert included(session) == [False] * 3
    session.undo()
    assert included(session) == [True, False, True]


# ---- empty


def test_an_empty_panel_says_what_to_do(panel, session, qtbot, monkeypatch):
    opened = []
    monkeypatch.setattr(micrographs, "open_sample", opened.append)
    assert "drop them here" in panel.hint.text()
    assert panel.hint.isVisible()
    assert not panel.view.isVisible()
    assert not panel.filter.name.isEnabled()
    assert panel.totals.text() == ""
    qtbot.mouseClick(panel.sample, LEFT)
    assert opened == [session]


def test_what_is_dropped_is_opened(panel, session, discs, wait):
    path = next(iter(discs))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)), QUrl("https://example.org/mic.mrc")])
    about = (Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(300, 100), *about)
    QApplication.sendEvent(panel, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(panel, QDropEvent(QPointF(300, 100), *about))
    wait(session)
    assert [record.path for record in session.project.micrographs.values()] == [path]
    assert panel.view.isVisible()


def test_what_is_no_file_is_not_taken(panel):
    data = QMimeData()
    data.setText("mic1.mrc")
    about = (Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(300, 100), *about)
    QApplication.sendEvent(panel, enter)
    assert not enter.isAccepted()


# ---- choosing


def test_clicks_and_arrows_show_micrographs(panel, session, ids, click, qtbot):
    assert marked(panel) == ([0], [0])
    click(2)
    assert session.current.id == ids[2]
    qtbot.keyClick(panel.view, Qt.Key.Key_Up)
    assert session.current.id == ids[1]
    assert marked(panel) == ([1], [1])


def test_the_row_follows_keys_and_buttons(panel, session, ids, qtbot):
    session.step(1)
    assert marked(panel) == ([1], [1])
    previous, following = panel.previous, panel.next
    qtbot.mouseClick(following, LEFT)
    assert marked(panel) == ([2], [2])
    qtbot.mouseClick(previous, LEFT)
    assert session.current.id == ids[1]
    assert previous.toolTip().endswith("[B]")


def test_a_selection_of_many_stays_when_its_end_is_shown(panel, session, ids, click):
    click(0)
    click(2, modifier=SHIFT)
    assert session.current.id == ids[2]
    assert marked(panel) == ([2], [0, 1, 2])


def test_a_row_that_the_filter_takes_away_stays_on_the_canvas(panel, session, ids, wait):
    panel.filter.status.setCurrentIndex(1)
    assert panel.filter.status.currentText() == "Not picked"
    session.picking.pick_current()
    wait(session)
    assert cells(panel, Column.NAME) == ["disc1.mrc", "disc2.mrc"]
    assert session.current.id == ids[0]
    assert marked(panel)[0] == []


# ---- including


def test_a_tick_excludes_and_undo_takes_it_back(panel, session, ids, click):
    click(1, Column.INCLUDED)
    assert included(session) == [True, False, True]
    assert session.current.id == ids[0]
    assert cells(panel, Column.STATUS)[1] == "Excluded"
    session.undo()
    assert included(session) == [True, True, True]
    assert cells(panel, Column.STATUS)[1] == "Not picked"


def test_a_tick_in_a_selection_is_for_all_of_it(panel, session, ids, click, qtbot):
    click(1)
    click(2, modifier=SHIFT)
    click(1, Column.INCLUDED)
    assert included(session) == [True, False, False]
    qtbot.keyClick(panel.view, Qt.Key.Key_Space)
    assert included(session) == [True, True, True]
    session.undo()
    assert included(session) == [True, False, False]


def test_the_context_menu(panel, session, ids, click, qtbot, monkeypatch, discs):
    def choose(title):
        place = panel.view.visualRect(panel.rows.index(1, Column.NAME)).center()
        panel.view.customContextMenuRequested.emit(place)
        menu = next(menu for menu in panel.findChildren(QMenu) if menu.isVisible())
        next(action for action in menu.actions() if action.text() == title).trigger()
        menu.close()
        qtbot.wait(10)

    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    click(1, button=RIGHT)
    assert session.current.id == ids[0]
    choose("Exclude")
    assert included(session) == [True, False, True]
    choose("Include")
    assert included(session) == [True, True, True]
    choose("Show in folder")
    assert [url.toLocalFile() for url in opened] == [str(next(iter(discs)).parent)]


# ---- what came of them


def test_picks_and_totals_follow_the_work(panel, session, ids, wait, qtbot):
    session.picking.pick_all()
    wait(session)
    accepted = [session.summaries[name].accepted for name in ids]
    above = [session.summaries[name].above_threshold for name in ids]
    shown = [f"{a} / {b}" for a, b in zip(accepted, above, strict=True)]
    assert cells(panel, Column.PICKS) == shown
    assert min(accepted) > 8
    text = f"3 of 3 picked · {sum(accepted)} particles"
    qtbot.waitUntil(lambda: panel.totals.text() == text)
    session.include(ids[:1], False)
    text = f"2 of 2 picked · {sum(accepted[1:])} particles"
    qtbot.waitUntil(lambda: panel.totals.text() == text)


def test_defocus_has_a_column_where_a_list_gives_it(
    panel, session, ids, wait, qtbot, discs, tmp_path
):
    qtbot.waitUntil(lambda: panel.view.isColumnHidden(Column.DEFOCUS))
    rows = "".join(f"{path} 11000 13000\n" for path in discs)
    (tmp_path / "micrographs.star").write_text(
        "data_\nloop_\n_rlnMicrographName #1\n_rlnDefocusU #2\n_rlnDefocusV #3\n" + rows
    )
    session.open_paths([tmp_path / "micrographs.star"])
    wait(session)
    qtbot.waitUntil(lambda: not panel.view.isColumnHidden(Column.DEFOCUS))
    assert "1.20" in cells(panel, Column.DEFOCUS)


def test_a_failure_is_told_with_its_reason(panel, session, ids, wait, discs):
    list(discs)[1].write_bytes(b"nothing")
    session.picking.pick_all()
    wait(session)
    assert cells(panel, Column.STATUS)[1].startswith("Failed: ")
    tooltip = panel.rows.index(1, Column.STATUS).data(Qt.ItemDataRole.ToolTipRole)
    assert str(list(discs)[1]) in tooltip


def test_sorting_by_a_click_on_the_header(panel, session, ids, wait, qtbot):
    session.current.select(ids[1])
    session.picking.pick_current()
    wait(session)
    header = panel.view.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(Column.PICKS) + 20, 5)
    names = []
    for _ in range(3):
        qtbot.mouseClick(header.viewport(), LEFT, pos=place)
        names.append([name[4] for name in cells(panel, Column.NAME)])
    assert names == [["0", "2", "1"], ["1", "0", "2"], ["0", "1", "2"]]
    assert marked(panel) == ([1], [1])


def test_the_order_follows_new_picks(panel, session, ids, wait, qtbot):
    panel.view.sortByColumn(Column.PICKS, Qt.SortOrder.DescendingOrder)
    session.current.select(ids[2])
    session.picking.pick_current()
    qtbot.waitUntil(lambda: cells(panel, Column.NAME)[0] == "disc2.mrc")
    assert marked(panel) == ([0], [0])


def test_filter_by_name(panel, session, ids, qtbot):
    qtbot.keyClicks(panel.filter.name, "disc2")
    assert cells(panel, Column.NAME) == ["disc2.mrc"]
    assert marked(panel) == ([], [])
    qtbot.keyClicks(panel.filter.name, "x")
    assert panel.hint.text() == "No micrograph fits the filter."
    assert panel.hint.isVisible()
    assert not panel.sample.isVisible()
    panel.filter.name.clear()
    assert marked(panel) == ([0], [0])


# ---- work


def test_picking_all_is_shown_and_cancelled(panel, session, ids, wait, qtbot):
    seen = []
    session.runner.status_changed.connect(
        lambda status: seen.append((status.kind, panel.progress.isVisible()))
    )
    session.picking.pick_all()
    qtbot.waitUntil(panel.progress.isVisible)
    qtbot.mouseClick(panel.progress.cancel, LEFT)
    wait(session)
    qtbot.waitUntil(lambda: not panel.progress.isVisible())
    assert ("pick all", True) in seen
    assert session.summaries[ids[2]].status == "not picked"


# ---- projects and ends


def test_another_project_has_other_rows(panel, session, ids, tmp_path, discs, wait):
    session.open_project(tmp_path / "other")
    assert panel.hint.isVisible()
    session.open_paths([list(discs)[2]])
    wait(session)
    assert cells(panel, Column.NAME) == ["disc2.mrc"]
    assert marked(panel) == ([0], [0])


def test_rows_say_so_while_the_picks_of_a_project_are_counted(
    panel, session, ids, wait, qtbot, gate_before, tmp_path
):
    session.picking.pick_all()
    wait(session)
    folder = session.store.folder
    session.open_project(tmp_path / "another")
    gate = gate_before(statuses, "decide")
    session.open_project(folder)
    assert cells(panel, Column.STATUS) == ["Picked", "Checking …", "Checking …"]
    qtbot.waitUntil(lambda: panel.totals.text() == "checking 2 of 3 …")
    gate.opened.set()
    wait(session)
    assert cells(panel, Column.STATUS) == ["Picked"] * 3
    titles = [panel.filter.status.itemText(row) for row in range(panel.filter.status.count())]
    assert "Checking …" not in titles


def test_a_panel_opened_late_shows_what_is_there(panel, session, ids, viewer, qtbot):
    session.step(1)
    late = MicrographsPanel(viewer)
    qtbot.addWidget(late)
    assert cells(late, Column.NAME) == ["disc0.mrc", "disc1.mrc", "disc2.mrc"]
    assert marked(late) == ([1], [1])


def test_a_panel_that_is_gone_hears_nothing(panel, session, ids, viewer, qtbot):
    listeners = len(session.micrographs_changed), len(session.runner.status_changed)
    late = MicrographsPanel(viewer)
    assert len(session.micrographs_changed) == listeners[0] + 1
    with qtbot.waitSignal(late.destroyed):
        late.deleteLater()
    assert listeners == (len(session.micrographs_changed), len(session.runner.status_changed))
    session.include(ids[:1], False)
