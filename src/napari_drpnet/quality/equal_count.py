"""Views of sets of picks at the same number of particles, so that they can be compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_drpnet.quality.efficiency import FEWEST, Efficiency, orientation_efficiency
from napari_drpnet.quality.results import Quality
from napari_drpnet.quality.symmetry import point_group
from napari_drpnet.quality.views import ViewCounts, count_views


@dataclass(frozen=True)
class EqualCount:
    """Views of a random subset of the particles of one set.

    Parameters
    ----------
    particles : int
        Number of particles of the subset, that of the smallest set.
    views : ViewCounts
        Numbers of different views.
    efficiency : Efficiency or None
        E_od with the symmetry of the refinement; None for too few particles.
    """

    particles: int
    views: ViewCounts
    efficiency: Efficiency | None


def at_equal_count(qualities: Sequence[Quality]) -> list[EqualCount]:
    """Return views and E_od of each set for as many particles as the smallest set has.

    Parameters
    ----------
    qualities : sequence of Quality
        Sets of picks.

    Returns
    -------
    list of EqualCount
        One for each set; empty if a set has no views, or all have equally many particles. The
        subsets are drawn at random, the same in each call.
    """
    views = [each.views for each in qualities if each.views]
    counts = {len(each.directions) for each in views}
    if len(views) < len(qualities) or len(counts) < 2:
        return []
    least, equal = min(counts), list[EqualCount]()
    for quality, each in zip(qualities, views, strict=True):
        rows = np.random.default_rng(0).permutation(len(each.directions))[:least]
        directions, operators = each.directions[rows], point_group(each.symmetry)
        efficiency = (
            orientation_efficiency(directions, operators, quality.diameter_angstrom)
            if least >= FEWEST
            else None
        )
        equal.append(EqualCount(least, count_views(directions, operators), efficiency))
    return equal
