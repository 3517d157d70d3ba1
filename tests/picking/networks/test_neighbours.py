"""Contexts: descriptions of the other candidates of a micrograph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from napari_drpnet.picking.networks.neighbours import CONTEXT_SIZE, describe_context

SHAPE, DIAMETER = (400, 600), 20.0


@pytest.fixture(scope="module")
def candidates():
    rng = np.random.default_rng(0)
    return rng.uniform(10, (390, 590), (60, 2)), rng.uniform(0, 1, 60)


def test_each_candidate_gets_its_numbers(candidates):
    context = describe_context(*candidates, SHAPE, DIAMETER)
    assert context.shape == (60, CONTEXT_SIZE)
    assert np.isfinite(context).all()
    assert_allclose(context[:, 0], candidates[1], atol=1e-3)
    assert np.ptp(context[:, 2:-2], axis=0).max() == 0  # features of the micrograph


@pytest.mark.parametrize("factor", [0.25, 3.0])
def test_the_scale_of_the_pixels_does_not_matter(candidates, factor):
    centers, height = candidates
    scaled = describe_context(
        factor * centers, height, tuple(int(factor * n) for n in SHAPE), factor * DIAMETER
    )
    assert_allclose(scaled, describe_context(centers, height, SHAPE, DIAMETER), atol=1e-9)


def test_twice_the_area_with_twice_the_candidates_gives_the_same_numbers(candidates):
    centers, height = candidates
    once = describe_context(centers, height, SHAPE, DIAMETER)
    # Two halves, each with a border of half a diameter.
    beside = centers + np.array([0, SHAPE[1] - DIAMETER])
    wide = (SHAPE[0], int(2 * (SHAPE[1] - DIAMETER) + DIAMETER))
    twice = describe_context(np.concatenate([centers, beside]), np.tile(height, 2), wide, DIAMETER)
    assert_allclose(twice[: len(height), 2:-2], once[:, 2:-2], atol=1e-9)


def test_neighbours_count_within_four_diameters():
    centers = np.array([[100.0, 100.0], [100.0, 179.0], [100.0, 181.0], [300.0, 400.0]])
    height = np.array([0.9, 0.5, 0.05, 0.7])
    context = describe_context(centers, height, SHAPE, DIAMETER)
    mean, tenth = context[:, -2], context[:, -1]
    assert_allclose(mean, [0.5, 0.9, 0, 0])  # the faint one is noise
    assert_allclose(tenth, [0.1, 0.1, 0, 0])


def test_order_does_not_matter(candidates):
    centers, height = candidates
    order = np.random.default_rng(1).permutation(len(height))
    shuffled = describe_context(centers[order], height[order], SHAPE, DIAMETER)
    assert_allclose(shuffled, describe_context(*candidates, SHAPE, DIAMETER)[order], atol=1e-12)


def test_no_candidates():
    context = describe_context(np.empty((0, 2)), np.empty(0), SHAPE, DIAMETER)
    assert_array_equal(context, np.empty((0, CONTEXT_SIZE)))


@given(
    height=st.lists(st.floats(-1, 300), max_size=8),
    side=st.integers(1, 200),
    diameter=st.floats(0.5, 500),
)
def test_whatever_comes_the_numbers_are_finite(height, side, diameter):
    centers = np.linspace(0, side, 2 * len(height)).reshape(-1, 2)
    context = describe_context(centers, np.array(height, float), (side, side), diameter)
    assert context.shape == (len(height), CONTEXT_SIZE)
    assert np.isfinite(context).all()
