"""What the table says about one micrograph."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from textwrap import fill
from typing import Any, Literal

from napari_drpnet.batch.results.wording import describe_accept
from napari_drpnet.images.micrograph import natural_order
from napari_drpnet.project.controllers.statuses import Status, Summary
from napari_drpnet.project.state.edits import MicrographRecord

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


#: Letters in a line of a tooltip.
_TOOLTIP_COLUMNS = 80


class Column(IntEnum):
    """Columns of the table."""

    INCLUDED = 0
    NAME = 1
    PICKS = 2
    DEFOCUS = 3
    STATUS = 4


#: Titles and tooltips.
HEADERS = {
    Column.INCLUDED: ("✓", "Included in Pick all and in exports [Space]"),
    Column.NAME: ("Name", "Name of the file"),
    Column.PICKS: ("Picks", "Accepted picks / picks above the threshold"),
    Column.DEFOCUS: ("Defocus (µm)", "Mean defocus in micrometres, where RELION's list gives it"),
    Column.STATUS: ("Status", "What was done, or why it could not be done"),
}


@dataclass(frozen=True)
class MicrographRow:
    """One row of the table.

    Parameters
    ----------
    record : MicrographRecord
        The micrograph.
    name : str
        What it is called in the table.
    summary : Summary
        What came of it.
    """

    record: MicrographRecord
    name: str
    summary: Summary

    @property
    def status(self) -> RowStatus:
        """What came of it, or that it is left out."""
        return self.summary.status if self.record.included else "excluded"

    def text(self, column: Column) -> str:
        """Return what a cell says; empty where that is not known."""
        if column == Column.NAME:
            return self.name
        if column == Column.PICKS:
            counts = f"{self.summary.accepted:,} / {self.summary.above_threshold:,}"
            return counts if self._was_picked else ""
        if column == Column.DEFOCUS:
            defocus = self.record.defocus_angstrom
            return "" if defocus is None else f"{defocus / 1e4:.2f}"
        return self._status_text if column == Column.STATUS else ""

    def tooltip(self, column: Column) -> str:
        """Return what a cell says when the mouse rests on it, with advice about the row below."""
        advice = [fill(one.text, _TOOLTIP_COLUMNS) for one in self.summary.advice]
        return "\n\n".join([self._about(column), *advice])

    def sort_key(self, column: Column) -> Any:
        """Return what a column sorts by; unknown numbers come before all others."""
        if column == Column.INCLUDED:
            return not self.record.included
        if column == Column.NAME:
            return natural_order(Path(self.name))
        if column == Column.PICKS:
            return self.summary.accepted if self._was_picked else -1
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
            return "\n".join([HEADERS[column][1], *self._judgement])
        return HEADERS[column][1]

    @property
    def _judgement(self) -> list[str]:
        """The cut of P(particle), and what to expect of it; nothing without a classifier."""
        summary = self.summary
        if summary.expected is None:
            return []
        accept = f"accept: {describe_accept(summary.accept, summary.automatic)}"
        return [accept] + [f"expected F1: {summary.expected.f1:.2f}"] * bool(summary.accepted)

    @property
    def _was_picked(self) -> bool:
        """Whether there are picks: those from before a failure stay."""
        has_status = self.summary.status in ("picked", "settings changed")
        return has_status or self.summary.above_threshold > 0

    @property
    def _status_text(self) -> str:
        message = self.summary.message.removeprefix(f"{self.record.path}: ")  # named beside it
        title, reason = STATUS_TITLES[self.status], " ".join(message.split())
        return f"{title}: {reason}" if self.status == "failed" and reason else title


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
