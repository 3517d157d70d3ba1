"""Histograms of scores and probabilities, as numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.picking.detectors.distance_map import MAP_LIMITS
from napari_drpnet.picking.resolve import ResolvedParameters
from napari_drpnet.project.points.axes import Axis, LinearAxis, LogitAxis
from napari_drpnet.project.points.review import Review, State, States

BINS = 64


@dataclass(frozen=True, eq=False)
class Histogram:
    """Histogram of values.

    Parameters
    ----------
    edges : (n + 1,) float array
        Ascending edges of the bins.
    counts : (n,) int array
        Number of values in each bin.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.intp]


def score_histogram(values: ArrayLike, axis: Axis, bins: int = BINS) -> Histogram:
    """Count values in bins of equal width on an axis.

    Parameters
    ----------
    values : (n,) array_like
        Scores. Those outside the axis count in the first or last bin; NaN is ignored.
    axis : Axis
        Axis that the bins cover.
    bins : int
        Number of bins.

    Returns
    -------
    Histogram
        Edges and counts of the bins.

    Raises
    ------
    ValueError
        If `bins` is less than 1.

    Examples
    --------
    >>> score_histogram([0.1, 0.6, 0.7, 9.0], LinearAxis(0, 1), bins=4).counts
    array([1, 0, 2, 1])
    """
    if bins < 1:
        raise ValueError(f"no histogram has {bins} bins")
    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    bin_of = np.minimum(axis.shares(known) * bins, bins - 1).astype(np.intp)
    return Histogram(axis.edges(bins), np.bincount(bin_of, minlength=bins))


def candidate_histogram(review: Review, parameters: ResolvedParameters) -> Histogram:
    """Count the scores of all candidates, including those below the threshold.

    The range is that of the map units of the detector, extended if a score lies above it.
    """
    return score_histogram(review.score(parameters), score_axis(review, parameters))


def score_axis(review: Review, parameters: ResolvedParameters) -> LinearAxis:
    """Return an axis from 0 to the limit of the map units, or to a higher score."""
    limit = MAP_LIMITS[parameters.detector.map_units]
    highest = float(np.nan_to_num(review.score(parameters)).max(initial=0.0))
    return LinearAxis(0.0, max(limit, highest))


def probability_histogram(review: Review, states: States) -> Histogram:
    """Count P(particle) of the points above the threshold, on a logit axis."""
    return score_histogram(review.probability[states != State.BELOW], LogitAxis())
