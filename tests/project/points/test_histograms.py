import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_drpnet.base.picks import Picks
from napari_drpnet.project.points.axes import LinearAxis, LogitAxis
from napari_drpnet.project.points.histograms import (
    candidate_histogram,
    probability_histogram,
    score_histogram,
)
from napari_drpnet.project.points.review import State, review_picks
from napari_drpnet.project.state.labels import Label
from resolving import resolved


def review_of(height, prominence, probability, labels=()):
    count = len(height)
    centers = np.stack([np.arange(count) * 100.0, np.zeros(count)], axis=1)
    columns = (np.asarray(c, float) for c in (height, prominence, probability))
    return review_picks(Picks(centers, *columns, np.zeros(count, bool)), labels, 40.0)


def parameters(units="absolute", score="height"):
    return resolved(detector={"map_units": units}, peaks={"score": score, "threshold": 0.5})


@given(st.lists(st.floats(-1, 2)), st.integers(1, 50))
def test_it_counts_as_numpy_does_what_is_inside(values, bins):
    histogram = score_histogram(values, LinearAxis(-1, 2), bins)
    edges = histogram.edges
    assert len(edges) == bins + 1
    assert histogram.counts.sum() == len(values)
    # Rounding may put a value that lies on an edge on its other side.
    off_edges = [v for v in values if np.abs(edges - v).min() > 1e-9]
    expected, _ = np.histogram(off_edges, edges)
    difference = histogram.counts - expected
    assert (difference >= 0).all()
    assert difference.sum() == len(values) - len(off_edges)


def test_values_beyond_the_range_are_in_the_outer_bins():
    histogram = score_histogram([-5, 0.5, 1, 7, np.nan], LinearAxis(0, 1), bins=2)
    assert histogram.counts.tolist() == [1, 3]
    assert histogram.edges.tolist() == [0, 0.5, 1]


def test_a_histogram_has_bins():
    with pytest.raises(ValueError, match="no histogram"):
        score_histogram([1], LinearAxis(0, 1), bins=0)


def test_candidates_are_counted_by_the_score_that_the_threshold_cuts():
    review = review_of([0.9, 0.2], [0.6, 0.1], [np.nan, np.nan])
    by_height = candidate_histogram(review, parameters())
    by_prominence = candidate_histogram(review, parameters(score="prominence"))
    assert by_height.edges[[0, -1]].tolist() == [0, 1]
    assert np.flatnonzero(by_height.counts).tolist() == [12, 57]
    assert np.flatnonzero(by_prominence.counts).tolist() == [6, 38]


def test_the_range_is_that_of_the_units_and_holds_all_scores():
    assert candidate_histogram(review_of([3], [1], [1]), parameters()).edges[-1] == 3
    published = parameters(units="published")
    assert candidate_histogram(review_of([3], [1], [1]), published).edges[-1] == 255
    assert candidate_histogram(review_of([], [], []), parameters()).counts.sum() == 0


def test_added_particles_have_no_score_and_are_not_counted():
    place = (500.0, 500.0)
    label = Label(id=1, center_yx=place, anchor_yx=place, accepted=True)
    review = review_of([0.9], [0.6], [0.8], (label,))
    assert len(review) == 2
    assert candidate_histogram(review, parameters()).counts.sum() == 1


def test_only_points_above_the_threshold_have_their_probability_counted():
    review = review_of([0.9, 0.8, 0.1], [0, 0, 0], [0.99, 0.3, 0.5])
    states = np.array([State.ACCEPTED, State.REJECTED, State.BELOW], np.int8)
    histogram = probability_histogram(review, states)
    bins = LogitAxis().shares([0.3, 0.99]) * 64
    assert np.flatnonzero(histogram.counts).tolist() == bins.astype(int).tolist()
    assert histogram.edges[[0, -1]].tolist() == [0, 1]


def test_certain_probabilities_are_told_apart():
    """On clear micrographs most of them are above 0.99."""
    probability = [0.0005, 0.004, 0.99, 0.995, 0.998, 0.9999]
    review = review_of(np.ones(6), np.ones(6), probability)
    histogram = probability_histogram(review, np.full(6, State.ACCEPTED, np.int8))
    assert histogram.counts.max() == 1
    assert histogram.counts[[0, -1]].tolist() == [1, 1]
