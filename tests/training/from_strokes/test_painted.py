"""Windows of painted micrographs: what they show, and what counts in them."""

import numpy as np
import pytest
import torch

from napari_drpnet.base.segmentation import BACKGROUND, ICE, PARTICLE, UNKNOWN
from napari_drpnet.picking.networks.build import SEGMENTERS
from napari_drpnet.training.from_strokes.painted import (
    Features,
    PaintedImage,
    TrainingImage,
    class_shares,
    class_trust,
)

SHAPE = (100, 84)


@pytest.fixture(scope="module", params=["frrn-small", "multiscale"])
def module(request):
    torch.manual_seed(0)
    return SEGMENTERS[request.param](2, 4).eval()


@pytest.fixture
def inputs():
    return np.random.default_rng(0).normal(0, 1, (2, *SHAPE)).astype(np.float32)


def dots(*places):
    """Return strokes of single pixels, each given by row, column and class."""
    strokes = np.zeros(SHAPE, np.uint8)
    for row, column, number in places:
        strokes[row, column] = number
    return strokes


def test_features_and_scores_are_the_network(module, inputs):
    seen = Features.of(inputs, None, module)
    with torch.no_grad():
        whole = module(torch.from_numpy(inputs)[None]).softmax(dim=1)
    assert torch.allclose(seen.old[..., : SHAPE[0], : SHAPE[1]], whole, atol=1e-6)
    assert np.array_equal(seen.classify(module, SHAPE), seen.old_classes(SHAPE))


def test_blank_and_padded_pixels_are_not_kept(module, inputs):
    valid = np.ones(SHAPE, bool)
    valid[:10] = False
    seen = Features.of(inputs, valid, module)
    assert seen.kept.shape == (104, 88)
    assert seen.kept.sum() == valid.sum()


def test_a_window_has_the_parts_of_one_place(module, inputs):
    """Scores of the features of a window, away from its edges, are those of the micrograph."""
    strokes = dots((50, 40, ICE))
    image = TrainingImage.of(Features.of(inputs, None, module), module.stride, strokes)
    window = image.window(64, np.random.default_rng(1))
    with torch.no_grad():
        again = module.scores(window.features).softmax(dim=1)
    middle = slice(30, 34)
    assert torch.allclose(again[..., middle, middle], window.old[..., middle, middle], atol=1e-4)
    assert int((window.classes == ICE).sum()) == 1
    assert not bool((window.kept & (window.classes != UNKNOWN)).any())


def test_pixels_near_a_cut_edge_do_not_count_but_those_of_the_micrograph_do(module, inputs):
    image = TrainingImage.of(Features.of(inputs, None, module), module.stride)
    rng = np.random.default_rng(0)
    seen = np.zeros(4, bool)
    for _ in range(40):
        kept = image.window(64, rng).kept[0].numpy()
        edges = (kept[0].any(), kept[-1].any(), kept[:, 0].any(), kept[:, -1].any())
        seen |= edges
        assert kept[32, 32]
        assert not all(edges)
    assert seen[0]
    assert seen[2]


def test_all_painted_classes_are_drawn_equally_often(module):
    inputs = np.zeros((2, 64, 240), np.float32)
    strokes = np.zeros(inputs.shape[1:], np.uint8)
    strokes[30, 20], strokes[10:50, 200] = ICE, BACKGROUND
    image = TrainingImage.of(Features.of(inputs, None, module), module.stride, strokes)
    rng = np.random.default_rng(0)
    shown = [bool((image.window(64, rng).classes == ICE).any()) for _ in range(60)]
    assert 0.25 < np.mean(shown) < 0.75


def test_weights_of_classes_follow_their_area(module, inputs):
    seen = Features.of(inputs, None, module)
    image = PaintedImage(inputs, dots((5, 5, BACKGROUND), (20, 20, PARTICLE)))
    equal = class_shares([image], [seen], 0.0)
    assert equal.tolist() == [0.5, 0.5, 0, 0]
    shares = seen.share[:2].clip(0.03)
    assert class_shares([image], [seen], 1.0)[:2] == pytest.approx(shares / shares.sum())


def test_classes_that_strokes_contradict_are_not_trusted(module):
    inputs = np.zeros((2, 64, 64), np.float32)
    seen = Features.of(inputs, None, module)
    found = seen.old_classes((64, 64))
    number = int(found[32, 32])
    other = number % 4 + 1
    strokes = np.zeros((64, 64), np.uint8)
    strokes[found == number] = other

    def trust(strokes):
        return class_trust([TrainingImage.of(seen, module.stride, strokes)])[number - 1]

    assert trust(strokes) == 0
    assert trust(np.where(strokes > 0, np.uint8(number), 0)) == 1
    assert trust(np.zeros_like(strokes)) == 1
    half = np.where(np.arange(64) % 2, strokes, np.where(strokes > 0, np.uint8(number), 0))
    assert trust(half) == pytest.approx(0.5, abs=0.01)
