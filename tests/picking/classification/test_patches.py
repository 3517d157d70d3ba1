import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.picking.classification.patches import (
    extract_patches,
    log_odds_of_context,
    log_odds_of_patches,
)
from napari_drpnet.picking.networks.card import ClassifierCard, Network
from napari_drpnet.picking.networks.neighbours import describe_context
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier

IMAGE = np.arange(30 * 50, dtype=np.float32).reshape(30, 50)


@pytest.fixture(scope="module")
def classifier():
    torch.manual_seed(0)
    card = ClassifierCard(particle_px=11.0, patch_px=40, licence="none", trained_on="nothing")
    return Network(PatchClassifier(40).eval(), card, "test", "")


def noise(count, seed=0):
    return np.random.default_rng(seed).standard_normal((count, 40, 40)).astype(np.float32)


@pytest.mark.parametrize("side", [6, 7])
def test_patches_are_cut_around_the_nearest_pixel(side):
    patches = extract_patches(IMAGE, [[12.4, 20.6], [15, 30]], side)
    assert patches.shape == (2, side, side)
    half = side // 2
    assert_array_equal(patches[0], IMAGE[12 - half :, 21 - half :][:side, :side])
    assert patches[1, half, half] == IMAGE[15, 30]


def test_patches_are_mirrored_beyond_the_edges():
    patches = extract_patches(IMAGE, [[0, 0], [29, 49]], 8)
    mirrored = np.pad(IMAGE, 8, mode="symmetric")
    assert_array_equal(patches[0], mirrored[4:12, 4:12])
    assert_array_equal(patches[1], mirrored[33:41, 53:61])


def test_centres_outside_are_moved_to_the_edge():
    outside = extract_patches(IMAGE, [[-0.5, -0.5], [29.5, 80]], 8)
    assert_array_equal(outside, extract_patches(IMAGE, [[0, 0], [29, 49]], 8))


def test_patches_larger_than_the_image():
    patch = extract_patches(IMAGE, [[15, 25]], 100)[0]
    assert_array_equal(patch, np.pad(IMAGE, 100, mode="symmetric")[65:165, 75:175])


def test_the_dtype_is_kept():
    assert extract_patches(IMAGE.astype(np.float16), [[1, 1]], 4).dtype == np.float16


def test_no_centres():
    assert extract_patches(IMAGE, np.zeros((0, 2)), 8).shape == (0, 8, 8)
    assert extract_patches(IMAGE, [], 8).shape == (0, 8, 8)


def test_log_odds_are_the_difference_of_the_logits(classifier):
    patches = 5 * noise(300)
    odds = log_odds_of_patches(patches, classifier)
    assert odds.shape == (300,)
    assert odds.dtype == np.float32
    with torch.inference_mode():
        logits = classifier.module(torch.from_numpy(patches[:7, None])).double().numpy()
    assert_allclose(odds[:7], logits[:, 1] - logits[:, 0], atol=1e-5)


def test_a_patch_is_judged_alone(classifier):
    patches = noise(5)
    alone = [log_odds_of_patches(patch[None], classifier)[0] for patch in patches]
    assert_allclose(log_odds_of_patches(patches, classifier), alone, atol=1e-6)


def test_no_patches(classifier):
    assert log_odds_of_patches(noise(0), classifier).shape == (0,)


def test_batches_are_reported_and_can_be_cancelled(classifier):
    reports = []

    class Impatient:
        def advance(self, done, total, stage):
            reports.append((done, total, stage))
            if done >= 128:
                raise Cancelled

    with pytest.raises(Cancelled):
        log_odds_of_patches(noise(600), classifier, Impatient())
    assert reports == [(64, 600, "classifier"), (128, 600, "classifier")]


def test_what_knows_patches_only_has_no_opinion_on_contexts(classifier):
    centers, height = np.array([[50.0, 50.0], [80.0, 90.0]]), np.array([0.9, 0.4])
    assert_array_equal(log_odds_of_context(centers, height, (200, 200), 11.0, classifier), 0)


def test_contexts_are_weighed_by_the_net_that_was_trained_for_them(classifier):
    card = classifier.card.model_copy(update={"context": True})
    module = PatchClassifier(40, with_context=True).eval()
    aware = Network(module, card, "test", "")
    centers, height = np.array([[50.0, 50.0], [80.0, 90.0]]), np.array([0.9, 0.4])
    odds = log_odds_of_context(centers, height, (200, 200), 11.0, aware)
    rows = describe_context(centers, height, (200, 200), 11.0).astype(np.float32)
    with torch.inference_mode():
        assert_array_equal(odds, module.context(torch.from_numpy(rows)).numpy())
    assert odds[0] != odds[1]
    nobody = log_odds_of_context(np.empty((0, 2)), np.empty(0), (200, 200), 11.0, aware)
    assert nobody.shape == (0,)
