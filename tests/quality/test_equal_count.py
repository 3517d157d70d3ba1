from dataclasses import replace

import pytest

from napari_drpnet.quality.assess import JobChoice, assess
from napari_drpnet.quality.equal_count import at_equal_count
from relion_jobs import random_directions, write_refinement


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    return [
        assess(JobChoice(write_refinement(folder / f"job{count}", random_directions(count, count))))
        for count in (150, 600)
    ]


def test_the_larger_set_is_thinned(two):
    small, large = (each.at_equal_count for each in at_equal_count(two))
    assert small.particles == large.particles == 150
    assert small.views == two[0].views.counts
    assert small.efficiency.value == pytest.approx(two[0].views.efficiency.value)
    assert large.views.expected == small.views.expected
    assert large.efficiency.value < two[1].views.efficiency.value


def test_the_subset_is_the_same_each_time(two):
    first, second = (at_equal_count(two)[1].at_equal_count for _ in range(2))
    assert first == second


def test_equal_sets_and_sets_without_views_are_not_thinned(two):
    for sets in (two[:1], [two[0], two[0]], [two[0], replace(two[1], views=None)]):
        assert at_equal_count(sets) == sets
