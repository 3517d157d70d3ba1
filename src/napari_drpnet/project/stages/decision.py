"""What the settings and a person decide about one micrograph: points, counts, scores, advice."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.picking.advice import Advice, advise_on_picks
from napari_drpnet.picking.cuts import find_cut
from napari_drpnet.picking.expected import Cut, ExpectedScores, expected_scores
from napari_drpnet.project.points.review import Review, State, States, is_accepted, review_picks
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Label
from napari_drpnet.project.storage.store import StoredCandidates


@dataclass(frozen=True, eq=False)
class Decision:
    """What a plan makes of the candidates of one micrograph; each part is computed when asked for.

    Parameters
    ----------
    record : MicrographRecord
        The micrograph.
    stored : StoredCandidates
        Of it.
    review : Review
        They and the labels of a person.
    plan : Plan
        That decides.
    """

    record: MicrographRecord
    stored: StoredCandidates
    review: Review
    plan: Plan

    @cached_property
    def states(self) -> States:
        """The `State` of each row."""
        return self.review.decide(self.plan.parameters)

    @cached_property
    def accepted_count(self) -> int:
        """Number of accepted points."""
        return int(self._accepted.sum())

    @cached_property
    def above_count(self) -> int:
        """Number of points that are accepted or rejected."""
        return int((self.states != State.BELOW).sum())

    @cached_property
    def cut(self) -> Cut | None:
        """The cut of P(particle); None without a classifier."""
        return find_cut(self.review.candidates, self.plan.parameters)

    @property
    def is_automatic(self) -> bool:
        """Whether the cut is found for this micrograph."""
        return self.plan.is_automatic and self.cut is not None

    @property
    def is_refused(self) -> bool:
        """Whether nothing is accepted since no cut promises the least F1 that is asked for."""
        return self.is_automatic and self.cut is not None and not self.cut.picks_something

    @property
    def accept(self) -> float | None:
        """Least P(particle) in use; None without a classifier."""
        given = self.plan.parameters.classifier.accept
        if given is not None and self._is_judged:  # known without a look at the candidates
            return given
        return self.cut.accept if self.cut else None

    @cached_property
    def expected(self) -> ExpectedScores | None:
        """The scores to expect of the accepted points; None without a classifier.

        What a person has said counts as known.
        """
        if not self._is_judged:
            return None
        probability, states = self.review.probability, self.states
        probability[states == State.ACCEPTED_BY_HAND] = 1.0
        probability[states == State.REJECTED_BY_HAND] = 0.0
        counted = states != State.BELOW
        return expected_scores(probability[counted], self._accepted[counted])

    @cached_property
    def advice(self) -> tuple[Advice, ...]:
        """What is odd about the picks and, while the distance map is that of the plan, about it."""
        candidates = self.review.candidates
        picks = replace(candidates, accepted=self._accepted[: len(candidates)])
        text = advise_on_picks(picks, self.plan.parameters)
        about_picks = (Advice("picks", text),) if text else ()
        is_valid = self.stored.detection_key == self.plan.detection_key(self.record)
        return about_picks + (self.stored.advice if is_valid else ())

    @cached_property
    def _is_judged(self) -> bool:
        with_classifier = self.plan.parameters.classifier.classifier != "none"
        return with_classifier and not np.isnan(self.review.candidates.probability).all()

    @cached_property
    def _accepted(self) -> NDArray[np.bool_]:
        return is_accepted(self.states)


def decide(
    record: MicrographRecord, stored: StoredCandidates, labels: tuple[Label, ...], plan: Plan
) -> Decision:
    """Bring candidates, labels and plan of a micrograph together."""
    return Decision(record, stored, review_picks(stored.picks, labels, stored.diameter_px), plan)
