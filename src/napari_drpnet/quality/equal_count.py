"""Views of sets of picks at the same number of particles, so that they can be compared."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from napari_drpnet.quality.efficiency import FEWEST, orientation_efficiency
from napari_drpnet.quality.results import EqualCount, Quality
from napari_drpnet.quality.symmetry import point_group
from napari_drpnet.quality.views import count_views


def at_equal_count(qualities: Sequence[Quality]) -> list[Quality]:
    """Add views and E_od of each set for as many particles as the smallest set has.

    Parameters
    ----------
    qualities : sequence of Quality
        Sets of picks.

    Returns
    -------
    list of Quality
        The sets with `Quality.at_equal_count`; without it if a set has no views, or all have
        equally many particles. The subsets are drawn at random, the same in each call.
    """
    counts = [len(each.views.directions) for each in qualities if each.views]
    if len(counts) < len(qualities) or len(set(counts)) < 2:
        return list(qualities)
    return [replace(each, at_equal_count=_thinned(each, min(counts))) for each in qualities]


def _thinned(quality: Quality, count: int) -> EqualCount | None:
    if quality.views is None:
        return None
    views = quality.views
    rows = np.random.default_rng(0).permutation(len(views.directions))[:count]
    directions, operators = views.directions[rows], point_group(views.symmetry)
    efficiency = (
        orientation_efficiency(directions, operators, quality.diameter_angstrom)
        if count >= FEWEST
        else None
    )
    return EqualCount(count, count_views(directions, operators), efficiency)
