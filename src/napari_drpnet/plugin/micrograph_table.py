"""The micrographs of a project as rows for Qt, and which of them are shown in what order."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QObject, QSortFilterProxyModel, Qt
from qtpy.QtGui import QFont

from napari_drpnet.micrograph import natural_order
from napari_drpnet.project.edits import MicrographRecord
from napari_drpnet.project.session import Session
from napari_drpnet.project.summaries import Status

RowStatus = Status | Literal["excluded"]

#: In the order in which they sort.
STATUS_TITLES: dict[RowStatus, str] = {
    "not picked": "Not picked",
    "picked": "Picked",
    "settings changed": "Settings changed",
    "failed": "Failed",
    "excluded": "Excluded",
}

_STATUS_TOOLTIPS: dict[RowStatus, str] = {
    "not picked": "Nobody has looked for particles here yet",
    "picked": "Picked with the present settings",
    "settings changed": "Picked with other settings: press Pick, or Pick all, to pick it anew",
    "excluded": "Left out when all are picked or exported: tick it to include it",
}


class Column(IntEnum):
    """Columns of the table."""

    INCLUDED = 0
    NAME = 1
    PICKS = 2
    DEFOCUS = 3
    STATUS = 4


_TITLES = {
    Column.INCLUDED: ("✓", "Included in Pick all and in exports [Space]"),
    Column.NAME: ("Name", "Name of the file"),
    Column.PICKS: ("Picks", "Accepted picks / picks above the threshold"),
    Column.DEFOCUS: ("Defocus (µm)", "Mean defocus in micrometres, where RELION's list gives it"),
    Column.STATUS: ("Status", "What was done, or why it could not be done"),
}
_NUMBERS = (Column.PICKS, Column.DEFOCUS)


class MicrographTable(QAbstractTableModel):
    """The micrographs of a session, one per row, in the order of its list.

    It only reads the session. Its owner says what has changed.

    Parameters
    ----------
    session : Session
        Whose micrographs they are.
    parent : QObject, optional
        Owner.
    """

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown: str | None = None
        self._read()

    def reset(self) -> None:
        """Read the whole list anew."""
        self.beginResetModel()
        self._read()
        self.endResetModel()

    def refresh(self, ids: Iterable[str]) -> None:
        """Show what has changed about some micrographs."""
        if any((name in self._rows) != (name in self._session.project.micrographs) for name in ids):
            self.reset()
            return
        for first, last in _runs(sorted(self._rows[name] for name in ids if name in self._rows)):
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(Column) - 1))

    def show_current(self) -> None:
        """Mark the row of the micrograph that is shown."""
        before, self._shown = self._shown, self._session.current.id
        if before != self._shown:
            self.refresh([name for name in (before, self._shown) if name in self._rows])

    def id_at(self, row: int) -> str:
        """Return the id of the micrograph in a row."""
        return self._ids[row]

    def row_of(self, micrograph: str | None) -> int | None:
        """Return the row of a micrograph, if it has one."""
        return self._rows.get(micrograph) if micrograph else None

    def name_at(self, row: int) -> str:
        """Return the name of the file, with folders where it takes them to tell files apart."""
        return self._names[row]

    def status_at(self, row: int) -> RowStatus:
        """Return what came of a micrograph, or that it is left out."""
        name = self._ids[row]
        return self._session.summaries[name].status if self._record(row).included else "excluded"

    def sort_key(self, row: int, column: Column) -> Any:
        """Return what a column sorts by; unknown numbers come before all others."""
        if column == Column.INCLUDED:
            return not self._record(row).included
        if column == Column.NAME:
            return natural_order(Path(self._names[row]))
        if column == Column.PICKS:
            summary = self._session.summaries[self._ids[row]]
            return summary.accepted if self._text_of_picks(row) else -1
        if column == Column.DEFOCUS:
            defocus = self._record(row).defocus_angstrom
            return float("-inf") if defocus is None else defocus
        return list(STATUS_TITLES).index(self.status_at(row))

    # ---- for Qt

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of micrographs."""
        return 0 if parent is not None and parent.isValid() else len(self._ids)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return title, tooltip or alignment of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        title, tooltip = _TITLES[Column(section)]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(Column(section))
        texts = {Qt.ItemDataRole.DisplayRole: title, Qt.ItemDataRole.ToolTipRole: tooltip}
        return texts.get(Qt.ItemDataRole(role))

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what one cell shows."""
        row, column = index.row(), Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return self._tooltip(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.FontRole:
                return self._font(row)
            case Qt.ItemDataRole.CheckStateRole if column == Column.INCLUDED:
                ticked = self._record(row).included
                return Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
        return None

    # ---- inside

    def _read(self) -> None:
        records = list(self._session.project.micrographs.values())
        self._ids = [record.id for record in records]
        self._rows = {name: row for row, name in enumerate(self._ids)}
        self._names = short_names([record.path for record in records])
        self._shown = self._session.current.id

    def _record(self, row: int) -> MicrographRecord:
        return self._session.project.micrographs[self._ids[row]]

    def _text(self, row: int, column: Column) -> str:
        if column == Column.NAME:
            return self._names[row]
        if column == Column.PICKS:
            return self._text_of_picks(row)
        if column == Column.DEFOCUS:
            defocus = self._record(row).defocus_angstrom
            return "" if defocus is None else f"{defocus / 1e4:.2f}"
        if column == Column.STATUS:
            return self._text_of_status(row)
        return ""

    def _text_of_picks(self, row: int) -> str:
        summary = self._session.summaries[self._ids[row]]
        was_picked = summary.status in ("picked", "settings changed")
        return f"{summary.accepted:,} / {summary.above_threshold:,}" if was_picked else ""

    def _text_of_status(self, row: int) -> str:
        status = self.status_at(row)
        reason = " ".join(self._session.summaries[self._ids[row]].message.split())
        return f"Failed: {reason}" if status == "failed" and reason else STATUS_TITLES[status]

    def _tooltip(self, row: int, column: Column) -> str:
        if column == Column.NAME:
            return str(self._record(row).path)
        if column == Column.STATUS:
            message = self._session.summaries[self._ids[row]].message
            return _STATUS_TOOLTIPS.get(self.status_at(row), message)
        return _TITLES[column][1]

    def _font(self, row: int) -> QFont:
        font = QFont()
        font.setBold(self._ids[row] == self._shown)
        font.setItalic(not self._record(row).included)
        return font


class MicrographFilter(QSortFilterProxyModel):
    """The rows that are shown, in the order of a column or, without one, of the list.

    Parameters
    ----------
    table : MicrographTable
        All rows.
    parent : QObject, optional
        Owner.
    """

    def __init__(self, table: MicrographTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._words: list[str] = []
        self._status: RowStatus | None = None
        self.setSourceModel(table)

    def show_only(self, text: str, status: RowStatus | None) -> None:
        """Show rows that have all words of a text in their name, and a status."""
        self._words, self._status = text.casefold().split(), status
        self.invalidateFilter()

    def id_at(self, index: QModelIndex) -> str:
        """Return the id of the micrograph in a shown row."""
        return self._table.id_at(self.mapToSource(index).row())

    def index_of(self, micrograph: str | None) -> QModelIndex:
        """Return the name cell of a micrograph; an invalid index where it is not shown."""
        row = self._table.row_of(micrograph)
        if row is None:
            return QModelIndex()
        return self.mapFromSource(self._table.index(row, Column.NAME))

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:
        """Tell whether a row is shown."""
        if self._status not in (None, self._table.status_at(row)):
            return False
        name = self._table.name_at(row).casefold()
        return all(word in name for word in self._words)

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:
        """Compare two rows by the values of a column, not by its texts."""
        column = Column(left.column())
        keys = (self._table.sort_key(index.row(), column) for index in (left, right))
        return bool(next(keys) < next(keys))


def short_names(paths: Sequence[Path]) -> list[str]:
    """Name different files by the last parts of their paths, by as many as tell them apart."""
    names = [path.name for path in paths]
    for depth in range(2, max((len(path.parts) for path in paths), default=0) + 1):
        counts = Counter(names)
        if len(counts) == len(names):
            break
        names = [
            name if counts[name] == 1 else Path(*path.parts[-depth:]).as_posix()
            for name, path in zip(names, paths, strict=True)
        ]
    return names


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _NUMBERS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _runs(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each run of neighbouring rows."""
    for _, run in groupby(enumerate(rows), lambda item: item[1] - item[0]):
        neighbours = [row for _, row in run]
        yield neighbours[0], neighbours[-1]
