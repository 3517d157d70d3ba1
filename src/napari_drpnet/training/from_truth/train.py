"""Training runs by recipes: fit, validation, and the card of the result."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch

from napari_drpnet.base.jobs import Cancelled, Job, SilentJob
from napari_drpnet.picking.networks.build import DETECTORS
from napari_drpnet.picking.networks.card import (
    ClassifierCard,
    ClassifierNetwork,
    DetectorCard,
    DetectorNetwork,
    Network,
)
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.labels import LabelledCandidates, cut_patches, label_candidates
from napari_drpnet.training.common.recipe import ClassifierRecipe, DetectorRecipe
from napari_drpnet.training.common.trained import Trained
from napari_drpnet.training.from_truth.cuts import (
    BestSoFar,
    choose_classifier_cuts,
    choose_detector_cuts,
    patch_log_odds,
)
from napari_drpnet.training.from_truth.fit import fit_classifier, fit_detector
from napari_drpnet.training.from_truth.fit_neighbours import fit_context
from napari_drpnet.training.from_truth.pool import Pool
from napari_drpnet.training.from_truth.runs import (
    Listener,
    finish_run,
    follow_fit,
    history_of,
    load_start,
    origin_of,
)


def train_detector(
    recipe: DetectorRecipe,
    pool: Pool,
    start: DetectorNetwork | None = None,
    device: str = "cpu",
    job: Job | None = None,
    on_report: Listener | None = None,
) -> Trained:
    """Train a detector, and choose its sigma and threshold on the validation fields.

    Parameters
    ----------
    recipe : DetectorRecipe
        Recipe of the training; the same recipe gives the same weights on the same device.
    pool : Pool
        Fields of this recipe; see `make_pool`.
    start : DetectorNetwork, optional
        Network to start from, which is changed in place. Default: loaded by `load_start`.
    device : str
        Torch device name.
    job : Job, optional
        Progress callback, called after each batch; it may cancel the work.
    on_report : callable, optional
        Function that is called with a `Report` every 100 batches and after each validation.

    Returns
    -------
    Trained
        Best state of the run, also if the work was cancelled (or Ctrl-C was pressed) after a
        validation.

    Raises
    ------
    Cancelled
        If the work was cancelled before there was a result.
    InputFileError
        If the weights to start from cannot be used; see `load_start`.
    NotBetterError
        If the weights that it started from are still the best.
    """
    start = start or load_start(recipe, device)
    torch.manual_seed(recipe.seed)
    module = start.module if start else DETECTORS[recipe.architecture]().to(device)
    card = DetectorCard(
        architecture=recipe.architecture,
        particle_px=recipe.particle_px,
        spectrum=pool.spectrum,
        **origin_of(pool.description, start),
    )
    network = Network(module, card, "in training", "")
    best = BestSoFar(
        network, partial(choose_detector_cuts, pool.validation), recipe.weights is not None
    )
    reports = fit_detector(module, pool.fields, recipe, job, best.validate)
    interrupted = follow_fit(reports, on_report, best)
    return finish_run(network, recipe, best, interrupted, history_of(start))


def train_classifier(
    recipe: ClassifierRecipe,
    pool: Pool,
    detector: DetectorNetwork,
    start: ClassifierNetwork | None = None,
    device: str = "cpu",
    job: Job | None = None,
    on_report: Listener | None = None,
) -> Trained:
    """Train a classifier on the candidates of a detector, and choose its least expected F1.

    Parameters
    ----------
    recipe : ClassifierRecipe
        Recipe of the training.
    pool : Pool
        Fields of this recipe, at the scale of the detector.
    detector : DetectorNetwork
        Detector that the recipe names.
    start, device, job, on_report
        Network to start from, device and callbacks, as for `train_detector`.

    Returns
    -------
    Trained
        Best state of the run, as from `train_detector`.

    Raises
    ------
    Cancelled, InputFileError, NotBetterError
        As for `train_detector`.
    ValueError
        If the detector finds fewer than two candidates to learn from.
    """
    start = start or load_start(recipe, device)
    job = job or SilentJob()
    labelled = _label([*pool.fields, *pool.validation], detector, recipe, job)
    learned, validation = labelled[: len(pool.fields)], labelled[len(pool.fields) :]
    examples = cut_patches(pool.fields, learned, recipe.patch_px)
    torch.manual_seed(recipe.seed)
    module = _patch_classifier(start, recipe).to(device)
    card = _classifier_card(module, recipe, pool, detector, start)
    network = Network(module, card, "in training", "")
    choose = partial(choose_classifier_cuts, pool.validation, validation, recipe.least_height)
    best = BestSoFar(network, choose, recipe.weights is not None)
    reports = fit_classifier(module, examples, recipe, job, best.validate)
    interrupted = follow_fit(reports, on_report, best)
    if recipe.context_epochs and not interrupted:
        network, interrupted = _add_context(network, pool.fields, learned, recipe, best, job)
    history = history_of(start) | {"detector_sha256": detector.sha256}
    return finish_run(network, recipe, best, interrupted, history)


def _patch_classifier(start: ClassifierNetwork | None, recipe: ClassifierRecipe) -> PatchClassifier:
    """Return the module to train, without a context network if the recipe trains a new one."""
    module = start.module if start else PatchClassifier(recipe.patch_px)
    assert isinstance(module, PatchClassifier)
    if recipe.context_epochs:
        module.context = None
    return module


def _classifier_card(
    module: PatchClassifier,
    recipe: ClassifierRecipe,
    pool: Pool,
    detector: DetectorNetwork,
    start: ClassifierNetwork | None,
) -> ClassifierCard:
    """Return the card of a classifier for a detector, without recommended values."""
    return ClassifierCard(
        particle_px=detector.card.particle_px,
        spectrum=detector.card.spectrum,
        architecture=detector.card.architecture,
        patch_px=recipe.patch_px,
        pool_stride=start.card.pool_stride if start else 2,
        context=module.context is not None,
        **origin_of(pool.description, start),
    )


def _add_context(
    network: ClassifierNetwork,
    fields: Sequence[Field],
    candidates: Sequence[LabelledCandidates],
    recipe: ClassifierRecipe,
    best: BestSoFar,
    job: Job,
) -> tuple[ClassifierNetwork, bool]:
    """Train a context network.

    Returns
    -------
    ClassifierNetwork
        Classifier with the context network, or without if that is better.
    bool
        Whether the work was interrupted after there was a result.
    """
    module = copy.deepcopy(network.module)
    assert isinstance(module, PatchClassifier)
    try:
        odds = [patch_log_odds(*pair, network) for pair in zip(fields, candidates, strict=True)]
        fit_context(module, fields, candidates, odds, network.card.particle_px, recipe, job)
        card = network.card.model_copy(update={"context": True})
        with_context = replace(network, module=module, card=card)
        return (with_context if best.improves(with_context) else network), False
    except (Cancelled, KeyboardInterrupt):
        if not best.found_something:
            raise
        return network, True


def _label(
    fields: Sequence[Field], detector: DetectorNetwork, recipe: ClassifierRecipe, job: Job
) -> list[LabelledCandidates]:
    """Detect and label the candidates of fields."""
    sigma, labelled = detector.card.sigma_px, []
    for done, field in enumerate(fields, 1):
        labelled.append(label_candidates(field, detector, sigma, recipe.least_height))
        job.advance(done, len(fields), "finding candidates")
    return labelled
