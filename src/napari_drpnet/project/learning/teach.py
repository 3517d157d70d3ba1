"""Networks are taught what the pages of a lesson say, and get cards that tell of it."""

import copy
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from napari_drpnet.base.jobs import Job
from napari_drpnet.project.learning.outcome import Kind, Taught, describe_success
from napari_drpnet.project.learning.pages import Page, places, verdicts
from napari_drpnet.project.state.labels import Label
from napari_drpnet.training.from_labels.replay import AdaptRecipe, recommend_threshold

if TYPE_CHECKING:
    from napari_drpnet.picking.networks.weights import Network, WeightsCard
    from napari_drpnet.training.from_labels.head import AdaptReport
    from napari_drpnet.training.from_labels.targets import LabelledImage, TuneRecipe

ResultT = TypeVar("ResultT")


#: Gets what learns, and how it is going.
Tell = Callable[[Kind, "AdaptReport"], None]


def adopt_classifier(classifier: "Network", detector: "WeightsCard") -> "Network":
    """Make a classifier one for this detector, where it was made for another kind.

    Of other heights its context knows nothing, so that it is left out. The one given stays as it
    is.
    """
    from napari_drpnet.picking.networks.patch_classifier import PatchClassifier

    if classifier.card.knows(detector):
        return classifier
    module = copy.deepcopy(classifier.module)
    assert isinstance(module, PatchClassifier)
    module.context = None
    taken_over = ("architecture", "map_units", "threshold")
    update = {name: getattr(detector, name) for name in taken_over} | {"context": False}
    return replace(classifier, module=module, card=classifier.card.model_copy(update=update))


def teach_classifier(
    classifier: "Network",
    pages: Sequence[Page],
    threshold: float,
    recipe: AdaptRecipe,
    tell: Tell,
    job: Job,
) -> Taught:
    """Teach a copy of a classifier.

    Parameters
    ----------
    classifier : Network
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
    own = {
        **recipe.model_dump(),
        "replayed": sum(len(page.replay.accepted) for page in pages),
        **describe_success(adapted.before, adapted.after),
    }
    card = classifier.card.model_copy(
        update={
            "accept": adapted.accept,
            "threshold": lower if lower < threshold else classifier.card.threshold,
            **_origin(classifier, pages, labels, own),
        }
    )
    both = adapted.before, adapted.after
    return Taught("classifier", *both, adapted.improved, adapted.state, card)


def teach_detector(
    detector: "Network", pages: Sequence[Page], recipe: "TuneRecipe", tell: Tell, job: Job
) -> Taught:
    """Teach a copy of a detector, by the labels that judge it alone; see `teach_classifier`."""
    from napari_drpnet.training.from_labels.detector import tune_detector

    training = tune_detector(detector, [_mark(page) for page in pages], recipe, job)
    tuned = _follow(training, partial(tell, "detector"))
    own = {**recipe.model_dump(), **describe_success(tuned.before, tuned.after)}
    labels = [label for page in pages for label in page.judging]
    update = {"threshold": tuned.threshold, **_origin(detector, pages, labels, own)}
    card = detector.card.model_copy(update=update)
    return Taught("detector", tuned.before, tuned.after, tuned.improved, tuned.state, card)


def _mark(page: Page) -> "LabelledImage":
    """Bring the labels into the detector's view."""
    from napari_drpnet.training.from_labels.targets import LabelledImage

    view = page.analysis.detection.view
    centers, accepted = view.frame.to_network(places(page.judging)), verdicts(page.judging)
    return LabelledImage(view.image, centers[accepted], centers[~accepted])


def _origin(
    network: "Network", pages: Sequence[Page], labels: Sequence[Label], own: dict[str, Any]
) -> dict[str, Any]:
    """Say what weights come from, as fields of their card."""
    counts = {
        source: {
            "accepted": sum(label.accepted for label in given),
            "rejected": sum(not label.accepted for label in given),
        }
        for source in ("person", "model")
        if (given := [label for label in labels if label.source == source])
    }
    numbers = {source: sum(count.values()) for source, count in counts.items()}
    names = {"person": "labels of a person", "model": "automatic labels"}
    told = " and ".join(f"{number} {names[source]}" for source, number in numbers.items())
    return {
        "trained_on": f"{network.card.trained_on}; then {told} (micrographs: {len(pages)})",
        "recipe": {
            **own,
            "parent_sha256": network.sha256,
            "parent_recipe": network.card.recipe,
            "labels": counts,
        },
    }


def _follow(
    training: Generator["AdaptReport", None, ResultT], tell: Callable[["AdaptReport"], None]
) -> ResultT:
    while True:
        try:
            tell(next(training))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
