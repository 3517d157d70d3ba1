"""Comparison of the stored picks of many micrographs with truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job
from napari_drpnet.base.wording import counted
from napari_drpnet.evaluation.precision_recall import Tally
from napari_drpnet.evaluation.scores import score_picks
from napari_drpnet.project.points.review import is_accepted
from napari_drpnet.project.stages.decision import decide
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Labels
from napari_drpnet.project.storage.store import ProjectStore

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ComparisonTotals:
    """Totals of the micrographs of a project that are picked and have truth.

    Parameters
    ----------
    tally : Tally
        Counts of all these micrographs together; its rates are the micro average.
    keys : dict of str to str or None
        Hash of the stored picks of each included micrograph with truth, by its id; None if it is
        not picked.
    outdated : int
        Number of compared micrographs that were picked with other settings.
    without_truth, excluded : int
        Number of included micrographs without truth, and of those that are not included.
    """

    tally: Tally
    keys: dict[str, str | None]
    outdated: int
    without_truth: int
    excluded: int

    @property
    def compared(self) -> int:
        """Number of micrographs that were compared."""
        return len(self.keys) - self.not_picked

    @property
    def not_picked(self) -> int:
        """Number of included micrographs with truth that are not picked."""
        return sum(key is None for key in self.keys.values())

    @property
    def scope(self) -> str:
        """Text about which micrographs were compared, and which were left out."""
        parts = (
            (self.without_truth, "without truth"),
            (self.not_picked, "not picked"),
            (self.excluded, "excluded"),
        )
        left_out = ", ".join(f"{count:,} {why}" for count, why in parts if count)
        text = f"{counted(self.compared, 'micrograph')} compared"
        text += f", {self.outdated:,} of them picked with other settings" if self.outdated else ""
        return f"{text}. Left out: {left_out}." if left_out else f"{text}: all of the project."


def compare_all(
    asked: Sequence[tuple[MicrographRecord, Labels]],
    truth_yx: Mapping[str, Floats],
    plan: Plan,
    store: ProjectStore,
    job: Job,
) -> ComparisonTotals:
    """Compare the accepted picks of all micrographs with truth.

    A pick and a particle can form a pair if they are at most half a diameter apart.

    Parameters
    ----------
    asked : sequence of tuple of MicrographRecord and Labels
        All micrographs of the project with their labels.
    truth_yx : mapping of str to (n, 2) float array
        True centres ``(y, x)`` in unbinned pixels, by name of the micrograph.
    plan : Plan
        Plan with the parameters that decide what is accepted.
    store : ProjectStore
        Store of the candidates.
    job : Job
        Progress callback, called for each micrograph; it may cancel the work.

    Returns
    -------
    ComparisonTotals

    Raises
    ------
    Cancelled
        If the work was cancelled.
    """
    included = [(record, labels) for record, labels in asked if record.included]
    known = [(record, labels) for record, labels in included if record.name in truth_yx]
    tally, keys, outdated = Tally(0, 0, 0), dict[str, str | None](), 0
    for done, (record, labels) in enumerate(known):
        job.advance(done, len(known), "comparing")
        stored = store.load_candidates(record.id)
        keys[record.id] = None if stored is None else stored.key
        if stored is None:
            continue
        decision = decide(record, stored, labels, plan)
        accepted = decision.review.centers_yx[is_accepted(decision.states)]
        tally += score_picks(accepted, truth_yx[record.name], stored.diameter_px).tally
        outdated += stored.key != plan.candidates_key(record)
    return ComparisonTotals(
        tally, keys, outdated, len(included) - len(known), len(asked) - len(included)
    )
