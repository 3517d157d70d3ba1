"""Train copies of networks on what the micrographs of a project give, and describe the result."""

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.networks.card import ClassifierNetwork, DetectorNetwork, Kind
from napari_drpnet.project.learning.outcome import Taught
from napari_drpnet.project.learning.pages import Page, places, verdicts
from napari_drpnet.project.state.labels import Label
from napari_drpnet.training.from_labels.replay import AdaptRecipe, recommend_threshold

if TYPE_CHECKING:
    from napari_drpnet.training.from_labels.cards import LabelOrigin
    from napari_drpnet.training.from_labels.head import AdaptReport
    from napari_drpnet.training.from_labels.targets import LabelledImage, TuneRecipe

ResultT = TypeVar("ResultT")

#: Gets the kind of network that is trained, and a report of its progress.
Tell = Callable[[Kind, "AdaptReport"], None]


def teach_classifier(
    classifier: ClassifierNetwork,
    pages: Sequence[Page],
    threshold: float,
    recipe: AdaptRecipe,
    tell: Tell,
    job: Job,
) -> Taught:
    """Teach a copy of a classifier.

    Parameters
    ----------
    classifier : ClassifierNetwork
        In use; its card says which cut it is to be compared with.
    pages : sequence of Page
        What it learns from.
    threshold : float
        That applies now, map units.
    recipe : AdaptRecipe
        How.
    tell : callable
        Gets the reports.
    job : Job
        May cancel.

    Raises
    ------
    ValueError
        When there are too few labels, or they and all else are of one kind.
    Cancelled
        When the job says so.
    """
    from napari_drpnet.training.from_labels.cards import classifier_card
    from napari_drpnet.training.from_labels.classifier import adapt_classifier

    training = adapt_classifier(
        classifier,
        [page.labelled for page in pages],
        [page.replay for page in pages],
        recipe,
        job,
        [page.automatic for page in pages],
    )
    adapted = _follow(training, partial(tell, "classifier"))
    heights = np.concatenate([page.accepted_score for page in pages])
    lower = recommend_threshold(heights, threshold)
    labels = [label for page in pages for label in page.judging + page.helping]
    card = classifier_card(
        classifier,
        adapted,
        recipe,
        _origin(pages, labels),
        replayed=sum(len(page.replay.accepted) for page in pages),
        threshold=lower if lower < threshold else classifier.card.threshold,
    )
    both = adapted.before, adapted.after
    return Taught("classifier", *both, adapted.improved, adapted.state, card)


def teach_detector(
    detector: DetectorNetwork, pages: Sequence[Page], recipe: "TuneRecipe", tell: Tell, job: Job
) -> Taught:
    """Teach a copy of a detector, by the labels that judge it alone; see `teach_classifier`."""
    from napari_drpnet.training.from_labels.cards import detector_card
    from napari_drpnet.training.from_labels.detector import tune_detector

    training = tune_detector(detector, [_mark(page) for page in pages], recipe, job)
    tuned = _follow(training, partial(tell, "detector"))
    labels = [label for page in pages for label in page.judging]
    card = detector_card(detector, tuned, recipe, _origin(pages, labels))
    return Taught("detector", tuned.before, tuned.after, tuned.improved, tuned.state, card)


def _mark(page: Page) -> "LabelledImage":
    """Bring the labels into the detector's view."""
    from napari_drpnet.training.from_labels.targets import LabelledImage

    view = page.analysis.detection.view
    centers, accepted = view.frame.to_network(places(page.judging)), verdicts(page.judging)
    return LabelledImage(view.image, centers[accepted], centers[~accepted])


def _origin(pages: Sequence[Page], labels: Sequence[Label]) -> "LabelOrigin":
    from napari_drpnet.training.from_labels.cards import LabelOrigin

    return LabelOrigin.of([(label.source, label.accepted) for label in labels], len(pages))


def _follow(
    training: Generator["AdaptReport", None, ResultT], tell: Callable[["AdaptReport"], None]
) -> ResultT:
    while True:
        try:
            tell(next(training))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
