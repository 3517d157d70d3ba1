"""Weights are replaced only by better ones."""

import pytest
import torch

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.picking.networks.card import DetectorCard
from napari_drpnet.picking.networks.fcrn import FCRN
from napari_drpnet.picking.networks.weights import read_card, save_network
from napari_drpnet.training.common.recipe import DetectorRecipe
from napari_drpnet.training.common.trained import (
    NotBetterError,
    Trained,
    check_target,
    save_trained,
)


def trained(score):
    torch.manual_seed(0)
    card = DetectorCard(
        particle_px=11,
        licence="none",
        trained_on="nothing",
        recipe={} if score is None else {"validation_score": score},
    )
    return Trained(FCRN().state_dict(), card, DetectorRecipe(steps=7), False)


def score_of(path):
    return read_card(path).recipe["validation_score"]


def test_only_better_weights_replace(tmp_path):
    path = tmp_path / "mine.safetensors"
    save_trained(trained(0.5), path)
    before = path.read_bytes()
    for score in (0.4, 0.5):
        with pytest.raises(NotBetterError, match=r"mine.safetensors stays .* 0.5000, .* 0.[45]000"):
            save_trained(trained(score), path)
    assert path.read_bytes() == before
    save_trained(trained(0.6), path)
    assert score_of(path) == 0.6
    save_trained(trained(0.1), path, overwrite=True)
    assert score_of(path) == 0.1
    names = {"mine.recipe.json", "mine.safetensors", "mine.safetensors.sha256"}
    assert {file.name for file in tmp_path.iterdir()} == names


def test_what_cannot_be_compared_is_refused_before_the_work(tmp_path):
    path = tmp_path / "mine.safetensors"
    check_target(path, "detector", overwrite=False)
    save_network(path, trained(None).state, trained(None).card)
    with pytest.raises(InputFileError, match="no score to compare with"):
        check_target(path, "detector", overwrite=False)
    check_target(path, "detector", overwrite=True)
    save_trained(trained(0.5), path, overwrite=True)
    with pytest.raises(InputFileError, match="these are detector weights"):
        check_target(path, "classifier", overwrite=False)
    path.write_text("no weights")
    with pytest.raises(InputFileError, match="not a napari-drpnet weights file"):
        check_target(path, "detector", overwrite=False)
