"""The result of a training run, and its file, which replaces only worse weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.picking.networks.card import AnyCard, DetectorNetwork
from napari_drpnet.picking.networks.weights import read_card, save_network
from napari_drpnet.training.common.recipe import AnyRecipe

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Trained:
    """Result of a training run.

    Parameters
    ----------
    state : dict of str to Tensor
        Weights with the best validation score of the run.
    card : DetectorCard, SegmenterCard or ClassifierCard
        Card of the weights, with the recipe and the validation score.
    recipe : DetectorRecipe, SegmenterRecipe or ClassifierRecipe
        Recipe of the training.
    interrupted : bool
        Whether the run was cancelled before its end.
    """

    state: "dict[str, Tensor]"
    card: AnyCard
    recipe: AnyRecipe
    interrupted: bool

    @property
    def score(self) -> float:
        """Validation score: mean IoU of the classes of a segmenter.

        Of others the mean F1, minus a small penalty for each false pick on empty fields.
        """
        return float(self.card.recipe["validation_score"])


class NotBetterError(Exception):
    """Error if new weights are not better than those that they would replace or started from."""


def require_detector(network: DetectorNetwork) -> None:
    """Check that a detector is no segmenter: training needs one that draws a distance map.

    Raises
    ------
    InputFileError
        If the weights are those of a segmenter, which `load_detector` loads too.
    """
    kind = network.card.kind
    if kind != "detector":
        raise InputFileError(network.name, f"these are {kind} weights", "Give detector weights")


def recipe_file(weights: Path) -> Path:
    """Return the path of the recipe beside a weights file."""
    return weights.with_suffix(".recipe.json")


def check_target(path: Path, kind: str, overwrite: bool) -> None:
    """Check before a training that `save_trained` can save its result.

    Parameters
    ----------
    path : path
        Weights file to be written.
    kind : {'detector', 'segmenter', 'classifier'}
        Kind of the new weights.
    overwrite : bool
        Whether an existing file may be replaced whatever it is.

    Raises
    ------
    InputFileError
        If the file exists and is not a weights file of this kind with a validation score.
    """
    if path.exists() and not overwrite:
        card = read_card(path)
        if card.kind != kind:
            raise InputFileError(path, f"these are {card.kind} weights", "Choose another name")
        if "validation_score" not in card.recipe:
            raise InputFileError(
                path, "it has no score to compare with", "Choose another name, or overwrite it"
            )


def save_trained(trained: Trained, path: Path, overwrite: bool = False) -> None:
    """Write weights with their card, and the recipe beside them as ``.recipe.json``.

    Parameters
    ----------
    trained : Trained
        Result of a training run.
    path : path
        Weights file ``.safetensors``; its folder is created.
    overwrite : bool
        Whether existing weights are replaced whatever their score.

    Raises
    ------
    InputFileError
        If the file exists and its score cannot be compared; see `check_target`.
    NotBetterError
        If the score of existing weights is as good or better.
    """
    check_target(path, trained.card.kind, overwrite)
    if path.exists() and not overwrite:
        score = float(read_card(path).recipe["validation_score"])
        if trained.score <= score:
            raise NotBetterError(
                f"{path} stays as it is: its score on validation is {score:.4f}, "
                f"that of the new weights {trained.score:.4f}"
            )
    save_network(path, trained.state, trained.card)
    with atomic_file(recipe_file(path)) as temporary:
        content = trained.recipe.model_dump_json(indent=2)
        temporary.write_text(f"{content}\n", encoding="utf-8")
