"""What came of a training run, and how it becomes a file that replaces nothing better."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.picking.networks.card import AnyCard
from napari_drpnet.picking.networks.weights import read_card, save_network
from napari_drpnet.training.common.recipe import ClassifierRecipe, DetectorRecipe

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Trained:
    """What came of a training run.

    Parameters
    ----------
    state : dict of Tensor
        The best weights of the run, by their score.
    card : AnyCard
        With the recipe and the score in it.
    recipe : DetectorRecipe or ClassifierRecipe
        As it was given.
    interrupted : bool
        Whether the run was cancelled before its end.
    """

    state: "dict[str, Tensor]"
    card: AnyCard
    recipe: DetectorRecipe | ClassifierRecipe
    interrupted: bool

    @property
    def score(self) -> float:
        """On the fields that judge: the mean F1, less a little for false picks on empty ones."""
        return float(self.card.recipe["validation_score"])


class NotBetterError(Exception):
    """Weights were not saved, since those of the same name are as good or better."""


def recipe_file(weights: Path) -> Path:
    """Return where the recipe of weights stands."""
    return weights.with_suffix(".recipe.json")


def check_target(path: Path, kind: str, overwrite: bool) -> None:
    """Complain before the work of training if `save_trained` could not save its result.

    Raises
    ------
    InputFileError
        When the file is there, and is something else than weights of this kind with a score.
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
        From `train_detector` or `train_classifier`.
    path : path
        A ``.safetensors`` file; the folder is made.
    overwrite : bool
        Replace weights that are there, however good they are.

    Raises
    ------
    NotBetterError
        When weights are there whose score is as good.
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
