"""Training a detector on labels: improvement, unchanged maps elsewhere, and its report."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.picking.detectors.distance_map import predict_distance_map
from napari_drpnet.picking.networks.card import SegmenterCard
from napari_drpnet.picking.networks.weights import load_classifier, load_detector
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.from_labels import detector as module
from napari_drpnet.training.from_labels.detector import LabelledImage, TuneRecipe, tune_detector

RECIPE = TuneRecipe(steps=16, batch=4, window_px=32, learning_rate=1e-3, replay_fields=0)
NOTHING = np.empty((0, 2))


@pytest.fixture(scope="module")
def detector():
    """Weights that do not depend on which ones are the default."""
    return load_detector("multiscale")


def make_image(seed=0):
    """Return an image of bright discs alternating with equally bright crosses, and both centres."""
    rng = np.random.default_rng(seed)
    image = rng.normal(0, 0.7, size=(130, 170)).astype(np.float32)
    grid = np.argwhere(np.ones((5, 7))) * [24.0, 23.0] + 16
    centers = grid + rng.uniform(-3, 3, grid.shape)
    y, x = np.ogrid[: image.shape[0], : image.shape[1]]
    for number, (cy, cx) in enumerate(centers):
        far, near = np.maximum(abs(y - cy), abs(x - cx)), np.minimum(abs(y - cy), abs(x - cx))
        cross = (far < 6) & (near < 1.6)
        image += 2.5 * np.where(number % 2, cross, np.hypot(y - cy, x - cx) < 5.5)
    return image, centers[::2], centers[1::2]


def take(seed, accepted=6, rejected=6):
    image, discs, crosses = make_image(seed)
    return LabelledImage(image, discs[:accepted], crosses[:rejected])


def finish(training):
    reports = []
    while True:
        try:
            reports.append(next(training))
        except StopIteration as end:
            return reports, end.value


def tune(detector, labelled, recipe=RECIPE, **more):
    return finish(tune_detector(detector, labelled, recipe, **more))[1]


def draw(detector, tuned, image):
    module = copy.deepcopy(detector.module)
    module.load_state_dict(tuned.state)
    return predict_distance_map(image, replace(detector, module=module))


def heights(distance_map, centers):
    y, x = np.round(centers).astype(int).T
    return distance_map[y, x]


def test_what_is_learned_holds_on_another_micrograph(detector):
    image, discs, crosses = make_image(9)
    reports, tuned = finish(tune_detector(detector, [take(1), take(2)], RECIPE))
    assert tuned.improved
    assert tuned.after.log_loss < 0.7 * tuned.before.log_loss
    assert tuned.after.right > tuned.before.right
    assert tuned.after.labels == 24
    assert tuned.threshold == detector.card.threshold
    old, new = predict_distance_map(image, detector), draw(detector, tuned, image)
    contrast = [heights(m, discs).mean() - heights(m, crosses).mean() for m in (old, new)]
    assert contrast[1] > contrast[0] + 0.1
    assert [report.step for report in reports] == list(range(2, 17, 2))
    assert reports[-1].loss < reports[0].loss
    assert reports[-1].held_out_loss == tuned.after.log_loss


def test_the_detector_in_use_and_its_statistics_stay_as_they_are(detector):
    before = copy.deepcopy(detector.module.state_dict())
    tuned = tune(detector, [take(1)])
    for name, tensor in before.items():
        assert torch.equal(detector.module.state_dict()[name], tensor)
        if "running" in name:
            assert torch.equal(tuned.state[name], tensor)
    assert not torch.equal(tuned.state["out.weight"], before["out.weight"])
    assert not detector.module.training


def test_it_is_as_random_as_its_seed(detector):
    recipe = RECIPE.model_copy(update={"steps": 3, "batch": 2})
    same = [tune(detector, [take(1)], recipe) for _ in range(2)]
    other = tune(detector, [take(1)], recipe.model_copy(update={"seed": 2}))
    assert torch.equal(same[0].state["out.weight"], same[1].state["out.weight"])
    assert same[0].after == same[1].after
    assert not torch.equal(same[0].state["out.weight"], other.state["out.weight"])


def test_what_is_unlabelled_changes_less_with_a_greater_weight(detector):
    """A replayed field without labels changes less too."""
    few = [take(1, accepted=0, rejected=4)]
    image, discs, _ = make_image(5)
    old = heights(predict_distance_map(image, detector), discs)

    def moved(weight, **more):
        tuned = tune(detector, few, RECIPE.model_copy(update={"replay_weight": weight}), **more)
        return np.abs(heights(draw(detector, tuned, image), discs) - old).mean()

    light, heavy = moved(0.01), moved(2.0)
    assert heavy < 0.7 * light
    assert moved(2.0, replay=[Field(image.astype(np.float16), NOTHING)]) < light


def test_labels_of_one_kind_suffice(detector):
    tuned = tune(detector, [take(1, rejected=0), take(2, rejected=0)])
    image, discs, _ = make_image(9)
    assert np.isfinite(tuned.after.log_loss)
    assert tuned.after.log_loss <= tuned.before.log_loss
    assert heights(draw(detector, tuned, image), discs).min() > detector.card.threshold


def test_complete_micrographs_need_no_rejections(detector):
    image, discs, crosses = make_image(9)
    labelled = [replace(take(seed, 18, 0), complete=True) for seed in (1, 2)]
    tuned = tune(detector, labelled)
    assert tuned.improved
    assert tuned.before.labels > 36
    new = draw(detector, tuned, image)
    assert (heights(new, crosses) < tuned.threshold).mean() > 0.8
    assert (heights(new, discs) > tuned.threshold).mean() > 0.9


def test_labels_without_sense_are_no_improvement(detector):
    rng = np.random.default_rng(0)

    def senseless(seed):
        image, discs, crosses = make_image(seed)
        both = rng.permutation(np.concatenate([discs, crosses]))[:16]
        return LabelledImage(image, both[:8], both[8:])

    assert not tune(detector, [senseless(1), senseless(2)]).improved


def test_an_unlabelled_micrograph_adds_no_labels(detector):
    bare = take(3, 0, 0)
    assert tune(detector, [take(1), take(2), bare]).after.labels == 24


def test_too_few_labels_are_refused(detector):
    with pytest.raises(ValueError, match="3 labels are too few to learn from"):
        tune(detector, [take(1, 2, 1)])
    with pytest.raises(ValueError, match="0 labels"):
        tune(detector, [])


def test_a_detector_without_a_scale_is_refused(detector):
    card = detector.card.model_copy(update={"map_units": "published"})
    with pytest.raises(ValueError, match="absolute scale"):
        tune(replace(detector, card=card), [take(1)])


def test_it_can_be_cancelled_between_batches(detector):
    class StopAt:
        reported = ()

        def advance(self, done, total, stage):
            if stage == "training":
                self.reported = (*self.reported, (done, total))
                if done == 4:
                    raise Cancelled

    job = StopAt()
    with pytest.raises(Cancelled):
        tune(detector, [take(1)], job=job)
    assert job.reported == tuple((done, 3 * 16) for done in range(1, 5))


@pytest.mark.parametrize("new", [0, 5, 12])
def test_a_detector_with_which_the_classifier_is_worse_is_no_improvement(
    detector, monkeypatch, new
):
    """Each micrograph has 12 labels; the classifier gets 5 right with the old maps."""
    labelled = [take(1), take(2)]
    old_maps = [predict_distance_map(image.image, detector) for image in labelled]

    def find_correct_labels(image, distance_map, *_):
        is_old = any(np.array_equal(distance_map, old_map) for old_map in old_maps)
        return np.arange(12) < (5 if is_old else new)

    monkeypatch.setattr(module, "find_correct_labels", find_correct_labels)
    classifier = load_classifier("multiscale-classifier")
    assert tune(detector, labelled, classifier=classifier).improved == (new >= 5)


def test_a_segmenter_does_not_learn_from_labels_of_particles(detector):
    card = SegmenterCard(particle_px=11.0, licence="", trained_on="")
    with pytest.raises(InputFileError, match="these are segmenter weights"):
        tune(replace(detector, card=card), [take(1)])
