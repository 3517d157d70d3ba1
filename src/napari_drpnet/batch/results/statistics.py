"""What is known about each micrograph of an output folder, and which of them stand out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.batch.folder.outputs import Outputs
from napari_drpnet.batch.folder.records import Ledger, Record
from napari_drpnet.formats.programs.csv import read_rows
from napari_drpnet.images.micrograph import natural_order
from napari_drpnet.picking.advice import Advice

#: From here on a micrograph stands out (Iglewicz and Hoaglin 1993, modified z-score).
LIMIT_MADS = 3.5
#: A median absolute deviation times this is the standard deviation of normal values.
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True)
class MicrographStatistics:
    """What is known about a picked micrograph.

    Parameters
    ----------
    name : str
        As the index has it.
    path : pathlib.Path
        Its file.
    files : tuple of str
        Written for it, relative to the output folder.
    count, above_threshold : int
        Accepted picks, and picks before the classifier judged.
    mean_fom : float or None
        Mean figure of merit of the accepted picks; None where there are none.
    fom_quantiles : tuple of float
        Least, lower quartile, median, upper quartile and greatest figure of merit of the accepted
        picks; empty where there are none.
    contamination : float or None
        Fraction of the picks above the threshold that the classifier takes for something else
        than a particle (P(particle) < ½); None without a classifier, or without such picks.
    diameter_px, pixel_size_angstrom : float
        Particle diameter in unbinned pixels, and their size.
    accept : float or None
        Least P(particle) of the accepted picks; None where there was no such cut.
    automatic : bool
        Whether accept was found for this micrograph.
    expected_f1 : float or None
        Expected F1 of the accepted ones among the picks above the threshold; None without a
        classifier, or without such picks.
    advice : tuple of Advice
        What is odd about it, and what to try.
    """

    name: str
    path: Path
    files: tuple[str, ...]
    count: int
    above_threshold: int
    mean_fom: float | None
    fom_quantiles: tuple[float, ...]
    contamination: float | None
    diameter_px: float
    pixel_size_angstrom: float
    accept: float | None = None
    automatic: bool = False
    expected_f1: float | None = None
    advice: tuple[Advice, ...] = ()

    @property
    def median_fom(self) -> float | None:
        """Median figure of merit of the accepted picks; None where there are none."""
        return self.fom_quantiles[2] if self.fom_quantiles else None

    @classmethod
    def from_record(cls, record: Record) -> "MicrographStatistics":
        """Take over what a record says."""
        result = record.result
        is_judged = record.settings["classifier"]["classifier"] is not None
        share = result.doubtful / max(1, result.above_threshold)
        return cls(
            result.name,
            _place(record),
            result.files,
            result.accepted,
            result.above_threshold,
            result.mean_fom,
            result.fom_quantiles,
            share if is_judged and result.above_threshold else None,
            result.diameter_px,
            result.pixel_size_angstrom,
            result.accept,
            result.automatic,
            result.expected_f1,
            result.advice,
        )


@dataclass(frozen=True)
class Outlier:
    """A micrograph that stands out.

    Parameters
    ----------
    micrograph : MicrographStatistics
        Which one.
    reasons : tuple of str
        Why, one for each measure.
    distance : float
        From the median in robust standard deviations, of the measure that stands out most.
    """

    micrograph: MicrographStatistics
    reasons: tuple[str, ...]
    distance: float


def read_statistics(folder: Path) -> list[MicrographStatistics]:
    """Read what is known about the micrographs that are finished in an output folder.

    Parameters
    ----------
    folder : pathlib.Path
        That `pick_micrographs` has written to.

    Returns
    -------
    list of MicrographStatistics
        Each name once, in natural order. Micrographs whose files are gone, or that failed in the
        last run, do not count, as they do not count for the index.

    Raises
    ------
    InputFileError
        When the table of the last run is damaged.
    """
    outputs = Outputs(folder)
    failed = _failed_last(outputs.table)
    records = Ledger(outputs, {}).records(())
    by_name = {
        record.result.name: MicrographStatistics.from_record(record)
        for record in records
        if record.result.name not in failed
    }
    return [by_name[name] for name in sorted(by_name, key=lambda name: natural_order(Path(name)))]


def _failed_last(table: Path) -> set[str]:
    """Return the names of the micrographs that the last run could not pick."""
    if not table.exists():
        return set()
    _, rows = read_rows(table, "name", "status")
    return {row["name"] for _, row in rows if row["status"] == "failed"}


def find_outliers(
    micrographs: Sequence[MicrographStatistics], limit: float = LIMIT_MADS
) -> list[Outlier]:
    """Find the micrographs that stand out by count, mean figure of merit, or contamination.

    Parameters
    ----------
    micrographs : sequence of MicrographStatistics
        Compared with each other.
    limit : float
        Farther than this from the median, in robust standard deviations (1.4826 times the median
        absolute deviation), is far. A low contamination never is. Where more than half of the
        micrographs agree exactly there is no such deviation, and none is far.

    Returns
    -------
    list of Outlier
        The farthest first.
    """
    reasons: dict[int, list[str]] = {}
    distances: dict[int, float] = {}
    for row, distance, reason in _stand_out(micrographs, limit):
        reasons.setdefault(row, []).append(reason)
        distances[row] = max(distance, distances.get(row, 0.0))
    outliers = [Outlier(micrographs[row], tuple(reasons[row]), distances[row]) for row in distances]
    return sorted(outliers, key=lambda outlier: -outlier.distance)


def robust_distances(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far values are from their median, in 1.4826 median absolute deviations.

    Parameters
    ----------
    values : (n,) float array
        NaN where unknown.

    Returns
    -------
    (n,) float array
        Signed; 0 where unknown, and everywhere where that deviation is 0.
    """
    known = np.isfinite(values)
    if not known.any():
        return np.zeros_like(values)
    from_median = np.where(known, values - np.median(values[known]), 0.0)
    spread = _MAD_TO_SIGMA * np.median(np.abs(from_median[known]))
    return from_median / spread if spread else np.zeros_like(values)


class _Measure(NamedTuple):
    title: str
    value: Callable[[MicrographStatistics], float | None]
    format: str
    low_is_far: bool = True


_MEASURES = (
    _Measure("count", lambda micrograph: micrograph.count, ".0f"),
    _Measure("mean FOM", lambda micrograph: micrograph.mean_fom, ".3g"),
    _Measure("contamination", lambda micrograph: micrograph.contamination, ".0%", False),
)


def _stand_out(
    micrographs: Sequence[MicrographStatistics], limit: float
) -> Iterator[tuple[int, float, str]]:
    """Yield which micrograph is far by some measure, how far, and that in words."""
    for measure in _MEASURES:
        values = _column(measure.value(micrograph) for micrograph in micrographs)
        distances = robust_distances(values)
        far = np.abs(distances) > limit if measure.low_is_far else distances > limit
        for row in np.flatnonzero(far):
            usual = format(np.nanmedian(values), measure.format)
            side = "above" if distances[row] > 0 else "below"
            value = format(values[row], measure.format)
            reason = f"{measure.title} {value}, far {side} the median of {usual}"
            yield int(row), float(abs(distances[row])), reason


def _column(values: Iterable[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], float)


def _place(record: Record) -> Path:
    """Return where the micrograph was, or where it is in a project that has moved."""
    path = Path(str(record.source["path"]))
    return path if path.exists() else Path(record.result.name)
