"""Results of settings and labels on one micrograph: states, counts, scores and advice."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.wording import counted
from napari_drpnet.batch.results.statistics import (
    MicrographStatistics,
    contamination,
    summarize_scores,
)
from napari_drpnet.picking.advice import Advice, advise_on_picks
from napari_drpnet.picking.cuts import find_cut
from napari_drpnet.picking.expected import Cut, ExpectedScores, expected_scores
from napari_drpnet.picking.resolve import ResolvedParameters
from napari_drpnet.project.points.corrections import Corrector
from napari_drpnet.project.points.review import (
    LABEL_REACH,
    Review,
    State,
    States,
    is_accepted,
    review_picks,
)
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Label, weaker
from napari_drpnet.project.state.model import Project
from napari_drpnet.project.storage.store import StoredCandidates


@dataclass(frozen=True, eq=False)
class Decision:
    """Result of a plan for the candidates of one micrograph; each part is computed on demand.

    Parameters
    ----------
    record : MicrographRecord
        Record of the micrograph.
    stored : StoredCandidates
        Candidates of the micrograph.
    review : Review
        Candidates combined with the labels of the user.
    plan : Plan
        Plan with the parameters that decide.
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
    def on_dirt(self) -> NDArray[np.bool_]:
        """Whether each point is above the threshold and rejected since it is on dirt."""
        dirty = self.review.on_dirt(self.plan.parameters)
        return np.asarray(dirty & (self.states == State.REJECTED))

    @property
    def counts(self) -> str:
        """Numbers of picks above the threshold, of accepted picks and of picks on dirt."""
        count, on_dirt = self.above_count, int(self.on_dirt.sum())
        text = f"{counted(count, 'pick')} above the threshold, {self.accepted_count:,} accepted"
        return f"{text}, {on_dirt:,} on dirt" if on_dirt else text

    def describe_dirt(self) -> str:
        """Return how many picks above the threshold are rejected, since they are on dirt."""
        on_it = int((self.on_dirt & (self.review.clearance == 0)).sum())
        near = int(self.on_dirt.sum()) - on_it
        return f"Rejected: {counted(on_it, 'pick')} on dirt, {near} too near to it"

    @cached_property
    def cut(self) -> Cut | None:
        """The cut of P(particle); None without a classifier."""
        return find_cut(self.review.candidates, self.plan.parameters)

    @property
    def is_automatic(self) -> bool:
        """Whether the cut is determined automatically for this micrograph."""
        return self.plan.is_automatic and self.cut is not None

    @property
    def is_refused(self) -> bool:
        """Whether nothing is accepted because no cut is expected to reach the least F1."""
        return self.is_automatic and self.cut is not None and not self.cut.picks_something

    @property
    def accept(self) -> float | None:
        """Lowest P(particle) of an accepted point; None without a classifier."""
        given = self.plan.parameters.classifier.accept
        if given is not None and self._is_classified:  # known without computing the cut
            return given
        return self.cut.accept if self.cut else None

    @cached_property
    def expected(self) -> ExpectedScores | None:
        """Expected scores of the accepted points; None without a classifier.

        Labels of the user count as certain, and picks on dirt as certain non-particles.
        """
        if not self._is_classified:
            return None
        above = self.states != State.BELOW
        return expected_scores(self._certainty[above], self._accepted[above])

    @cached_property
    def expected_of_all(self) -> ExpectedScores | None:
        """Expected scores of the accepted points among all candidates, as `expected`.

        The recall counts the candidates below the threshold with their P(particle). Particles
        without a candidate are not counted, since nothing is known about them.
        """
        if not self._is_classified:
            return None
        is_dirty = self.review.on_dirt(self.plan.parameters) & (self.states == State.BELOW)
        counted = ~self.review.hidden & ~is_dirty
        return expected_scores(self._certainty[counted], self._accepted[counted])

    @cached_property
    def figures(self) -> MicrographStatistics:
        """Statistics of the accepted points, as `drpnet pick` would record them.

        Labels of the user count as certain.
        """
        above, expected = self.states != State.BELOW, self.expected
        merit = self.review.accepted_coordinates(self.states).score
        scores = summarize_scores(merit, self._certainty[above], self.on_dirt[above])
        junk = contamination(scores.doubtful, scores.on_dirt, self.above_count)
        return MicrographStatistics(
            name=self.record.name,
            path=self.record.path,
            files=(),
            count=scores.accepted,
            above_threshold=self.above_count,
            mean_fom=scores.mean_fom,
            fom_quantiles=scores.fom_quantiles,
            contamination=junk if self._is_classified else None,
            diameter_px=self.stored.diameter_px,
            pixel_size_angstrom=self.stored.pixel_size_angstrom,
            accept=None if self.is_refused else self.accept,
            automatic=self.is_automatic,
            expected_f1=expected.f1 if expected and self.above_count else None,
            expected_precision=expected.precision if expected and self.above_count else None,
            advice=self.advice,
            dirty_area=self.stored.dirty_area,
            on_dirt=scores.on_dirt,
        )

    @cached_property
    def advice(self) -> tuple[Advice, ...]:
        """Advice on the picks and, if the distance map is up to date, on the map."""
        candidates = self.review.candidates
        picks = replace(candidates, accepted=self._accepted[: len(candidates)])
        text = advise_on_picks(picks, self.plan.parameters)
        about_picks = (Advice("picks", text),) if text else ()
        is_valid = self.stored.detection_key == self.plan.detection_key(self.record)
        return about_picks + (self.stored.advice if is_valid else ())

    def corrector(self, project: Project) -> Corrector:
        """Return the corrector of these points, for labels as the project has them now."""
        parameters, diameter_px = self.plan.parameters, self.stored.diameter_px
        return make_corrector(
            project, self.record.id, self.review, self.states, parameters, diameter_px
        )

    @cached_property
    def _is_classified(self) -> bool:
        with_classifier = self.plan.parameters.classifier.classifier != "none"
        return with_classifier and not np.isnan(self.review.candidates.probability).all()

    @cached_property
    def _certainty(self) -> NDArray[np.float64]:
        """P(particle) of each point, where labels and dirt decide with certainty."""
        probability, states = self.review.probability, self.states
        probability[states == State.ACCEPTED_BY_HAND] = 1.0
        probability[(states == State.REJECTED_BY_HAND) | self.on_dirt] = 0.0
        return probability

    @cached_property
    def _accepted(self) -> NDArray[np.bool_]:
        return is_accepted(self.states)


def decide(
    record: MicrographRecord, stored: StoredCandidates, labels: tuple[Label, ...], plan: Plan
) -> Decision:
    """Combine the candidates, labels and plan of a micrograph."""
    return Decision(record, stored, review_picks(stored.picks, labels, stored.diameter_px), plan)


def make_corrector(
    project: Project,
    micrograph: str,
    review: Review,
    states: States,
    parameters: ResolvedParameters | None,
    diameter_px: float,
) -> Corrector:
    """Return the corrector of the points of a micrograph.

    Parameters
    ----------
    project : Project
        Project, with the labels as they are now.
    micrograph : str
        Id of the micrograph.
    review : Review
        Points of the micrograph.
    states : (n,) int8 array
        States of the points.
    parameters : ResolvedParameters or None
        Parameters of the picks; None if the micrograph is not picked.
    diameter_px : float
        Particle diameter, unbinned pixels.
    """
    return Corrector(
        micrograph,
        review,
        states,
        review.only_by_label(parameters),
        project.next_label_id(micrograph),
        weaker(project.labels(micrograph), "person"),
        LABEL_REACH * diameter_px,
    )
