"""Figures of all micrographs, and the exclusion of those beyond a limit."""

from dataclasses import dataclass
from enum import IntEnum
from functools import partial

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_drpnet.batch.results.curation import CurationRules, Side, is_beyond, split_rule
from napari_drpnet.batch.results.statistics import MEASURES
from napari_drpnet.project.controllers.statuses import Summaries, Summary
from napari_drpnet.project.points.axes import Axis, LinearAxis
from napari_drpnet.project.points.histograms import Histogram, score_histogram
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.workspace import Workspace

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Names of the figures that do not come from picks.
ORDER, DEFOCUS = "order", "defocus"
#: Titles of the figures, for lists and axes.
TITLES = {
    "count": "picks",
    "mean_fom": "mean FOM",
    "expected_precision": "expected precision",
    "expected_f1": "expected F1",
    "contamination": "contamination",
    "dirty_area": "dirty area",
    DEFOCUS: "defocus (µm)",
    ORDER: "place in the list",
}
#: Sides of the limits that a figure may have: those of `drpnet curate`, and both for the defocus.
SIDES: dict[str, tuple[Side, ...]] = {
    name: tuple(
        side
        for side, measure in map(split_rule, CurationRules.model_fields)
        if measure == name or (name == DEFOCUS and measure == "count")
    )
    for name in TITLES
}
_BINS = 40
_ANGSTROM_PER_UM = 1e4


class Standing(IntEnum):
    """Whether a micrograph is kept, would be excluded by the limit, or is excluded already."""

    EXCLUDED = 0
    KEPT = 1
    BEYOND = 2


@dataclass(frozen=True, eq=False)
class Dots:
    """Micrographs as dots of a scatter plot; those without one of the two figures are left out.

    Parameters
    ----------
    ids : tuple of str
        Ids of the n micrographs.
    x, y : (n,) float array
        Figures of the micrographs.
    standing : (n,) int array
        `Standing` of each micrograph.
    """

    ids: tuple[str, ...]
    x: Floats
    y: Floats
    standing: NDArray[np.int8]


@dataclass(frozen=True)
class Exclusion:
    """Micrographs that the limit would exclude.

    Parameters
    ----------
    ids : tuple of str
        Ids of the micrographs.
    text : str
        What would be excluded, in numbers.
    """

    ids: tuple[str, ...]
    text: str


class _Columns:
    """Figures of micrographs as columns, each read when it is first needed.

    Parameters
    ----------
    records : list of MicrographRecord
        The n micrographs.
    summaries : list of Summary
        Their summaries.
    """

    def __init__(self, records: list[MicrographRecord], summaries: list[Summary]) -> None:
        self._records, self._summaries = records, summaries
        self._read: dict[str, Floats] = {}
        self.ids = tuple(record.id for record in records)
        self.included = np.array([record.included for record in records], bool)
        self.particles = np.array([summary.accepted for summary in summaries], np.intp)
        self._is_picked = np.array([summary.figures is not None for summary in summaries], bool)

    def __getitem__(self, figure: str) -> Floats:
        """Return the values ``(n,)`` of a figure; NaN where it is unknown."""
        if figure not in self._read:
            values = map(partial(_value, figure), self._records, self._summaries)
            self._read[figure] = np.array([*values], float)  # None becomes NaN
            if figure == ORDER:
                self._read[figure] = np.arange(1.0, len(self.ids) + 1)
        return self._read[figure]

    def known(self, figure: str) -> Floats:
        """Return the known values ``(k,)`` of a figure."""
        values = self[figure]
        return values[~np.isnan(values)]

    def measured(self, figure: str) -> Mask:
        """Return where ``(n,)`` a figure may be judged; that of picks only in a picked one."""
        return self._is_picked if figure in MEASURES else ~np.isnan(self[figure])

    def standing(self, figure: str, side: Side, limit: float | None) -> NDArray[np.int8]:
        """Return the `Standing` ``(n,)`` of the micrographs with a limit of a figure."""
        beyond = np.zeros(len(self.ids), bool)
        if limit is not None:
            beyond = is_beyond(self[figure], side, limit) & self.measured(figure)
        kept = np.where(beyond, Standing.BEYOND, Standing.KEPT)
        return np.where(self.included, kept, Standing.EXCLUDED).astype(np.int8)

    def describe(self, row: int) -> list[str]:
        """Return the known figures of one micrograph with their titles, and its name first."""
        lines = [self._records[row].path.name]
        for figure, title in TITLES.items():
            value = self[figure][row]
            if figure != ORDER and not np.isnan(value):
                text = MEASURES[figure].text(value) if figure in MEASURES else f"{value:.2f}"
                lines.append(f"{title}: {text}")
        return lines


def _value(figure: str, record: MicrographRecord, summary: Summary) -> float | None:
    if figure == DEFOCUS:
        defocus = record.defocus_angstrom
        return None if defocus is None else defocus / _ANGSTROM_PER_UM
    value: float | None = getattr(summary.figures, figure, None)
    return value


class Overview:
    """Figures of all micrographs of a workspace, and a limit of one figure.

    The limit follows the rules of `drpnet curate`: an unknown figure of a picked micrograph, such
    as the mean of no picks, is beyond every limit. A micrograph that is not picked has no figures
    of picks, and is left as it is.

    Parameters
    ----------
    workspace : Workspace
        Workspace with the micrographs.
    summaries : Summaries
        Summaries of the micrographs.

    Attributes
    ----------
    figure, against : str
        Figures of the ordinate and the abscissa, keys of `TITLES`.
    side : {'min', 'max'}
        Whether the limit is the least or the greatest value that is kept.
    limit : float or None
        Limit of `figure`; None if there is none.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace, summaries: Summaries) -> None:
        self._workspace, self._summaries = workspace, summaries
        self.figure, self.against = "count", ORDER
        self.side: Side = "min"
        self.limit: float | None = None
        self._read: _Columns | None = None
        workspace.micrographs_changed.connect(self._on_micrographs)
        workspace.project_changed.connect(self._forget)

    def choose(self, figure: str | None = None, against: str | None = None) -> None:
        """Choose the figures to show; a new `figure` has no limit."""
        self.against = against or self.against
        if figure is not None and figure != self.figure:
            self.figure, self.limit = figure, None
            if self.side not in SIDES[figure]:
                self.side = next(iter(SIDES[figure]), self.side)
        self.changed.emit()

    def choose_side(self, side: Side) -> None:
        """Choose whether the limit excludes what is below or above it; it starts anew."""
        self.side, self.limit = side, None
        self.changed.emit()

    def set_limit(self, limit: float | None) -> None:
        """Set the limit; None removes it."""
        self.limit = limit
        self.changed.emit()

    @property
    def line(self) -> float | None:
        """Place of the line to drag: the limit, or else the end that excludes nothing."""
        if not SIDES[self.figure] or not len(self._columns.known(self.figure)):
            return None
        if self.limit is not None:
            return self.limit
        axis = self.axis(self.figure)
        return axis.low if self.side == "min" else axis.high

    def axis(self, figure: str) -> Axis:
        """Return an axis with all values of a figure; that of counts begins at 0."""
        known = self._columns.known(figure)
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        low = min(low, 0.0) if figure == "count" else low
        return LinearAxis(low, high if high > low else low + 1.0)

    def histogram(self) -> Histogram | None:
        """Count the included micrographs by `figure`; None if it is known of none of them."""
        values = self._columns[self.figure][self._columns.included]
        if np.isnan(values).all():
            return None
        return score_histogram(values, self.axis(self.figure), _BINS)

    def dots(self) -> Dots:
        """Return the micrographs of which both figures are known."""
        columns = self._columns
        x, y = columns[self.against], columns[self.figure]
        rows = np.flatnonzero(~np.isnan(x) & ~np.isnan(y))
        ids = tuple(columns.ids[row] for row in rows)
        return Dots(ids, x[rows], y[rows], self._standing[rows])

    def describe(self, micrograph: str) -> str:
        """Return the name and the known figures of a micrograph, one on each line."""
        columns = self._columns
        return "\n".join(columns.describe(columns.ids.index(micrograph)))

    @property
    def exclusion(self) -> Exclusion:
        """Included micrographs beyond the limit."""
        beyond = self._standing == Standing.BEYOND
        ids = tuple(self._columns.ids[row] for row in np.flatnonzero(beyond))
        return Exclusion(ids, self._tell(beyond))

    def _tell(self, beyond: Mask) -> str:
        """Say in numbers what the limit would exclude."""
        if self.limit is None:
            return ""
        columns, included = self._columns, self._columns.included
        side = "below" if self.side == "min" else "above"
        where = f"{TITLES[self.figure]} {side} {self.axis(self.figure).text(self.limit)}"
        text = f"No included micrograph has {where}."
        if beyond.any():
            lost, total = columns.particles[beyond].sum(), columns.particles[included].sum()
            text = (
                f"{beyond.sum():,} of {included.sum():,} included micrographs with {lost:,} of "
                f"{total:,} particles: {where}."
            )
        unknown = int((beyond & np.isnan(columns[self.figure])).sum())
        unmeasured = int((included & ~columns.measured(self.figure)).sum())
        if unknown:
            text += f" {unknown:,} of them have no value."
        if unmeasured:
            why = "without a defocus" if self.figure == DEFOCUS else "not picked"
            text += f" {unmeasured:,} {why}: left as they are."
        return text

    @property
    def _standing(self) -> NDArray[np.int8]:
        return self._columns.standing(self.figure, self.side, self.limit)

    @property
    def _columns(self) -> _Columns:
        """Figures of all micrographs, read once after each change."""
        if self._read is None:
            records = list(self._workspace.project.micrographs.values())
            self._read = _Columns(records, [self._summaries[record.id] for record in records])
        return self._read

    def _on_micrographs(self) -> None:
        self._read = None

    def _forget(self) -> None:
        self.limit = self._read = None
        self.changed.emit()
