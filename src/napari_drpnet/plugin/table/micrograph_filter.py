"""Which micrographs the table shows."""

from qtpy.QtCore import QModelIndex, QObject, QSortFilterProxyModel, Qt

from napari_drpnet.plugin.table.micrograph_row import Column, RowStatus
from napari_drpnet.plugin.table.micrograph_table import MicrographTable


class MicrographFilter(QSortFilterProxyModel):
    """The rows of a table that are shown, in its order.

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
        """Show the rows that have all words of a text in their name, and a status, if any."""
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
        micrograph = self._table.row_at(row)
        name = micrograph.name.casefold()
        has_status = self._status in (None, micrograph.status)
        return has_status and all(word in name for word in self._words)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Let the table sort itself, which is much faster than Qt's comparing of rows in Python."""
        self._table.sort(column, order)
