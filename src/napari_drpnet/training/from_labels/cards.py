"""The cards of networks that were trained on labels: what they come from and how to use them."""

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
from napari_drpnet.training.from_labels.classifier import Adapted, Verdict
from napari_drpnet.training.from_labels.detector import Tuned
from napari_drpnet.training.from_labels.replay import AdaptRecipe
from napari_drpnet.training.from_labels.targets import TuneRecipe

_WHO = {"person": "labels of a person", "model": "automatic labels"}


@dataclass(frozen=True)
class LabelOrigin:
    """Who gave the labels that a network was trained on, and how many.

    Parameters
    ----------
    counts : dict
        By source, ``person`` or ``model``: the numbers of ``accepted`` and ``rejected`` labels.
    micrographs : int
        Number of micrographs that they are on.
    """

    counts: dict[str, dict[str, int]]
    micrographs: int

    @classmethod
    def of(cls, labels: Iterable[tuple[str, bool]], micrographs: int) -> Self:
        """Count labels, each a source and whether it accepts."""
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
        told = " and ".join(f"{number} {_WHO[source]}" for source, number in numbers.items())
        return f"{told} (micrographs: {self.micrographs})"


def adopt_classifier(classifier: ClassifierNetwork, detector: DetectorCard) -> ClassifierNetwork:
    """Return a classifier that is one for this detector.

    Where the one given was made for another kind of detector, its context knows nothing of the
    heights of this one, so that it is left out. The one given stays as it is.
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
        The one that it was made from.
    adapted : Adapted
        From `adapt_classifier`.
    recipe : AdaptRecipe
        How it was trained.
    origin : LabelOrigin
        The labels that it was trained on.
    replayed : int
        Number of unlabelled candidates that it was not to forget.
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
    before: Verdict,
    after: Verdict,
    origin: LabelOrigin,
) -> dict[str, Any]:
    """Return the fields of a card that say what weights come from."""
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


def _figures(verdict: Verdict) -> dict[str, float]:
    described = {**verdict.rates._asdict(), "log_loss": verdict.log_loss}
    return {name: round(value, 4) for name, value in described.items()}
