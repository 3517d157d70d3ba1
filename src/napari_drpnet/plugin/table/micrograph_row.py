"""Row of the table of micrographs: texts, tooltips and sort keys."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from textwrap import fill
from typing import Any, Literal

from napari_drpnet.base.dirt import MOST_DIRT
from napari_drpnet.batch.results.wording import describe_accept
from napari_drpnet.images.micrograph import natural_order
from napari_drpnet.project.controllers.statuses import Status, Summary
from napari_drpnet.project.state.edits import MicrographRecord

RowStatus = Status | Literal["excluded"]

#: Titles of the statuses, in their sort order.
STATUS_TITLES: dict[RowStatus, str] = {
    "checking": "Checking …",
    "not picked": "Not picked",
    "picked": "Picked",
    "settings changed": "Settings changed",
    "failed": "Failed",
    "excluded": "Excluded",
}

_STATUS_TOOLTIPS: dict[RowStatus, str] = {
    "checking": "Looking for picks of this micrograph in the project",
    "not picked": "Not picked yet: press Pick or Pick all",
    "picked": "Picked with the current settings",
    "settings changed": "Picked with other settings: press Pick or Pick all to pick it again",
    "excluded": "Left out of Pick all and of exports: tick it to include it",
}


_MOSTLY_DIRTY = (
    f"More than {MOST_DIRT:.0%} is dirt, so no picks are rejected for it: the classes are wrong, "
    "or the micrograph is useless"
)
#: Mark of a number that has to be looked at.
_WARNING = " ⚠"
#: Characters in a line of a tooltip.
_TOOLTIP_COLUMNS = 80


class Column(IntEnum):
    """Columns of the table of micrographs."""

    INCLUDED = 0
    NAME = 1
    PICKS = 2
    DIRTY = 3
    DEFOCUS = 4
    STATUS = 5


#: Titles and tooltips of the columns.
HEADERS = {
    Column.INCLUDED: ("✓", "Included in Pick all and in exports [Space]"),
    Column.NAME: ("Name", "Name of the file"),
    Column.PICKS: ("Picks", "Accepted picks / picks above the threshold"),
    Column.DIRTY: ("Dirty", "Share of ice and carbon in the area, found with a segmenter"),
    Column.DEFOCUS: ("Defocus (µm)", "Mean defocus in micrometres, from RELION's list"),
    Column.STATUS: ("Status", "State of picking, or why it failed"),
}


@dataclass(frozen=True)
class MicrographRow:
    """Row of the table of micrographs.

    Parameters
    ----------
    record : MicrographRecord
        Micrograph of the row.
    name : str
        Name of the micrograph in the table.
    summary : Summary
        Summary of the picking result.
    """

    record: MicrographRecord
    name: str
    summary: Summary

    @property
    def status(self) -> RowStatus:
        """Status of picking, or "excluded"."""
        return self.summary.status if self.record.included else "excluded"

    def text(self, column: Column) -> str:
        """Return the text of a cell; empty if the value is unknown."""
        if column == Column.NAME:
            return self.name
        if column == Column.PICKS:
            counts = f"{self.summary.accepted:,} / {self.summary.above_threshold:,}"
            return counts if self._was_picked else ""
        if column == Column.DIRTY:
            area, mark = self.summary.dirty_area, _WARNING * self.summary.is_mostly_dirty
            return "" if area is None else f"{area:.1%}{mark}"
        if column == Column.DEFOCUS:
            defocus = self.record.defocus_angstrom
            return "" if defocus is None else f"{defocus / 1e4:.2f}"
        return self._status_text if column == Column.STATUS else ""

    def tooltip(self, column: Column) -> str:
        """Return the tooltip of a cell, followed by the advice about the micrograph."""
        advice = [fill(one.text, _TOOLTIP_COLUMNS) for one in self.summary.advice]
        return "\n\n".join([self._about(column), *advice])

    def sort_key(self, column: Column) -> Any:
        """Return the sort key of the row for a column; unknown numbers come first."""
        if column == Column.INCLUDED:
            return not self.record.included
        if column == Column.NAME:
            return natural_order(Path(self.name))
        if column == Column.PICKS:
            return self.summary.accepted if self._was_picked else -1
        if column == Column.DIRTY:
            return -1.0 if self.summary.dirty_area is None else self.summary.dirty_area
        if column == Column.DEFOCUS:
            defocus = self.record.defocus_angstrom
            return float("-inf") if defocus is None else defocus
        return list(STATUS_TITLES).index(self.status)

    def _about(self, column: Column) -> str:
        if column == Column.NAME:
            return str(self.record.path)
        if column == Column.STATUS:
            return _STATUS_TOOLTIPS.get(self.status, self.summary.message)
        if column == Column.PICKS:
            return "\n".join([HEADERS[column][1], *self._classification])
        if column == Column.DIRTY and self.summary.is_mostly_dirty:
            return f"{HEADERS[column][1]}\n{fill(_MOSTLY_DIRTY, _TOOLTIP_COLUMNS)}"
        return HEADERS[column][1]

    @property
    def _classification(self) -> list[str]:
        """The cut of P(particle), and the expected F1; empty without a classifier."""
        summary = self.summary
        if summary.expected is None:
            return []
        accept = f"accept: {describe_accept(summary.accept, summary.automatic)}"
        return [accept] + [f"expected F1: {summary.expected.f1:.2f}"] * bool(summary.accepted)

    @property
    def _was_picked(self) -> bool:
        """Whether there are picks, which may be older than a failure."""
        has_status = self.summary.status in ("picked", "settings changed")
        return has_status or self.summary.above_threshold > 0

    @property
    def _status_text(self) -> str:
        title, reason = STATUS_TITLES[self.status], self.summary.reason(self.record)
        return f"{title}: {reason}" if self.status == "failed" and reason else title


def short_names(paths: Sequence[Path]) -> list[str]:
    """Return names of files, extended by as many parent folders as make them unique."""
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
