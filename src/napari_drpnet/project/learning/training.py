"""Training on the labels of a project, from the examples to the outcome."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_drpnet.base.jobs import Job
from napari_drpnet.base.picks import Picks
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.picking.candidates import rank_candidates
from napari_drpnet.picking.classification.classify import classify
from napari_drpnet.picking.detection import detect
from napari_drpnet.picking.loading import Networks
from napari_drpnet.picking.networks.card import DetectorCard, Network
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.resolve import ResolvedParameters
from napari_drpnet.project.learning.example_sets import Asked, ExampleSet, read_example_set
from napari_drpnet.project.learning.outcome import (
    Floats,
    TrainedNetwork,
    TrainingOutcome,
    find_missing,
    with_weights,
)
from napari_drpnet.project.learning.train_copies import (
    Tell,
    train_classifier_copy,
    train_detector_copy,
)
from napari_drpnet.project.points.review import LABEL_REACH, is_accepted, review_picks
from napari_drpnet.project.stages.cache import StageCache
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.labels import SOURCES, Source
from napari_drpnet.training.from_labels.replay import LEAST_LABELS, AdaptRecipe

if TYPE_CHECKING:
    from napari_drpnet.training.from_labels.targets import TuneRecipe

Subject = Literal["classifier", "detector", "both"]


@dataclass(frozen=True, eq=False)
class LabelTraining:
    """Training on labels, to be run as the work of a job.

    Parameters
    ----------
    asked : sequence of tuple
        Micrographs with the labels to train on.
    shown : tuple or None
        Micrograph that is shown, with all of its labels, to find the points that would change.
    given : PickParameters
        Parameters given by the user.
    plan : Plan
        Plan made from these parameters, with a classifier if one is to be trained.
    subject : {'classifier', 'detector', 'both'}
        Networks to train.
    recipe : AdaptRecipe
        Recipe for training the classifier.
    tune_recipe : TuneRecipe, optional
        Recipe for training the detector; default: the recommended one.
    """

    asked: Sequence[Asked]
    shown: Asked | None
    given: PickParameters
    plan: Plan
    subject: Subject = "classifier"
    recipe: AdaptRecipe = field(default_factory=AdaptRecipe)
    tune_recipe: "TuneRecipe | None" = None

    def run(self, cache: StageCache, tell: Tell, job: Job) -> TrainingOutcome:
        """Train copies of the networks.

        Parameters
        ----------
        cache : StageCache
            Cache that finds the candidates, or reuses their detection.
        tell : callable
            Function that is called with the progress reports.
        job : Job
            Progress callback; it may cancel the work.

        Returns
        -------
        TrainingOutcome
            Trained networks, and the changes that they would make.

        Raises
        ------
        InputFileError
            If a micrograph or the weights cannot be used.
        ValueError
            If there are too few labels, or all examples are of one kind.
        Cancelled
            If the work was cancelled.
        """
        networks = cache.networks(self.plan)
        weakest = self._weakest_source
        example_sets = [
            read_example_set(cache, asked, self.plan, self.recipe, weakest, job)
            for asked in self.asked
        ]
        from napari_drpnet.training.from_labels.cards import adopt_classifier

        if self.subject != "detector" and networks.classifier is not None:
            adopted = adopt_classifier(networks.classifier, networks.detector.card)
            networks = replace(networks, classifier=adopted)
        trained = tuple(self._train(networks, example_sets, tell, job))
        before, after, reach = self._find_accepted(cache, networks, trained, job)
        return TrainingOutcome(
            trained,
            weakest,
            self.shown[0].id if self.shown else None,
            (len(before), len(after)),
            find_missing(before, after, reach),
            find_missing(after, before, reach),
        )

    @property
    def _weakest_source(self) -> Source:
        """Weakest source of the labels that are validated on, so that there are enough of them."""
        sources = [label.source for _, labels in self.asked for label in labels]
        totals = accumulate(sources.count(source) for source in SOURCES)
        enough = (s for s, total in zip(SOURCES, totals, strict=True) if total >= LEAST_LABELS)
        return next(enough, SOURCES[-1])

    def _train(
        self, networks: Networks, example_sets: Sequence[ExampleSet], tell: Tell, job: Job
    ) -> "list[TrainedNetwork]":
        from napari_drpnet.training.from_labels.targets import TuneRecipe

        trained = []
        if self.subject != "classifier":
            recipe = self.tune_recipe or TuneRecipe()
            trained.append(train_detector_copy(networks, example_sets, recipe, tell, job))
        if self.subject != "detector":
            assert networks.classifier is not None
            # The cut in use is kept, and used for the comparison.
            stage = self.plan.parameters.classifier
            accepts = {"accept": stage.accept, "least_f1": stage.least_f1}
            card = networks.classifier.card.model_copy(update=accepts)
            classifier = replace(networks.classifier, card=card)
            cut = self.plan.cut
            trained.append(
                train_classifier_copy(classifier, example_sets, cut, self.recipe, tell, job)
            )
        return trained

    def _find_accepted(
        self, cache: StageCache, networks: Networks, trained: Sequence[TrainedNetwork], job: Job
    ) -> tuple[Floats, Floats, float]:
        """Return the accepted points of the shown micrograph with the old and new networks.

        The third value is the distance within which two points count as one, in unbinned pixels.
        """
        if self.shown is None:
            return np.empty((0, 2)), np.empty((0, 2)), 0.0
        record, labels = self.shown
        plan, kinds = self.plan, {one.kind for one in trained}
        analysis, stored = cache.pick(record, plan, job)
        trained_networks = _with_trained(networks, trained)
        parameters = trained_networks.resolve(self.given)
        candidates, detection = stored.picks, analysis.detection
        if "detector" in kinds:
            size = parameters.particle.pixel_size_angstrom
            micrograph = read_micrograph(record.path, size, record.pixel_size_angstrom)
            detection = detect(micrograph, parameters, trained_networks, job)
            candidates = rank_candidates(detection, parameters)
        classified = classify(candidates, detection, trained_networks, job)

        def accepted(picks: Picks, used: ResolvedParameters) -> Floats:
            review = review_picks(picks, labels, stored.diameter_px)
            return review.centers_yx[is_accepted(review.decide(used))]

        before, after = accepted(stored.picks, plan.parameters), accepted(classified, parameters)
        return before, after, LABEL_REACH * stored.diameter_px


def _with_trained(networks: Networks, trained: Sequence[TrainedNetwork]) -> Networks:
    """Return the networks with trained weights; the given networks are not modified."""
    for one in trained:
        if isinstance(one.card, DetectorCard):
            module = with_weights(networks.detector.module, one.state)
            networks = replace(networks, detector=Network(module, one.card, "in training", ""))
        elif networks.classifier is not None:
            module = with_weights(networks.classifier.module, one.state)
            networks = replace(networks, classifier=Network(module, one.card, "in training", ""))
    return networks
