"""The recipe of the shipped weights, from structures to two safetensors files."""

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from napari_drpnet.classify import classify_patches
from napari_drpnet.errors import InputFileError
from napari_drpnet.networks.classifier import PatchClassifier
from napari_drpnet.networks.fcrn import FCRN
from napari_drpnet.networks.weights import Network, WeightsCard, load_network, save_network
from napari_drpnet.precision_recall import Tally
from napari_drpnet.simulate import Structure, read_structure
from napari_drpnet.training.fields import Field, random_fields
from napari_drpnet.training.fit import (
    ClassifierRecipe,
    DetectorRecipe,
    Report,
    fit_classifier,
    fit_detector,
)
from napari_drpnet.training.labels import LabelledCandidates, cut_patches, label_candidates

#: PDB entries. Other structures, on which docs/accuracy.md scores, are never trained on.
TRAINING = ("1bxn", "1u6g", "2cg9", "3d2f", "3ipm", "4cr2", "6rd4")
VALIDATION = ("5gjv", "6utj")
_VALIDATION_SEED = 10_000_000
_LICENCE = "BSD-3-Clause"
_SIGMAS_PX = (0.0, 0.7, 1.0, 1.5)
#: What a false pick on an empty micrograph costs, in F1 of a micrograph with particles.
_FALSE_PICK_COST = 0.002

Floats = NDArray[np.float64]
Listener = Callable[[str], None]


def train_weights(
    structures: Path,
    folder: Path,
    detector_recipe: DetectorRecipe,
    classifier_recipe: ClassifierRecipe,
    validation_fields: int = 150,
    workers: int = 2,
    tell: Listener = print,
) -> None:
    """Train detector and classifier on simulated fields, and write them to a folder.

    Parameters
    ----------
    structures : path
        Folder with files of the PDB entries `TRAINING` and `VALIDATION`, of any kind that
        `read_structure` reads.
    folder : path
        Gets ``detector-default.safetensors`` and ``classifier-default.safetensors``.
    detector_recipe : DetectorRecipe
        Of the detector, and of the fields for both.
    classifier_recipe : ClassifierRecipe
        Of the classifier.
    validation_fields : int
        Simulated micrographs of other structures, to choose sigma, threshold and accept.
    workers : int
        Processes that simulate.
    tell : callable
        Takes a line of text about progress.
    """
    make = partial(_simulate, particle_px=detector_recipe.particle_px, workers=workers)
    fields = make(
        _find_structures(structures, TRAINING),
        range(
            detector_recipe.seed * 100_000, detector_recipe.seed * 100_000 + detector_recipe.fields
        ),
        looks=detector_recipe.looks,
    )
    unseen = make(
        _find_structures(structures, VALIDATION),
        range(_VALIDATION_SEED, _VALIDATION_SEED + validation_fields),
        looks=1,
    )
    tell(f"{len(fields)} training fields, {len(unseen)} validation fields")
    detector = train_detector(fields, unseen, detector_recipe, folder, tell)
    train_classifier(fields, unseen, detector, classifier_recipe, folder, tell)


def train_detector(
    fields: Sequence[Field],
    unseen: Sequence[Field],
    recipe: DetectorRecipe,
    folder: Path,
    tell: Listener,
) -> Network:
    """Fit a detector, choose its sigma and threshold on unseen fields, save and load it."""
    torch.manual_seed(recipe.seed)
    module = FCRN()
    _follow(fit_detector(module, fields, recipe), tell)
    card = WeightsCard(
        kind="detector",
        particle_px=recipe.particle_px,
        licence=_LICENCE,
        trained_on=f"simulated micrographs of {', '.join(TRAINING)} and analytic shapes",
    )
    trained = Network(module, card, "in training", "")
    trials = []
    for sigma in _SIGMAS_PX:
        judged = [label_candidates(field, trained, sigma) for field in unseen]
        threshold, f1 = choose_threshold(judged)
        trials.append((f1, sigma, threshold))
        tell(f"sigma {sigma}: threshold {threshold:.2f}, score on validation {f1:.4f}")
    f1, sigma, threshold = max(trials)
    card = card.model_copy(
        update={
            "sigma_px": sigma,
            "threshold": threshold,
            "recipe": {**recipe.model_dump(), "validation_score": round(f1, 4)},
        }
    )
    path = folder / "detector-default.safetensors"
    save_network(path, module.state_dict(), card)
    return load_network(str(path), "detector")


def train_classifier(
    fields: Sequence[Field],
    unseen: Sequence[Field],
    detector: Network,
    recipe: ClassifierRecipe,
    folder: Path,
    tell: Listener,
) -> Network:
    """Fit a classifier to the detector's candidates, choose its accept on unseen fields."""
    card = detector.card
    label = partial(
        label_candidates,
        detector=detector,
        sigma_px=card.sigma_px,
        least_height=recipe.least_height,
    )
    fields = fields[:: max(1, len(fields) // recipe.fields)]
    torch.manual_seed(recipe.seed)
    module = PatchClassifier(recipe.patch_px)
    examples = cut_patches(fields, [label(field) for field in fields], recipe.patch_px)
    tell(f"{len(examples.labels)} patches, {examples.labels.mean():.0%} of them particles")
    _follow(fit_classifier(module, examples, recipe), tell)
    made = WeightsCard(
        kind="classifier",
        particle_px=card.particle_px,
        patch_px=recipe.patch_px,
        licence=_LICENCE,
        trained_on=card.trained_on,
    )
    judged = [label(field) for field in unseen]
    trained = Network(module, made, "in training", "")
    probability = [
        classify_patches(
            cut_patches([field], [found], recipe.patch_px).patches.astype(np.float32), trained
        )
        for field, found in zip(unseen, judged, strict=True)
    ]
    threshold, accept, score = choose_cuts(judged, probability)
    tell(f"threshold {threshold}, accept {accept}, score on validation {score:.4f}")
    path = folder / "classifier-default.safetensors"
    save_network(
        path,
        module.state_dict(),
        made.model_copy(
            update={
                "threshold": threshold,
                "accept": accept,
                "recipe": {**recipe.model_dump(), "validation_score": round(score, 4)},
            }
        ),
    )
    return load_network(str(path), "classifier")


def choose_threshold(judged: Sequence[LabelledCandidates]) -> tuple[float, float]:
    """Return the threshold that serves all fields best without a classifier, and its score.

    The score is the mean F1 of the fields with particles, less a little for each false pick on an
    empty field: the pooled F1 would let crowded fields choose for all.
    """
    certain = [np.ones(len(found.height)) for found in judged]
    threshold, _, score = choose_cuts(judged, certain, accepts=(0.0,))
    return threshold, score


def choose_cuts(
    judged: Sequence[LabelledCandidates],
    probability: Sequence[Floats],
    accepts: Sequence[float] = tuple(np.round(np.arange(0, 1, 0.05), 2)),
) -> tuple[float, float, float]:
    """Return the pair of threshold and accept that serves all fields best, and its score.

    With a classifier the threshold can be lower: it only has to keep the particles.
    """
    thresholds = np.round(np.arange(0.05, 0.95, 0.01), 2)
    score, threshold, accept = max(
        (
            _score(
                judged,
                [
                    (found.height >= threshold) & (p >= accept)
                    for found, p in zip(judged, probability, strict=True)
                ],
            ),
            threshold,
            accept,
        )
        for threshold in thresholds
        for accept in accepts
    )
    return float(threshold), float(accept), score


def f1(found: LabelledCandidates, kept: NDArray[np.bool_]) -> float:
    """Return the F1 of the kept candidates of one field; 1 where there is nothing to find."""
    right = min(int((kept & found.right).sum()), found.particles)
    return Tally(right, int(kept.sum()) - right, found.particles - right).rates.f1


def _score(judged: Sequence[LabelledCandidates], kept: Sequence[NDArray[np.bool_]]) -> float:
    full = [f1(found, rows) for found, rows in zip(judged, kept, strict=True) if found.particles]
    false = [rows.sum() for found, rows in zip(judged, kept, strict=True) if not found.particles]
    return float(np.mean(full) - _FALSE_PICK_COST * (np.mean(false) if false else 0))


def _find_structures(folder: Path, entries: Iterable[str]) -> list[Structure]:
    found = []
    for entry in entries:
        files = [file for file in sorted(folder.iterdir()) if re.search(entry, file.name)]
        if not files:
            raise InputFileError(folder, f"no structure {entry}", "Get it from the PDB")
        found.append(read_structure(files[0]))
    return found


def _simulate(
    structures: list[Structure], seeds: range, looks: int, particle_px: float, workers: int
) -> list[Field]:
    work = partial(random_fields, structures=structures, particle_px=particle_px, looks=looks)
    # Spawned, not forked: torch has threads by now, and those do not survive a fork.
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, context, torch.set_num_threads, (1,)) as pool:
        return [field for batch in pool.map(work, seeds, chunksize=4) for field in batch]


def _follow(reports: Iterable[Report], tell: Listener) -> None:
    for report in reports:
        if report.step % 500 == 0:
            tell(f"step {report.step}: loss {report.loss:.4f}")
