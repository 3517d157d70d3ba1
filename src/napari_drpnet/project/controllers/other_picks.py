"""Picks of another program, compared with the accepted points of the shown micrograph."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job
from napari_drpnet.evaluation.scores import score_picks
from napari_drpnet.project.controllers.compared_positions import ComparedPositions
from napari_drpnet.project.points.marks import Mark, Marks
from napari_drpnet.project.points.review import Rows

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """Numbers of picks that two sets share, and that only one of them has.

    A pick of one set agrees with one of the other if they are at most half a diameter apart, one
    to one.

    Parameters
    ----------
    agreed, only_ours, only_theirs : int
        Number of pairs, and of the accepted points and of the other picks without a pair.
    """

    agreed: int
    only_ours: int
    only_theirs: int


class OtherPicks(ComparedPositions[Agreement]):
    """Picks of another program beside those of the project, whose labels they never change.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose runner runs the comparison.
    current : CurrentMicrograph
        Micrograph that is shown.
    """

    reading, comparing, noun = "other picks", "agree", "picks"

    def _prepare(
        self, centers_yx: Floats, accepted: Rows, theirs_yx: Floats, diameter_px: float
    ) -> Callable[[Job], tuple[Agreement, Marks]]:
        return partial(_agree, centers_yx[accepted], theirs_yx, diameter_px)

    def _mark_unpicked(self, theirs_yx: Floats) -> Marks:
        return Marks(theirs_yx, np.full(len(theirs_yx), Mark.ONLY_THEIRS, np.int8))


def _agree(ours: Floats, theirs: Floats, diameter_px: float, job: Job) -> tuple[Agreement, Marks]:
    score = score_picks(ours, theirs, diameter_px)
    kinds = np.full(len(theirs), Mark.ONLY_THEIRS, np.int8)
    kinds[score.matching.truth_index] = Mark.AGREED
    tally = score.tally
    agreement = Agreement(tally.true_positives, tally.false_positives, tally.false_negatives)
    return agreement, Marks(theirs, kinds)
