"""What the training runs of all networks share: their course, and the card of the result."""

from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any, overload

import torch

from napari_drpnet import __version__
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.picking.networks.card import (
    AnyNetwork,
    ClassifierNetwork,
    DetectorNetwork,
    SegmenterNetwork,
)
from napari_drpnet.picking.networks.weights import load_classifier, load_detector, load_segmenter
from napari_drpnet.training.common.recipe import (
    AnyRecipe,
    ClassifierRecipe,
    DetectorRecipe,
    SegmenterRecipe,
)
from napari_drpnet.training.common.trained import NotBetterError, Trained, require_detector
from napari_drpnet.training.from_truth.cuts import BestSoFar
from napari_drpnet.training.from_truth.fit import Report

_LICENCE = "BSD-3-Clause"

Listener = Callable[[Report], None]


def load_map_detector(weights: str, device: str = "cpu") -> DetectorNetwork:
    """Load a detector that draws a distance map, by name or file.

    Raises
    ------
    InputFileError
        If the weights cannot be used, or are those of a segmenter.
    """
    detector = load_detector(weights, device)
    require_detector(detector)
    return detector


@overload
def load_start(recipe: DetectorRecipe, device: str = "cpu") -> DetectorNetwork | None: ...
@overload
def load_start(recipe: ClassifierRecipe, device: str = "cpu") -> ClassifierNetwork | None: ...
@overload
def load_start(recipe: SegmenterRecipe, device: str = "cpu") -> SegmenterNetwork | None: ...
def load_start(recipe: AnyRecipe, device: str = "cpu") -> AnyNetwork | None:
    """Load the weights that a recipe starts from.

    Parameters
    ----------
    recipe : DetectorRecipe, SegmenterRecipe or ClassifierRecipe
        Recipe of the training.
    device : str
        Torch device name.

    Returns
    -------
    DetectorNetwork, SegmenterNetwork, ClassifierNetwork or None
        The network; None if the recipe starts from random weights.

    Raises
    ------
    InputFileError
        If the weights cannot be used, or their kind, architecture or patch size is not that of
        the recipe.
    """
    if recipe.weights is None:
        return None
    if isinstance(recipe, ClassifierRecipe):
        classifier = load_classifier(recipe.weights, device)
        _require_same(recipe.weights, "patch_px", classifier.card.patch_px, recipe.patch_px)
        return classifier
    load = load_segmenter if isinstance(recipe, SegmenterRecipe) else load_map_detector
    network = load(recipe.weights, device)
    _require_same(recipe.weights, "architecture", network.card.architecture, recipe.architecture)
    return network


def _require_same(weights: str, field: str, own: str | int, wanted: str | int) -> None:
    if own != wanted:
        raise InputFileError(
            weights,
            f"its {field} is {own}, not {wanted}",
            "Use the value of these weights, or start from other weights",
        )


def follow_fit(
    reports: Generator[Report, None, None], on_report: Listener | None, best: BestSoFar
) -> bool:
    """Run a fit to its end; return whether it was interrupted after there was a result."""
    try:
        with closing(reports):  # puts the network into its best state
            for report in reports:
                if on_report:
                    on_report(report)
    except (Cancelled, KeyboardInterrupt):
        if not best.found_something:
            raise
        return True
    return False


def finish_run(
    network: AnyNetwork,
    recipe: AnyRecipe,
    best: BestSoFar,
    interrupted: bool,
    history: dict[str, Any],
    recommend: Callable[[], dict[str, Any]] | None = None,
) -> Trained:
    """Complete the card by the values chosen for the best state, which the network is in.

    Parameters
    ----------
    network : DetectorNetwork or ClassifierNetwork
        Trained network.
    recipe : DetectorRecipe, SegmenterRecipe or ClassifierRecipe
        Recipe of the training.
    best : BestSoFar
        Validations of the run.
    interrupted : bool
        Whether the run was cancelled before its end.
    history : dict
        Notes on the origin of the weights for the card.
    recommend : callable, optional
        Function that returns the recommended values, if they were not chosen at each validation.

    Raises
    ------
    NotBetterError
        If the weights that the training started from are still the best.
    """
    cuts = best.cuts
    if not best.found_something:
        raise NotBetterError(
            f"{recipe.weights} are still the best: on validation their score is {cuts.score:.4f}"
        )
    used = _without_folders(recipe.model_dump(mode="json"))
    versions = {"version": __version__, "torch": torch.__version__}
    notes = {"validation_score": round(cuts.score, 4), **versions, **history}
    names = {"threshold", "sigma_px", "accept", "least_f1"} & set(type(network.card).model_fields)
    chosen = recommend() if recommend else {name: getattr(cuts, name) for name in names}
    card = network.card.model_copy(update={**chosen, "recipe": {**used, **notes}})
    state = {name: tensor.detach().cpu() for name, tensor in network.module.state_dict().items()}
    return Trained(state, card, recipe, interrupted)


def _without_folders(recipe: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe with the names of its files and folders instead of their paths."""
    places = ("structures", "negatives", "labelled", "labels", "micrographs", "project")
    paths = (*places, "weights", "detector")
    bare = {name: Path(recipe[name]).name for name in paths if recipe.get(name)}
    nested = {k: _without_folders(value) for k, value in recipe.items() if isinstance(value, dict)}
    return {**recipe, **bare, **nested}


def origin_of(description: str, start: AnyNetwork | None) -> dict[str, Any]:
    """Return training data and licence for a card, including those of the weights at the start."""
    if start is None:
        return {"licence": _LICENCE, "trained_on": description}
    trained_on = f"{start.card.trained_on}; then {description}"
    return {"licence": start.card.licence, "trained_on": trained_on}


def history_of(start: AnyNetwork | None) -> dict[str, Any]:
    """Return the hash of the weights at the start for a card."""
    return {"started_from_sha256": start.sha256} if start else {}
