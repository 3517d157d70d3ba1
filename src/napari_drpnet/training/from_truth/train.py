"""Train a network by a recipe: fields, fit, the numbers of its card, a file."""

import copy
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, overload

import torch

from napari_drpnet import __version__
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled, Job, SilentJob
from napari_drpnet.picking.networks.build import DETECTORS
from napari_drpnet.picking.networks.card import (
    AnyNetwork,
    ClassifierCard,
    ClassifierNetwork,
    DetectorCard,
    DetectorNetwork,
    Network,
)
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
from napari_drpnet.picking.networks.weights import load_classifier, load_detector
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.labels import LabelledCandidates, cut_patches, label_candidates
from napari_drpnet.training.common.recipe import ClassifierRecipe, DetectorRecipe
from napari_drpnet.training.common.trained import NotBetterError, Trained
from napari_drpnet.training.from_truth.cuts import (
    BestSoFar,
    choose_classifier_cuts,
    choose_detector_cuts,
    patch_log_odds,
)
from napari_drpnet.training.from_truth.fit import Report, fit_classifier, fit_detector
from napari_drpnet.training.from_truth.fit_neighbours import fit_context
from napari_drpnet.training.from_truth.pool import Pool

_LICENCE = "BSD-3-Clause"

Listener = Callable[[Report], None]


@overload
def load_start(recipe: DetectorRecipe, device: str = "cpu") -> DetectorNetwork | None: ...
@overload
def load_start(recipe: ClassifierRecipe, device: str = "cpu") -> ClassifierNetwork | None: ...
def load_start(recipe: DetectorRecipe | ClassifierRecipe, device: str = "cpu") -> AnyNetwork | None:
    """Load the weights that a recipe starts from; none where it starts from random ones.

    Raises
    ------
    InputFileError
        When they cannot be used, or are of another shape than the recipe wants.
    """
    if recipe.weights is None:
        return None
    if isinstance(recipe, DetectorRecipe):
        detector = load_detector(recipe.weights, device)
        _require_same(
            recipe.weights, "architecture", detector.card.architecture, recipe.architecture
        )
        return detector
    classifier = load_classifier(recipe.weights, device)
    _require_same(recipe.weights, "patch_px", classifier.card.patch_px, recipe.patch_px)
    return classifier


def _require_same(weights: str, field: str, own: str | int, wanted: str | int) -> None:
    if own != wanted:
        raise InputFileError(
            weights,
            f"its {field} is {own}, not {wanted}",
            "Ask for its own, or start from other weights",
        )


def train_detector(
    recipe: DetectorRecipe,
    pool: Pool,
    start: DetectorNetwork | None = None,
    device: str = "cpu",
    job: Job | None = None,
    on_report: Listener | None = None,
) -> Trained:
    """Fit a detector, and choose its sigma and threshold on the fields that judge.

    Parameters
    ----------
    recipe : DetectorRecipe
        What to do; the same recipe gives the same weights on the same device.
    pool : Pool
        Of this recipe: see `make_pool`.
    start : DetectorNetwork, optional
        As `load_start` gives it, which is asked where the recipe has one; it is changed.
    device : str
        As torch names it.
    job : Job, optional
        Told after each batch; may cancel.
    on_report : callable, optional
        Gets a `Report` every 100 batches, and whenever the network was judged.

    Returns
    -------
    Trained
        Also when it was cancelled (or Ctrl-C was pressed) after a look at the fields that judge.

    Raises
    ------
    Cancelled
        When it was cancelled before it had found anything.
    NotBetterError
        When the weights that it started from are still the best.
    """
    start = start or load_start(recipe, device)
    torch.manual_seed(recipe.seed)
    module = start.module if start else DETECTORS[recipe.architecture]().to(device)
    card = DetectorCard(
        architecture=recipe.architecture,
        particle_px=recipe.particle_px,
        spectrum=pool.spectrum,
        **_origin(pool, start),
    )
    network = Network(module, card, "in training", "")
    trials = BestSoFar(
        network, partial(choose_detector_cuts, pool.unseen), recipe.weights is not None
    )
    reports = fit_detector(module, pool.fields, recipe, job, trials.judge)
    interrupted = _follow(reports, on_report, trials)
    return _finish(network, recipe, trials, interrupted, _history(start))


def train_classifier(
    recipe: ClassifierRecipe,
    pool: Pool,
    detector: DetectorNetwork,
    start: ClassifierNetwork | None = None,
    device: str = "cpu",
    job: Job | None = None,
    on_report: Listener | None = None,
) -> Trained:
    """Fit a classifier to the candidates of a detector, and choose when it should pick nothing.

    Parameters
    ----------
    recipe : ClassifierRecipe
        What to do.
    pool : Pool
        Of this recipe, at the scale of the detector.
    detector : DetectorNetwork
        The one that the recipe names.
    start, device, job, on_report
        As for `train_detector`.

    Returns
    -------
    Trained
        As from `train_detector`.

    Raises
    ------
    Cancelled, NotBetterError
        As `train_detector`.
    ValueError
        When the detector finds fewer than two candidates to learn from.
    """
    start = start or load_start(recipe, device)
    job = job or SilentJob()
    labelled = _label([*pool.fields, *pool.unseen], detector, recipe, job)
    learned, judged = labelled[: len(pool.fields)], labelled[len(pool.fields) :]
    examples = cut_patches(pool.fields, learned, recipe.patch_px)
    torch.manual_seed(recipe.seed)
    module = _patch_classifier(start, recipe).to(device)
    card = ClassifierCard(
        particle_px=detector.card.particle_px,
        spectrum=detector.card.spectrum,
        architecture=detector.card.architecture,
        patch_px=recipe.patch_px,
        pool_stride=start.card.pool_stride if start else 2,
        context=module.context is not None,
        **_origin(pool, start),
    )
    network = Network(module, card, "in training", "")
    choose = partial(choose_classifier_cuts, pool.unseen, judged, recipe.least_height)
    trials = BestSoFar(network, choose, recipe.weights is not None)
    reports = fit_classifier(module, examples, recipe, job, trials.judge)
    interrupted = _follow(reports, on_report, trials)
    if recipe.context_epochs and not interrupted:
        try:
            network = _learn_context(network, pool.fields, learned, recipe, trials, job)
        except (Cancelled, KeyboardInterrupt):
            if not trials.found_something:
                raise
            interrupted = True
    history = _history(start) | {"detector_sha256": detector.sha256}
    return _finish(network, recipe, trials, interrupted, history)


def _patch_classifier(start: ClassifierNetwork | None, recipe: ClassifierRecipe) -> PatchClassifier:
    """Return what to train; where contexts are learned anew it starts without the old ones."""
    module = start.module if start else PatchClassifier(recipe.patch_px)
    assert isinstance(module, PatchClassifier)
    if recipe.context_epochs:
        module.context = None
    return module


def _learn_context(
    network: ClassifierNetwork,
    fields: Sequence[Field],
    candidates: Sequence[LabelledCandidates],
    recipe: ClassifierRecipe,
    trials: BestSoFar,
    job: Job,
) -> ClassifierNetwork:
    """Return the classifier with what it makes of contexts, unless it is better without."""
    module = copy.deepcopy(network.module)
    assert isinstance(module, PatchClassifier)
    odds = [patch_log_odds(*pair, network) for pair in zip(fields, candidates, strict=True)]
    fit_context(module, fields, candidates, odds, network.card.particle_px, recipe, job)
    card = network.card.model_copy(update={"context": True})
    aware = replace(network, module=module, card=card)
    return aware if trials.improves(aware) else network


def _follow(
    reports: Generator[Report, None, None], on_report: Listener | None, trials: BestSoFar
) -> bool:
    """Run a fit to its end; return whether it was interrupted after something had been found."""
    try:
        with closing(reports):  # which puts the network into its best state
            for report in reports:
                if on_report:
                    on_report(report)
    except (Cancelled, KeyboardInterrupt):
        if not trials.found_something:
            raise
        return True
    return False


def _finish(
    network: AnyNetwork,
    recipe: DetectorRecipe | ClassifierRecipe,
    trials: BestSoFar,
    interrupted: bool,
    history: dict[str, Any],
) -> Trained:
    """Complete the card by what was chosen for the best state, which the network is in."""
    best = trials.best
    if not trials.found_something:
        raise NotBetterError(
            f"{recipe.weights} are still the best: on validation their score is {best.score:.4f}"
        )
    used = _without_folders(recipe.model_dump(mode="json"))
    versions = {"version": __version__, "torch": torch.__version__}
    notes = {"validation_score": round(best.score, 4), **versions, **history}
    names = {"threshold", "sigma_px", "accept", "least_f1"} & set(type(network.card).model_fields)
    chosen = {name: getattr(best, name) for name in names}
    card = network.card.model_copy(update={**chosen, "recipe": {**used, **notes}})
    state = {name: tensor.detach().cpu() for name, tensor in network.module.state_dict().items()}
    return Trained(state, card, recipe, interrupted)


def _without_folders(recipe: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe with the names of its files alone: where they lie tells others nothing."""
    paths = ("structures", "negatives", "labelled", "weights", "detector")
    bare = {name: Path(recipe[name]).name for name in paths if recipe.get(name)}
    nested = {k: _without_folders(value) for k, value in recipe.items() if isinstance(value, dict)}
    return {**recipe, **bare, **nested}


def _origin(pool: Pool, start: AnyNetwork | None) -> dict[str, Any]:
    """Return what a card says of data and licence; weights made from others have theirs."""
    if start is None:
        return {"licence": _LICENCE, "trained_on": pool.description}
    trained_on = f"{start.card.trained_on}; then {pool.description}"
    return {"licence": start.card.licence, "trained_on": trained_on}


def _history(start: AnyNetwork | None) -> dict[str, Any]:
    return {"started_from_sha256": start.sha256} if start else {}


def _label(
    fields: Sequence[Field], detector: DetectorNetwork, recipe: ClassifierRecipe, job: Job
) -> list[LabelledCandidates]:
    sigma, labelled = detector.card.sigma_px, []
    for done, field in enumerate(fields, 1):
        labelled.append(label_candidates(field, detector, sigma, recipe.least_height))
        job.advance(done, len(fields), "finding candidates")
    return labelled
