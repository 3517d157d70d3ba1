"""Train copies of networks on the example sets of a project, and write their cards."""

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.loading import Networks
from napari_drpnet.picking.networks.card import ClassifierNetwork, Kind
from napari_drpnet.project.learning.example_sets import ExampleSet, accepted_labels, places
from napari_drpnet.project.learning.outcome import TrainedNetwork
from napari_drpnet.project.state.labels import Label
from napari_drpnet.training.from_labels.replay import AdaptRecipe, recommend_threshold

if TYPE_CHECKING:
    from napari_drpnet.training.from_labels.cards import LabelOrigin
    from napari_drpnet.training.from_labels.head import AdaptReport
    from napari_drpnet.training.from_labels.targets import LabelledImage, TuneRecipe

ResultT = TypeVar("ResultT")

#: Function that is called with the kind of network in training, and a report of its progress.
Tell = Callable[[Kind, "AdaptReport"], None]


def train_classifier_copy(
    classifier: ClassifierNetwork,
    example_sets: Sequence[ExampleSet],
    threshold: float,
    recipe: AdaptRecipe,
    tell: Tell,
    job: Job,
) -> TrainedNetwork:
    """Train a copy of a classifier.

    Parameters
    ----------
    classifier : ClassifierNetwork
        Classifier in use. The cut on its card is used for the comparison.
    example_sets : sequence of ExampleSet
        Training examples.
    threshold : float
        Threshold in use, in map units.
    recipe : AdaptRecipe
        Recipe for training.
    tell : callable
        Function that is called with the progress reports.
    job : Job
        Progress callback; it may cancel the work.

    Returns
    -------
    TrainedNetwork
        Weights, card and scores of the copy.

    Raises
    ------
    ValueError
        If there are too few labels, or all examples are of one kind.
    Cancelled
        If the work was cancelled.
    """
    from napari_drpnet.training.from_labels.cards import classifier_card
    from napari_drpnet.training.from_labels.classifier import adapt_classifier

    training = adapt_classifier(
        classifier,
        [examples.labelled for examples in example_sets],
        [examples.replay for examples in example_sets],
        recipe,
        job,
        [examples.automatic for examples in example_sets],
        whole=all(each.source == "classes" for one in example_sets for each in one.validating),
    )
    adapted = _follow(training, partial(tell, "classifier"))
    heights = np.concatenate([examples.accepted_score for examples in example_sets])
    lower = recommend_threshold(heights, threshold)
    labels = [
        label for examples in example_sets for label in examples.validating + examples.helping
    ]
    card = classifier_card(
        classifier,
        adapted,
        recipe,
        _origin(example_sets, labels),
        replayed=sum(len(examples.replay.accepted) for examples in example_sets),
        threshold=lower if lower < threshold else classifier.card.threshold,
    )
    both = adapted.before, adapted.after
    return TrainedNetwork("classifier", *both, adapted.improved, adapted.state, card)


def train_detector_copy(
    networks: Networks,
    example_sets: Sequence[ExampleSet],
    recipe: "TuneRecipe",
    tell: Tell,
    job: Job,
) -> TrainedNetwork:
    """Train a copy of the detector, on only those labels that are used for validation too."""
    from napari_drpnet.training.from_labels.cards import detector_card
    from napari_drpnet.training.from_labels.detector import tune_detector

    detector, images = networks.detector, [_mark(examples) for examples in example_sets]
    training = tune_detector(detector, images, recipe, job, classifier=networks.classifier)
    tuned = _follow(training, partial(tell, "detector"))
    labels = [label for examples in example_sets for label in examples.validating]
    card = detector_card(detector, tuned, recipe, _origin(example_sets, labels))
    return TrainedNetwork("detector", tuned.before, tuned.after, tuned.improved, tuned.state, card)


def _mark(examples: ExampleSet) -> "LabelledImage":
    """Convert the labels to the view of the detector."""
    from napari_drpnet.training.from_labels.targets import LabelledImage

    view = examples.analysis.detection.view
    centers, accepted = (
        view.frame.to_network(places(examples.validating)),
        accepted_labels(examples.validating),
    )
    return LabelledImage(view.image, centers[accepted], centers[~accepted])


def _origin(example_sets: Sequence[ExampleSet], labels: Sequence[Label]) -> "LabelOrigin":
    from napari_drpnet.training.from_labels.cards import LabelOrigin

    return LabelOrigin.of([(label.source, label.accepted) for label in labels], len(example_sets))


def _follow(
    training: Generator["AdaptReport", None, ResultT], tell: Callable[["AdaptReport"], None]
) -> ResultT:
    while True:
        try:
            tell(next(training))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
