"""Cards of networks that were trained on labels: their origin and recommended use."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from napari_drpnet.picking.networks.card import (
    AnyNetwork,
    ClassifierCard,
    ClassifierNetwork,
    DetectorCard,
    DetectorNetwork,
)
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
from napari_drpnet.training.from_labels.classifier import Adapted
from napari_drpnet.training.from_labels.detector import Tuned
from napari_drpnet.training.from_labels.label_scores import LabelScore
from napari_drpnet.training.from_labels.replay import AdaptRecipe
from napari_drpnet.training.from_labels.targets import TuneRecipe

_WHO = {
    "person": "manual labels",
    "classes": "labels by 2D classes",
    "model": "automatic labels",
}


@dataclass(frozen=True)
class LabelOrigin:
    """Sources and numbers of the labels that a network was trained on.

    Parameters
    ----------
    counts : dict
        Numbers of ``accepted`` and ``rejected`` labels by source: ``person``,
        ``classes`` or ``model``.
    micrographs : int
        Number of labelled micrographs.
    """

    counts: dict[str, dict[str, int]]
    micrographs: int

    @classmethod
    def of(cls, labels: Iterable[tuple[str, bool]], micrographs: int) -> Self:
        """Count labels, each given by its source and whether it is accepted."""
        given = list(labels)
        counts = {
            source: {
                "accepted": given.count((source, True)),
                "rejected": given.count((source, False)),
            }
            for source in _WHO
            if any(source == other for other, _ in given)
        }
        return cls(counts, micrographs)

    def describe(self) -> str:
        """Return the counts in words."""
        numbers = {source: sum(count.values()) for source, count in self.counts.items()}
        text = " and ".join(f"{number} {_WHO[source]}" for source, number in numbers.items())
        return f"{text} (micrographs: {self.micrographs})"


def adopt_classifier(classifier: ClassifierNetwork, detector: DetectorCard) -> ClassifierNetwork:
    """Return a classifier for a detector.

    A classifier that was made for this kind of detector is returned as it is. Otherwise it is
    copied without its context network, which does not know the map heights of this detector.

    Parameters
    ----------
    classifier : ClassifierNetwork
        Classifier in use; it is not changed.
    detector : DetectorCard
        Card of the detector in use.
    """
    if classifier.card.knows(detector):
        return classifier
    module = copy.deepcopy(classifier.module)
    assert isinstance(module, PatchClassifier)
    module.context = None
    taken_over = ("architecture", "map_units", "threshold")
    update = {name: getattr(detector, name) for name in taken_over} | {"context": False}
    return replace(classifier, module=module, card=classifier.card.model_copy(update=update))


def classifier_card(
    classifier: ClassifierNetwork,
    adapted: Adapted,
    recipe: AdaptRecipe,
    origin: LabelOrigin,
    replayed: int,
    threshold: float,
) -> ClassifierCard:
    """Return the card of an adapted classifier.

    Parameters
    ----------
    classifier : ClassifierNetwork
        Classifier with the old weights.
    adapted : Adapted
        Result of `adapt_classifier`.
    recipe : AdaptRecipe
        Recipe of the training.
    origin : LabelOrigin
        Sources and numbers of the labels that it was trained on.
    replayed : int
        Number of unlabelled candidates that were replayed.
    threshold : float
        Recommended threshold, map units.
    """
    used = {**recipe.model_dump(), "replayed": replayed}
    update = {"accept": adapted.accept, "threshold": threshold}
    about = _about(classifier, used, adapted.before, adapted.after, origin)
    return classifier.card.model_copy(update=update | about)


def detector_card(
    detector: DetectorNetwork, tuned: Tuned, recipe: TuneRecipe, origin: LabelOrigin
) -> DetectorCard:
    """Return the card of a tuned detector; parameters as for `classifier_card`."""
    about = _about(detector, recipe.model_dump(), tuned.before, tuned.after, origin)
    return detector.card.model_copy(update={"threshold": tuned.threshold} | about)


def _about(
    network: AnyNetwork,
    used: dict[str, Any],
    before: LabelScore,
    after: LabelScore,
    origin: LabelOrigin,
) -> dict[str, Any]:
    """Return the fields of a card that describe the origin of the weights."""
    return {
        "trained_on": f"{network.card.trained_on}; then {origin.describe()}",
        "recipe": {
            **used,
            "before": _figures(before),
            "after": _figures(after),
            "parent_sha256": network.sha256,
            "parent_recipe": network.card.recipe,
            "labels": origin.counts,
        },
    }


def _figures(score: LabelScore) -> dict[str, float]:
    described = {**score.rates._asdict(), "log_loss": score.log_loss}
    return {name: round(value, 4) for name, value in described.items()}
