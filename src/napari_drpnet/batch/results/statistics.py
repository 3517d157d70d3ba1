"""Statistics of the micrographs in an output folder, and the outliers among them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.batch.folder.outcomes import mean_and_quantiles
from napari_drpnet.batch.folder.outputs import Outputs
from napari_drpnet.batch.folder.records import Ledger, Record, has_picks
from napari_drpnet.formats.programs.csv import read_rows
from napari_drpnet.images.micrograph import natural_order
from napari_drpnet.picking.advice import Advice

#: Distance beyond which a micrograph is an outlier (Iglewicz and Hoaglin 1993, modified z-score).
LIMIT_MADS = 3.5
#: Picks with a lower P(particle) count as doubtful.
_DOUBT = 0.5
#: Ratio of the standard deviation to the median absolute deviation of a normal distribution.
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True)
class MicrographStatistics:
    """Statistics of a picked micrograph.

    Parameters
    ----------
    name : str
        Name of the micrograph, as in the index.
    path : pathlib.Path
        Path of the micrograph.
    files : tuple of str
        Paths of its output files, relative to the output folder.
    count, above_threshold : int
        Number of accepted picks, and of picks above the threshold, before classification.
    mean_fom : float or None
        Mean figure of merit of the accepted picks; None if there are none.
    fom_quantiles : tuple of float
        Minimum, lower quartile, median, upper quartile and maximum of the figure of merit of the
        accepted picks; empty if there are none.
    contamination : float or None
        Fraction of the picks above the threshold that are on dirt or that the classifier does not
        consider particles (P(particle) < ½), each counted once; None without a classifier, or
        without picks above the threshold.
    diameter_px, pixel_size_angstrom : float
        Particle diameter in unbinned pixels, and pixel size in Å.
    accept : float or None
        Minimum P(particle) of an accepted pick; None if no such cut was made.
    automatic : bool
        Whether `accept` was determined automatically for this micrograph.
    expected_f1, expected_precision : float or None
        Expected scores of the accepted picks among those above the threshold; None without a
        classifier, or without picks above the threshold.
    advice : tuple of Advice
        Advice about anything unusual in the micrograph.
    dirty_area : float or None
        Share of dirt in the valid area; None if nothing knows about dirt.
    on_dirt : int
        Number of picks above the threshold that are rejected because they lie on dirt or too near
        to it.
    shares : mapping of str to float
        Share of each class in the known area, by the name of the class; empty without a segmenter.
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
    dirty_area: float | None = None
    on_dirt: int = 0
    shares: Mapping[str, float] = field(default_factory=dict)
    expected_precision: float | None = None

    @property
    def is_picked(self) -> bool:
        """Whether there are coordinate files, and not only files of a segmentation."""
        return has_picks(self.files)

    @property
    def median_fom(self) -> float | None:
        """Median figure of merit of the accepted picks; None if there are none."""
        return self.fom_quantiles[2] if self.fom_quantiles else None

    @classmethod
    def from_record(cls, record: Record) -> "MicrographStatistics":
        """Return the statistics that a record contains."""
        result = record.result
        classifier = record.settings.get("classifier")
        is_classified = isinstance(classifier, dict) and classifier.get("classifier") is not None
        share = contamination(result.doubtful, result.on_dirt, result.above_threshold)
        return cls(
            result.name,
            _place(record),
            result.files,
            result.accepted,
            result.above_threshold,
            result.mean_fom,
            result.fom_quantiles,
            share if is_classified else None,
            result.diameter_px,
            result.pixel_size_angstrom,
            result.accept,
            result.automatic,
            result.expected_f1,
            result.advice,
            result.dirty_area,
            result.on_dirt,
            result.shares,
            result.expected_precision,
        )


class PickScores(NamedTuple):
    """Summary of the picks of one micrograph; see `PickedMicrograph` for its numbers."""

    accepted: int
    mean_fom: float | None
    fom_quantiles: tuple[float, ...]
    doubtful: int
    on_dirt: int


def summarize_scores(
    merit: NDArray[np.float64], probability: NDArray[np.float64], dirty: NDArray[np.bool_]
) -> PickScores:
    """Summarize the scores of the picks of one micrograph.

    Parameters
    ----------
    merit : (k,) float array
        Figures of merit of the accepted picks.
    probability : (n,) float array
        P(particle) of the picks above the threshold; NaN where unknown.
    dirty : (n,) bool array
        Whether each pick above the threshold is on dirt.

    Returns
    -------
    PickScores
    """
    return PickScores(
        len(merit),
        *mean_and_quantiles(merit),
        int((probability[~dirty] < _DOUBT).sum()),
        int(dirty.sum()),
    )


def contamination(doubtful: int, on_dirt: int, above_threshold: int) -> float | None:
    """Return the fraction of doubtful picks and picks on dirt; None if there are no picks."""
    return (doubtful + on_dirt) / above_threshold if above_threshold else None


@dataclass(frozen=True)
class Outlier:
    """A micrograph that differs strongly from the others.

    Parameters
    ----------
    micrograph : MicrographStatistics
        Statistics of the micrograph.
    reasons : tuple of str
        Reasons, one for each measure that is far from its median.
    distance : float
        Greatest distance of a measure from its median, in robust standard deviations.
    """

    micrograph: MicrographStatistics
    reasons: tuple[str, ...]
    distance: float


def read_statistics(folder: Path) -> list[MicrographStatistics]:
    """Read the statistics of the finished micrographs in an output folder.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder of `pick_micrographs`.

    Returns
    -------
    list of MicrographStatistics
        Statistics in natural order of the names, each name once. As in the index, micrographs
        whose files are gone, or that failed in the last run, are left out.

    Raises
    ------
    InputFileError
        If the table of the last run is damaged.
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
    """Find the outliers by count, mean figure of merit, contamination, or dirty area.

    A low contamination or dirty area is never an outlier. If more than half of the micrographs have
    exactly the same value of a measure, its robust standard deviation is zero, and it has no
    outliers.

    Parameters
    ----------
    micrographs : sequence of MicrographStatistics
        Micrographs to compare with each other.
    limit : float
        Distance from the median beyond which a micrograph is an outlier, in robust standard
        deviations (1.4826 times the median absolute deviation).

    Returns
    -------
    list of Outlier
        Outliers, the farthest from the median first.
    """
    reasons: dict[int, list[str]] = {}
    distances: dict[int, float] = {}
    for row, distance, reason in _stand_out(micrographs, limit):
        reasons.setdefault(row, []).append(reason)
        distances[row] = max(distance, distances.get(row, 0.0))
    outliers = [Outlier(micrographs[row], tuple(reasons[row]), distances[row]) for row in distances]
    return sorted(outliers, key=lambda outlier: -outlier.distance)


def robust_distances(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distances of values from their median, in robust standard deviations.

    Parameters
    ----------
    values : (n,) float array
        Values; NaN where unknown.

    Returns
    -------
    (n,) float array
        Signed distances in units of 1.4826 times the median absolute deviation; 0 for unknown
        values, and 0 for all values if that deviation is 0.
    """
    known = np.isfinite(values)
    if not known.any():
        return np.zeros_like(values)
    from_median = np.where(known, values - np.median(values[known]), 0.0)
    spread = _MAD_TO_SIGMA * np.median(np.abs(from_median[known]))
    return from_median / spread if spread else np.zeros_like(values)


class Measure(NamedTuple):
    """Number of each micrograph: its title, and the format of its values."""

    title: str
    format: str

    def text(self, value: float) -> str:
        """Return a value as a text."""
        return format(value, self.format)


#: Numbers by which micrographs are compared and selected, by the attribute of their statistics.
MEASURES = {
    "count": Measure("count", ".0f"),
    "mean_fom": Measure("mean FOM", ".3g"),
    "expected_precision": Measure("expected precision", ".2f"),
    "expected_f1": Measure("expected F1", ".2f"),
    "contamination": Measure("contamination", ".0%"),
    "dirty_area": Measure("dirty area", ".1%"),
}
#: Measures that are searched for outliers, and whether a low value is one.
_LOW_IS_FAR = {"count": True, "mean_fom": True, "contamination": False, "dirty_area": False}


def _stand_out(
    micrographs: Sequence[MicrographStatistics], limit: float
) -> Iterator[tuple[int, float, str]]:
    """Yield index, distance and reason of each micrograph that is far from a median."""
    for name, low_is_far in _LOW_IS_FAR.items():
        measure = MEASURES[name]
        values = _column(getattr(micrograph, name) for micrograph in micrographs)
        distances = robust_distances(values)
        far = np.abs(distances) > limit if low_is_far else distances > limit
        for row in np.flatnonzero(far):
            median = measure.text(np.nanmedian(values))
            side = "above" if distances[row] > 0 else "below"
            value = measure.text(values[row])
            reason = f"{measure.title} {value}, far {side} the median of {median}"
            yield int(row), float(abs(distances[row])), reason


def _column(values: Iterable[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], float)


def _place(record: Record) -> Path:
    """Return the path of a micrograph, or its name as a path if the project has moved."""
    path = Path(str(record.source["path"]))
    return path if path.exists() else Path(record.result.name)
