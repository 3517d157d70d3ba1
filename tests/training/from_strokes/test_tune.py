"""Training a segmenter on strokes: what it learns, what it keeps, and its report."""

import numpy as np
import pytest
import torch

from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.base.segmentation import BACKGROUND, CARBON, ICE, PARTICLE, UNKNOWN
from napari_drpnet.picking.networks.build import SEGMENTERS
from napari_drpnet.picking.networks.card import Network, SegmenterCard
from napari_drpnet.picking.segmentation.segment import class_probabilities
from napari_drpnet.training.common.class_fields import ClassField
from napari_drpnet.training.from_strokes.cards import tuned_card
from napari_drpnet.training.from_strokes.painted import PaintedImage
from napari_drpnet.training.from_strokes.recipe import StrokeRecipe
from napari_drpnet.training.from_strokes.tune import split_strokes, tune_segmenter

RECIPE = StrokeRecipe(steps=30, window_px=64, learning_rate=3e-3, simulated=0)
NOWHERE = np.empty((0, 2))


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


def as_field(seed):
    inputs, classes = make_image(seed)
    return ClassField(inputs.astype(np.float16), classes, NOWHERE, NOWHERE)


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
    assert tuned.step == 1


def test_only_the_last_layers_change_and_the_segmenter_does_not(segmenter):
    before = {name: tensor.clone() for name, tensor in segmenter.module.state_dict().items()}
    tuned = tune_segmenter(segmenter, [paint(0)[0]], RECIPE)
    now = segmenter.module.state_dict()
    assert all(torch.equal(now[name], tensor) for name, tensor in before.items())
    changed = {name for name, tensor in tuned.state.items() if not torch.equal(tensor, now[name])}
    assert changed
    assert all(name.startswith(("stages.6", "stages.7", "head")) for name in changed)
    assert not any("running" in name for name in changed)


def test_the_same_strokes_give_the_same_weights(segmenter):
    recipe = RECIPE.model_copy(update={"steps": 3})
    one, two = (tune_segmenter(segmenter, [paint(0)[0]], recipe).state for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_simulated_micrographs_keep_their_probabilities(segmenter):
    """Strokes say that discs are carbon; on the replayed micrograph they stay as they are."""
    image, _ = paint(0)
    wrong = np.where(image.strokes == ICE, np.uint8(CARBON), image.strokes)
    contrary, field = PaintedImage(image.inputs, wrong), as_field(5)
    inputs = field.inputs.astype(np.float32)
    old = class_probabilities(inputs, segmenter)

    def moved(replay, weight):
        recipe = RECIPE.model_copy(update={"replay_weight": weight})
        tuned = tune_segmenter(segmenter, [contrary], recipe, replay)
        trained = make_segmenter()
        trained.module.load_state_dict(tuned.state)
        return np.abs(class_probabilities(inputs, trained) - old).mean()

    assert moved([field], 100.0) < 0.5 * moved([], 0.0)


def test_the_step_is_shorter_if_known_classes_would_get_worse(segmenter):
    """First the segmenter learns discs, then strokes contradict what it knows."""
    taught = make_segmenter()
    taught.module.load_state_dict(tune_segmenter(segmenter, [paint(0)[0]], RECIPE).state)
    image, _ = paint(1)
    contrary = PaintedImage(
        image.inputs, np.where(image.strokes == ICE, np.uint8(PARTICLE), image.strokes)
    )
    recipe = RECIPE.model_copy(update={"replay_weight": 0.0, "learning_rate": 0.02})
    tuned = tune_segmenter(taught, [contrary], recipe, [as_field(5)])
    assert tuned.step < 1
    assert not tuned.improved


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


def test_training_can_be_cancelled_between_batches(segmenter):
    class Stop:
        def advance(self, done, total, stage):
            if stage == "training" and done == 4:
                raise Cancelled

    with pytest.raises(Cancelled):
        tune_segmenter(segmenter, [paint(0)[0]], RECIPE, job=Stop())


def test_the_card_tells_the_origin_and_keeps_the_recommended_values(segmenter):
    recipe = RECIPE.model_copy(update={"steps": 2})
    tuned = tune_segmenter(segmenter, [paint(0)[0]], recipe)
    card = tuned_card(segmenter, tuned, recipe, 1)
    assert card.trained_on == "chance; then strokes on 1 micrograph"
    assert card.recipe["steps"] == 2
    assert set(card.recipe["after"]) == {"background", "ice"}
    assert card.recipe["parent_sha256"] == segmenter.sha256
    assert card.dirt_probability == segmenter.card.dirt_probability
