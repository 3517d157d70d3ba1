"""Qt models of the table of micrographs: all rows, and the rows that pass the filter."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QObject, QSortFilterProxyModel, Qt
from qtpy.QtGui import QFont

from napari_drpnet.plugin.table.micrograph_row import (
    HEADERS,
    Column,
    MicrographRow,
    RowStatus,
    short_names,
)
from napari_drpnet.project.session import Session

_SIDES = {
    Column.PICKS: Qt.AlignmentFlag.AlignRight,
    Column.DIRTY: Qt.AlignmentFlag.AlignRight,
    Column.DEFOCUS: Qt.AlignmentFlag.AlignHCenter,
}


class MicrographTable(QAbstractTableModel):
    """Table model with one row for each micrograph of a session.

    The rows are at first in the order of the session's list. The model only reads the session; its
    owner calls `reset` or `refresh` after changes.

    Parameters
    ----------
    session : Session
        Session whose micrographs are listed.
    parent : QObject, optional
        Parent object.
    """

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._sorting = (-1, Qt.SortOrder.AscendingOrder)
        self._shown: str | None = None
        self._read()

    def reset(self) -> None:
        """Read the whole list again."""
        self.beginResetModel()
        self._read()
        self.endResetModel()

    def refresh(self, ids: Collection[str]) -> bool:
        """Update the rows of some micrographs; return whether rows were added or removed."""
        if any((name in self._rows) != (name in self._session.project.micrographs) for name in ids):
            self.reset()
            return True
        for first, last in _runs(sorted(self._rows[name] for name in ids if name in self._rows)):
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(Column) - 1))
        return False

    def show_current(self) -> None:
        """Mark the row of the current micrograph."""
        before, self._shown = self._shown, self._session.current.id
        if before != self._shown:
            self.refresh([name for name in (before, self._shown) if name in self._rows])

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; restore the order of the list if `column` is negative."""
        self._sorting = (column, order)
        self.sort_anew()

    def sort_anew(self) -> None:
        """Sort again, after values have changed."""
        ids = self._order()
        if ids != self._ids:
            self.layoutAboutToBeChanged.emit()
            before = self.persistentIndexList()
            cells = [(self._ids[index.row()], index.column()) for index in before]
            self._place(ids)
            after = [self.index(self._rows[name], column) for name, column in cells]
            self.changePersistentIndexList(before, after)
            self.layoutChanged.emit()

    def id_at(self, row: int) -> str:
        """Return the id of the micrograph in a row."""
        return self._ids[row]

    def row_of(self, micrograph: str | None) -> int | None:
        """Return the row of a micrograph; None if it has none."""
        return self._rows.get(micrograph) if micrograph else None

    def row_at(self, row: int) -> MicrographRow:
        """Return the content of a row."""
        return self._row(self._ids[row])

    # ---- Qt interface

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of micrographs."""
        return 0 if parent is not None and parent.isValid() else len(self._ids)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the title, tooltip or alignment of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        title, tooltip = HEADERS[Column(section)]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return title
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(Column(section))
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text, tooltip, alignment, font or check state of a cell."""
        row, column = self.row_at(index.row()), Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.text(column)
            case Qt.ItemDataRole.ToolTipRole:
                return row.tooltip(column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.FontRole:
                return self._font(row)
            case Qt.ItemDataRole.CheckStateRole if column == Column.INCLUDED:
                return Qt.CheckState.Checked if row.record.included else Qt.CheckState.Unchecked
        return None

    # ---- helpers

    def _read(self) -> None:
        records = self._session.project.micrographs
        names = short_names([record.path for record in records.values()])
        self._names = dict(zip(records, names, strict=True))
        self._shown = self._session.current.id
        self._place(self._order())

    def _order(self) -> list[str]:
        column, order = self._sorting
        ids = list(self._session.project.micrographs)
        if column >= 0:
            is_reverse = order == Qt.SortOrder.DescendingOrder
            ids.sort(key=lambda name: self._row(name).sort_key(Column(column)), reverse=is_reverse)
        return ids

    def _place(self, ids: list[str]) -> None:
        self._ids = ids
        self._rows = {name: row for row, name in enumerate(ids)}

    def _row(self, name: str) -> MicrographRow:
        record = self._session.project.micrographs[name]
        return MicrographRow(record, self._names[name], self._session.summaries[name])

    def _font(self, row: MicrographRow) -> QFont:
        font = QFont()
        font.setBold(row.record.id == self._shown)
        font.setItalic(not row.record.included)
        return font


class MicrographFilter(QSortFilterProxyModel):
    """Filter for the rows of the table of micrographs, which keeps their order.

    Parameters
    ----------
    table : MicrographTable
        Model with all rows.
    parent : QObject, optional
        Parent object.
    """

    def __init__(self, table: MicrographTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._words: list[str] = []
        self._status: RowStatus | None = None
        self._least_dirty = 0.0
        self.setSourceModel(table)

    def show_only(self, text: str, status: RowStatus | None, least_dirty: float = 0.0) -> None:
        """Show only the rows that fit.

        Parameters
        ----------
        text : str
            Words that the name must contain.
        status : str or None
            Status; None for every one.
        least_dirty : float
            Least share of dirt, from 0 to 1; with 0 it may be unknown.
        """
        self._words, self._status = text.casefold().split(), status
        self._least_dirty = least_dirty
        self.invalidateFilter()

    def id_at(self, index: QModelIndex) -> str:
        """Return the id of the micrograph in a shown row."""
        return self._table.id_at(self.mapToSource(index).row())

    def id_below(self, index: QModelIndex) -> str | None:
        """Return the id of the micrograph in the row below; None if there is none."""
        below = index.siblingAtRow(index.row() + 1)
        return self.id_at(below) if below.isValid() else None

    def index_of(self, micrograph: str | None) -> QModelIndex:
        """Return the name cell of a micrograph; an invalid index if its row is hidden."""
        row = self._table.row_of(micrograph)
        if row is None:
            return QModelIndex()
        return self.mapFromSource(self._table.index(row, Column.NAME))

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:
        """Return whether a row is shown."""
        micrograph = self._table.row_at(row)
        name = micrograph.name.casefold()
        has_status = self._status in (None, micrograph.status)
        is_dirty = not self._least_dirty or (
            (micrograph.summary.dirty_area or 0.0) >= self._least_dirty
        )
        return has_status and is_dirty and all(word in name for word in self._words)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort the table, which is much faster than comparing rows one by one for Qt."""
        self._table.sort(column, order)


def _alignment(column: Column) -> Qt.AlignmentFlag:
    return _SIDES.get(column, Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter


def _runs(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each run of neighbouring rows."""
    for _, run in groupby(enumerate(rows), lambda item: item[1] - item[0]):
        neighbours = [row for _, row in run]
        yield neighbours[0], neighbours[-1]
