"""Training a segmenter on strokes: what it learns, what it leaves, and its report."""

import numpy as np
import pytest
import torch

from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.base.segmentation import BACKGROUND, CARBON, ICE, PARTICLE, UNKNOWN
from napari_drpnet.picking.networks.build import SEGMENTERS
from napari_drpnet.picking.networks.card import Network, SegmenterCard
from napari_drpnet.picking.segmentation.segment import class_probabilities
from napari_drpnet.training.from_strokes.cards import tuned_card
from napari_drpnet.training.from_strokes.painted import PaintedImage
from napari_drpnet.training.from_strokes.recipe import StrokeRecipe
from napari_drpnet.training.from_strokes.tune import split_strokes, tune_segmenter

RECIPE = StrokeRecipe(penalty=0.01)


def make_segmenter(architecture="frrn-small"):
    """Return a segmenter with random weights whose probabilities depend on its input."""
    torch.manual_seed(3)
    module = SEGMENTERS[architecture](2, 4).eval()
    card = SegmenterCard(architecture=architecture, particle_px=11, licence="", trained_on="chance")
    return Network(module, card, "toy", "0" * 64)


@pytest.fixture(scope="module")
def segmenter():
    return make_segmenter()


def make_image(seed, shape=(80, 96)):
    """Return channels with bright discs on noise, and the class map: discs are ice."""
    rng = np.random.default_rng(seed)
    view = rng.normal(0, 0.3, shape).astype(np.float32)
    classes = np.full(shape, BACKGROUND, np.uint8)
    y, x = np.ogrid[: shape[0], : shape[1]]
    for middle in rng.uniform(8, np.array(shape) - 8, (8, 2)):
        disc = np.hypot(y - middle[0], x - middle[1]) < 6
        view[disc] += 2
        classes[disc] = ICE
    return np.stack([view, view / 2]), classes


def paint(seed):
    """Return an image with strokes on every second column, and its class map."""
    inputs, classes = make_image(seed)
    strokes = np.where(np.arange(classes.shape[1]) % 8 < 2, classes, np.uint8(UNKNOWN))
    return PaintedImage(inputs, strokes), classes


def accuracy(segmenter, state, image, classes):
    trained = make_segmenter(segmenter.card.architecture)
    trained.module.load_state_dict(state)
    found = class_probabilities(image.inputs, trained).argmax(axis=0) + 1
    return np.mean(found == classes)


@pytest.mark.parametrize("architecture", ["frrn-small", "multiscale"])
def test_strokes_teach_the_classes_of_other_micrographs(architecture):
    segmenter = make_segmenter(architecture)
    tuned = tune_segmenter(segmenter, [paint(0)[0], paint(1)[0]], RECIPE)
    other, classes = paint(2)
    before = accuracy(segmenter, segmenter.module.state_dict(), other, classes)
    after = accuracy(segmenter, tuned.state, other, classes)
    assert after > 0.9
    assert 1 - after < 0.5 * (1 - before)
    assert tuned.improved
    assert tuned.after.mean_iou > tuned.before.mean_iou


@pytest.mark.parametrize(
    ("architecture", "last"), [("frrn-small", "head.1"), ("multiscale", "out")]
)
def test_only_the_last_layer_changes_and_the_segmenter_does_not(architecture, last):
    segmenter = make_segmenter(architecture)
    before = {name: tensor.clone() for name, tensor in segmenter.module.state_dict().items()}
    tuned = tune_segmenter(segmenter, [paint(0)[0]], RECIPE)
    now = segmenter.module.state_dict()
    assert all(torch.equal(now[name], tensor) for name, tensor in before.items())
    changed = {name for name, tensor in tuned.state.items() if not torch.equal(tensor, now[name])}
    assert changed == {f"{last}.weight", f"{last}.bias"}
    assert all(tuned.state[name].dtype == tensor.dtype for name, tensor in now.items())


def test_the_same_strokes_give_the_same_weights(segmenter):
    one, two = (tune_segmenter(segmenter, [paint(0)[0]], RECIPE).state for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)


def moved(segmenter, painted, penalty):
    """Return how far probabilities of another micrograph move when strokes call discs carbon."""
    recipe = RECIPE.model_copy(update={"penalty": penalty})
    trained = make_segmenter()
    trained.module.load_state_dict(tune_segmenter(segmenter, painted, recipe).state)
    inputs, _ = make_image(5)
    old = class_probabilities(inputs, segmenter)
    return np.abs(class_probabilities(inputs, trained) - old).mean()


def test_the_penalty_keeps_what_was_known_and_more_micrographs_count_more(segmenter):
    contrary = []
    for seed in range(3):
        image, _ = paint(seed)
        wrong = np.where(image.strokes == ICE, np.uint8(CARBON), image.strokes)
        contrary.append(PaintedImage(image.inputs, wrong))
    assert moved(segmenter, contrary[:1], 1000.0) < 0.01
    few, many = (moved(segmenter, contrary[:count], 3.0) for count in (1, 3))
    assert 0.01 < few < many


def test_strokes_that_contradict_each_other_are_no_improvement(segmenter):
    image, _ = paint(1)
    wrong = np.where(image.strokes == ICE, np.uint8(PARTICLE), image.strokes)
    tuned = tune_segmenter(segmenter, [paint(0)[0], PaintedImage(image.inputs, wrong)], RECIPE)
    assert not tuned.improved


def test_a_single_stroke_of_each_class_is_not_held_out(segmenter):
    image, _ = paint(0)
    strokes = np.zeros_like(image.strokes)
    strokes[:, :2], strokes[:, 40:42] = BACKGROUND, ICE
    tuned = tune_segmenter(segmenter, [PaintedImage(image.inputs, strokes)], RECIPE)
    assert set(tuned.state) == set(segmenter.module.state_dict())


def test_strokes_are_held_out_by_micrograph():
    painted = [paint(seed)[0] for seed in range(3)]
    parts = split_strokes(painted, 0)
    assert len(parts) == 2
    for image, first, second in zip(painted, *parts, strict=True):
        assert np.array_equal(first | second, image.painted)
        assert not first.any() or not second.any()
    assert all(any(mask.any() for mask in part) for part in parts)


def test_strokes_of_a_single_micrograph_are_held_out_one_by_one():
    image, _ = paint(0)
    first, second = (part[0] for part in split_strokes([image], 0))
    assert not (first & second).any()
    assert np.array_equal(first | second, image.painted)
    assert first.any()
    assert second.any()


def test_strokes_of_one_class_are_refused(segmenter):
    image, _ = paint(0)
    only = np.where(image.strokes == ICE, image.strokes, np.uint8(UNKNOWN))
    with pytest.raises(ValueError, match="at least 2 classes"):
        tune_segmenter(segmenter, [PaintedImage(image.inputs, only)], RECIPE)


def test_training_can_be_cancelled(segmenter):
    class Stop:
        def advance(self, done, total, stage):
            if stage == "training" and done == 1:
                raise Cancelled

    with pytest.raises(Cancelled):
        tune_segmenter(segmenter, [paint(0)[0]], RECIPE, job=Stop())


def test_the_card_tells_the_origin_and_keeps_the_recommended_values(segmenter):
    tuned = tune_segmenter(segmenter, [paint(0)[0]], RECIPE)
    card = tuned_card(segmenter, tuned, RECIPE, 1)
    assert card.trained_on == "chance; then strokes on 1 micrograph"
    assert card.recipe["penalty"] == 0.01
    assert set(card.recipe["after"]) == {"background", "ice"}
    assert card.recipe["parent_sha256"] == segmenter.sha256
    assert card.dirt_probability == segmenter.card.dirt_probability
