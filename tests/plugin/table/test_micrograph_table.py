from pathlib import Path

import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtCore import QModelIndex, QPersistentModelIndex, Qt

from napari_drpnet.plugin.table.micrograph_row import Column
from napari_drpnet.plugin.table.micrograph_table import MicrographFilter, MicrographTable
from napari_drpnet.project.state.edits import MicrographEdit, MicrographRecord

ROLE = Qt.ItemDataRole
DESCENDING = Qt.SortOrder.DescendingOrder


@pytest.fixture
def add(session):
    """A function that adds micrographs whose files are not there."""

    def add(*names, defocus=10000.0):
        first = session.project.next_micrograph_number()
        records = tuple(
            MicrographRecord(
                id=f"m{first + k:05d}",
                name=name,
                path=Path("/data", name),
                output=name,
                pixel_size_angstrom=1.0,
                defocus_angstrom=defocus + k,
            )
            for k, name in enumerate(names)
        )
        session.do(MicrographEdit(before=(), after=records))
        return [record.id for record in records]

    return add


@pytest.fixture
def ids(add):
    return add("mic1.mrc", "mic2.mrc", "mic10.mrc", "other.mrc")


@pytest.fixture
def table(session, ids, qtmodeltester):
    table = MicrographTable(session)
    session.micrographs_changed.connect(table.refresh)
    yield table
    qtmodeltester.check(table)


@pytest.fixture
def rows(table, qtmodeltester):
    rows = MicrographFilter(table)
    yield rows
    qtmodeltester.check(rows)


def column(model, column):
    return [model.index(row, column).data() for row in range(model.rowCount())]


def changed_rows(table):
    changed = []
    table.dataChanged.connect(lambda a, b: changed.append((a.row(), b.row(), b.column())))
    return changed


def test_the_table_is_in_the_order_of_the_list(table):
    assert column(table, Column.NAME) == ["mic1.mrc", "mic2.mrc", "mic10.mrc", "other.mrc"]
    assert table.rowCount(table.index(0, 0)) == table.columnCount(table.index(0, 0)) == 0


def test_only_rows_that_changed_are_told(table, session, ids):
    changed = changed_rows(table)
    session.summaries.note_failure(ids[2], "gone")
    assert changed == [(2, 2, Column.STATUS)]
    session.include(ids[:2] + ids[3:], False)
    assert changed[1:] == [(0, 1, Column.STATUS), (3, 3, Column.STATUS)]
    ticks = [table.index(row, 0).data(ROLE.CheckStateRole) for row in range(4)]
    assert [Qt.CheckState(tick) == Qt.CheckState.Checked for tick in ticks] == [
        False, False, True, False,
    ]  # fmt: skip


def test_rows_come_and_go(table, session, ids, add):
    add("new/mic1.mrc")
    assert column(table, Column.NAME)[0] == "data/mic1.mrc"
    assert column(table, Column.NAME)[-1] == "new/mic1.mrc"
    record = session.project.micrographs[ids[1]]
    session.do(MicrographEdit(before=(record,), after=()))
    assert table.rowCount() == 4
    assert table.row_of(ids[1]) is None
    session.undo()
    assert table.row_of(ids[1]) == 1


def test_the_shown_micrograph_is_bold_and_excluded_ones_are_slanted(table, session, ids):
    changed = changed_rows(table)
    session.current.select(ids[1])
    table.show_current()
    session.current.select(ids[3])
    table.show_current()
    fonts = [table.index(row, Column.NAME).data(ROLE.FontRole) for row in range(4)]
    assert [font.bold() for font in fonts] == [False, False, False, True]
    assert [row for row, *_ in changed] == [1, 1, 3]
    session.include(ids[:1], False)
    assert table.index(0, Column.NAME).data(ROLE.FontRole).italic()


def test_headers_have_titles_and_tooltips(table):
    titles = [table.headerData(c, Qt.Orientation.Horizontal) for c in Column]
    assert titles[1:] == ["Name", "Picks", "Dirty", "Defocus (µm)", "Status"]
    assert all(table.headerData(c, Qt.Orientation.Horizontal, ROLE.ToolTipRole) for c in Column)
    assert table.headerData(0, Qt.Orientation.Vertical) is None


def test_sorting_follows_the_numbers_and_comes_back_to_the_list(rows, table, session, ids):
    kept = QPersistentModelIndex(table.index(1, Column.DEFOCUS))
    rows.sort(Column.DEFOCUS, DESCENDING)
    assert column(rows, Column.NAME) == ["other.mrc", "mic10.mrc", "mic2.mrc", "mic1.mrc"]
    assert (kept.row(), kept.column()) == (2, Column.DEFOCUS)
    rows.sort(Column.STATUS)
    session.summaries.note_failure(ids[0], "gone")
    table.sort_anew()
    assert column(rows, Column.NAME)[-1] == "mic1.mrc"
    rows.sort(-1)
    assert column(rows, Column.NAME) == ["mic1.mrc", "mic2.mrc", "mic10.mrc", "other.mrc"]


def test_new_rows_are_sorted_in(rows, table, add):
    rows.sort(Column.NAME, DESCENDING)
    add("mic11.mrc")
    assert column(rows, Column.NAME)[:2] == ["other.mrc", "mic11.mrc"]


def test_filters_by_words_and_status(rows, session, ids):
    rows.show_only("MRC mic1", None)
    assert column(rows, Column.NAME) == ["mic1.mrc", "mic10.mrc"]
    assert rows.index_of(ids[1]) == QModelIndex()
    assert rows.id_at(rows.index_of(ids[2])) == ids[2]
    session.include(ids[:1], False)
    rows.show_only("mic1", "excluded")
    assert column(rows, Column.NAME) == ["mic1.mrc"]
    session.include(ids[:1], True)
    assert rows.rowCount() == 0
    assert rows.index_of(None) == QModelIndex()


def test_ten_thousand_micrographs_are_no_burden(rows, table, session, add):
    names = add(*(f"FoilHole_{k * 7919 % 10007}.mrc" for k in range(10_000)))
    rows.sort(Column.PICKS)
    for name in names[::200]:
        session.summaries.note_failure(name, "gone")
    assert rows.rowCount() == 10_004
