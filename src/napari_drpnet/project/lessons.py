"""A lesson for the classifier: gathered from labels, given in a thread, and what came of it."""

import copy
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.detection import Networks
from napari_drpnet.jobs import Job
from napari_drpnet.parameters import PickParameters
from napari_drpnet.picking import accept, judge, ranking_score
from napari_drpnet.project.edits import MicrographRecord
from napari_drpnet.project.labels import Label
from napari_drpnet.project.picker import Picker
from napari_drpnet.project.plan import Plan
from napari_drpnet.project.review import LABEL_REACH, State, is_accepted, review_picks
from napari_drpnet.project.trial import Trial, describe_success
from napari_drpnet.training.feedback import (
    AdaptRecipe,
    LabelledView,
    choose_replay,
    recommend_threshold,
)

if TYPE_CHECKING:
    from napari_drpnet.networks.weights import Network, WeightsCard
    from napari_drpnet.training.adapt import Adapted
    from napari_drpnet.training.head import AdaptReport

Floats = NDArray[np.float64]
Asked = tuple[MicrographRecord, tuple[Label, ...]]
Tell = Callable[["AdaptReport"], None]

#: Candidates below this part of the threshold are not replayed: nobody will see them.
_SEEN = 0.5


@dataclass(frozen=True, eq=False)
class Lesson:
    """All that the training thread needs to know.

    Parameters
    ----------
    asked : sequence of tuple
        Micrographs with their labels of a person.
    shown : tuple or None
        The micrograph that is shown with its labels, for `Trial.changed_yx`.
    given : PickParameters
        As the user gave them.
    plan : Plan
        What they amount to; with a classifier.
    recipe : AdaptRecipe
        How to learn.
    """

    asked: Sequence[Asked]
    shown: Asked | None
    given: PickParameters
    plan: Plan
    recipe: AdaptRecipe

    def give(self, picker: Picker, tell: Tell, job: Job) -> Trial:
        """Teach a copy of the classifier.

        Parameters
        ----------
        picker : Picker
            Finds the candidates, where it does not know them.
        tell : callable
            Gets the reports.
        job : Job
            May cancel.

        Raises
        ------
        InputFileError
            When a micrograph or the weights cannot be used.
        ValueError
            When there are too few labels, or they and all else are of one kind.
        Cancelled
            When the job says so.
        """
        from napari_drpnet.training.adapt import adapt_classifier

        parameters = self.plan.parameters
        networks = picker.networks(parameters, self.plan.weights)
        assert networks.classifier is not None
        # The cut that the person works with is the one to be compared with, and to be kept.
        cut = {"accept": parameters.classifier.accept or 0.0}
        card = networks.classifier.card.model_copy(update=cut)
        classifier = replace(networks.classifier, card=card)
        pages = [self._read_page(picker, asked, job) for asked in self.asked]
        labelled, replay = [page.labelled for page in pages], [page.replay for page in pages]
        training = adapt_classifier(classifier, labelled, replay, self.recipe, job)
        adapted = _follow(training, tell)
        card = self._new_card(classifier, adapted, pages)
        module = copy.deepcopy(classifier.module)
        module.load_state_dict(adapted.state)
        taught = replace(networks, classifier=replace(classifier, module=module, card=card))
        return Trial(
            adapted.before.rates,
            adapted.after.rates,
            adapted.improved,
            self.shown[0].id if self.shown else None,
            self._find_changed(picker, taught, card, job),
            adapted.state,
            card,
        )

    @property
    def _threshold(self) -> float:
        peaks = self.plan.parameters.peaks
        assert peaks.threshold is not None
        return peaks.threshold * peaks.level

    def _read_page(self, picker: Picker, asked: Asked, job: Job) -> "_Page":
        """See what the labels of a micrograph are about, and what is not to be forgotten."""
        record, labels = asked
        parameters = self.plan.parameters
        analysis, stored = picker.pick(record, parameters, self.plan.weights, job)
        view = analysis.detection.classifier_view
        centers = np.array([label.center_yx for label in labels], float).reshape(-1, 2)
        verdicts = np.array([label.accepted for label in labels], bool)
        labelled = LabelledView(view.image, view.frame.to_network(centers), verdicts)
        score = ranking_score(stored.picks, parameters)
        seen = accept(stored.picks, parameters).where(score >= _SEEN * self._threshold)
        candidates = LabelledView(view.image, view.frame.to_network(seen.centers_yx), seen.accepted)
        reach = LABEL_REACH * stored.diameter_px / float(view.frame.scale_yx.mean())
        review = review_picks(stored.picks, labels, stored.diameter_px)
        by_hand = review.decide(parameters) == State.ACCEPTED_BY_HAND
        return _Page(
            labelled,
            choose_replay(candidates, labelled.centers_yx, reach, self.recipe),
            review.score(parameters)[by_hand],
        )

    def _find_changed(
        self, picker: Picker, taught: Networks, card: "WeightsCard", job: Job
    ) -> Floats:
        """Return the points shown that would change sides, ``(k, 2)``; labelled ones never do."""
        if self.shown is None:
            return np.empty((0, 2))
        record, labels = self.shown
        analysis, stored = picker.pick(record, self.plan.parameters, self.plan.weights, job)
        new = judge(stored.picks, analysis.detection, taught, job)
        parameters = replace(self.plan.weights, classifier=card).resolve(self.given)
        before = review_picks(stored.picks, labels, stored.diameter_px)
        after = review_picks(new, labels, stored.diameter_px)
        sides = is_accepted(before.decide(self.plan.parameters))
        changed = sides != is_accepted(after.decide(parameters))
        return np.asarray(before.centers_yx[changed])

    def _new_card(
        self, classifier: "Network", adapted: "Adapted", pages: "Sequence[_Page]"
    ) -> "WeightsCard":
        """Say what the weights learned, from what, and with which success."""
        card, now = classifier.card, self._threshold
        lower = recommend_threshold(np.concatenate([page.accepted_score for page in pages]), now)
        verdicts = np.concatenate([page.labelled.accepted for page in pages])
        accepted, rejected = int(verdicts.sum()), int((~verdicts).sum())
        learned = {
            **self.recipe.model_dump(),
            "parent_sha256": classifier.sha256,
            "parent_recipe": card.recipe,
            "labels": {"person": {"accepted": accepted, "rejected": rejected}},
            "replayed": sum(len(page.replay.accepted) for page in pages),
            **describe_success(adapted),
        }
        own = f"{len(verdicts)} labels of a person (micrographs: {len(pages)})"
        return card.model_copy(
            update={
                "accept": adapted.accept,
                "threshold": lower if lower < now else card.threshold,
                "trained_on": f"{card.trained_on}; then {own}",
                "recipe": learned,
            }
        )


@dataclass(frozen=True, eq=False)
class _Page:
    """What one micrograph adds to a lesson."""

    labelled: LabelledView
    replay: LabelledView
    accepted_score: Floats


def _follow(training: "Generator[AdaptReport, None, Adapted]", tell: Tell) -> "Adapted":
    while True:
        try:
            tell(next(training))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
