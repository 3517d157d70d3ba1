"""A classifier learns what the candidates around one say."""

import numpy as np
import pytest
import torch
from scipy.special import expit

from napari_drpnet.base.jobs import Cancelled, SilentJob
from napari_drpnet.picking.classification.patches import log_odds_of_context
from napari_drpnet.picking.networks.card import ClassifierCard, Network
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.labels import LabelledCandidates
from napari_drpnet.training.common.recipe import ClassifierRecipe
from napari_drpnet.training.from_truth.fit_neighbours import fit_context

PARTICLE_PX, SHAPE, COUNT = 11.0, (150, 150), 20
RECIPE = ClassifierRecipe(context_epochs=60)


@pytest.fixture
def lessons():
    """Fields where half are full of particles and half are empty, with like heights and patches.

    Only the company that a candidate keeps tells a particle.
    """
    rng = np.random.default_rng(0)
    fields, found, odds = [], [], []
    for number in range(40):
        full = number % 2 == 0
        centers = rng.uniform(10, 140, (COUNT, 2))
        height = rng.uniform(0.3, 0.5, COUNT)
        height[1:] = height[1:] if full else 0.1
        fields.append(Field(np.zeros(SHAPE, np.float16), centers if full else np.empty((0, 2))))
        right = np.full(COUNT, full)
        found.append(LabelledCandidates(centers, height, right, COUNT if full else 0))
        odds.append(np.zeros(COUNT, np.float32))
    return fields, found, odds


@pytest.fixture
def classifier():
    torch.manual_seed(0)
    card = ClassifierCard(particle_px=PARTICLE_PX, patch_px=40, licence="none", trained_on="none")
    return Network(PatchClassifier(40).eval(), card, "test", "")


def test_company_tells_a_particle(lessons, classifier):
    fit_context(classifier.module, *lessons, PARTICLE_PX, RECIPE, SilentJob())
    assert not classifier.module.training
    assert not classifier.module.context.training
    for field, found in zip(*lessons[:2], strict=True):
        odds = log_odds_of_context(found.centers_yx, found.height, SHAPE, PARTICLE_PX, classifier)
        first = expit(odds)[0]  # as high in both kinds of field
        assert first > 0.8 if len(field.centers_yx) else first < 0.2


def test_patches_weigh_what_the_recipe_says(lessons, classifier):
    last = classifier.module.head[-1]
    weight, bias = last.weight.detach().clone(), last.bias.detach().clone()
    recipe = RECIPE.model_copy(update={"patch_weight": 0.25})
    fit_context(classifier.module, *lessons, PARTICLE_PX, recipe, SilentJob())
    assert torch.equal(last.weight, 0.25 * weight)
    assert torch.equal(last.bias, 0.25 * bias)


def test_a_cancelled_lesson_leaves_the_classifier_as_it_was(lessons, classifier):
    before = {name: tensor.clone() for name, tensor in classifier.module.state_dict().items()}

    class Impatient:
        def advance(self, done, total, stage):
            raise Cancelled

    with pytest.raises(Cancelled):
        fit_context(classifier.module, *lessons, PARTICLE_PX, RECIPE, Impatient())
    after = classifier.module.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_the_same_seed_gives_the_same_weights(lessons):
    states = []
    for _ in range(2):
        torch.manual_seed(0)
        module = PatchClassifier(40).eval()
        fit_context(module, *lessons, PARTICLE_PX, RECIPE, SilentJob())
        states.append(module.context.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
