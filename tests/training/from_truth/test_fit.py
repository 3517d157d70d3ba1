import numpy as np
import pytest
import torch
from torch import nn

from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.picking.detectors.distance_map import predict_distance_map
from napari_drpnet.picking.networks.card import DetectorCard, Network
from napari_drpnet.picking.networks.fcrn import FCRN
from napari_drpnet.picking.networks.multiscale import MultiScaleNet
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.labels import LabelledPatches
from napari_drpnet.training.common.recipe import ClassifierRecipe, DetectorRecipe
from napari_drpnet.training.common.targets import distance_target
from napari_drpnet.training.from_truth.fit import fit_classifier, fit_detector

PARTICLE = 9.0
SHAPE = (90, 110)


def field(seed, *, clean=False):
    """Bright cones in noise; or the very target."""
    rng = np.random.default_rng(seed)
    centers = rng.uniform(0, SHAPE, (25, 2))
    image = distance_target(centers, SHAPE, PARTICLE)
    if not clean:
        image = 4 * image + 0.5 * rng.standard_normal(SHAPE)
    return Field(image.astype(np.float16), centers)


def recipe(**changes):
    usual = {"particle_px": PARTICLE, "steps": 40, "batch": 4, "patch_diameters": 4.0}
    return DetectorRecipe.model_validate(usual | changes)


def fresh(kind, *arguments):
    torch.manual_seed(2)
    return kind(*arguments)


def examples(count=200, seed=0):
    """Patches with and without a bright middle."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count).astype(np.int8)
    patches = rng.normal(0, 0.5, (count, 40, 40))
    patches[:, 15:25, 15:25] += 3 * labels[:, None, None]
    return LabelledPatches(patches.astype(np.float16), labels)


class StopAt:
    def __init__(self, step):
        self.step, self.told = step, []

    def advance(self, done, total, stage):
        self.told.append((done, total, stage))
        if done == self.step:
            raise Cancelled


def test_the_detector_learns_to_draw_particles():
    network = fresh(FCRN)
    reports = list(fit_detector(network, [field(1), field(2)], recipe(steps=120)))
    assert [report.step for report in reports] == [100, 120]
    assert not network.training
    card = DetectorCard(particle_px=PARTICLE, licence="none", trained_on="cones")
    unseen = field(3)
    drawn = predict_distance_map(unseen.image.astype(np.float32), Network(network, card, "", ""))
    wanted = distance_target(unseen.centers_yx, SHAPE, PARTICLE)
    assert np.corrcoef(drawn.ravel(), wanted.ravel())[0, 1] > 0.85


def test_image_and_target_are_cut_turned_and_mirrored_alike():
    """A network that changes nothing is right at once where the image is the target."""

    class Unchanged(nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = nn.Parameter(torch.tensor(1.0))

        def forward(self, images):
            shapes.append(tuple(images.shape))
            return self.factor * images

    shapes = []
    network = Unchanged()
    fields = [field(seed, clean=True) for seed in range(3)]
    (report,) = fit_detector(network, fields, recipe(steps=10, learning_rate=1e-9))
    assert report.loss < 1e-9
    assert set(shapes) == {(4, 1, 36, 36)}


def test_particles_weigh_more():
    """A network that draws nothing errs on particles alone."""

    class Nothing(nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = nn.Parameter(torch.tensor(0.0))

        def forward(self, images):
            return self.factor * images

    losses = []
    for weight in (1.0, 3.0):
        chosen = recipe(steps=5, learning_rate=1e-12, positive_weight=weight)
        (report,) = fit_detector(Nothing(), [field(1)], chosen)
        losses.append(report.loss)
    assert losses[1] == pytest.approx(3 * losses[0], rel=1e-4)


def test_a_fit_is_as_random_as_its_seed():
    states = []
    for seed in (1, 1, 2):
        network = fresh(FCRN)
        list(fit_detector(network, [field(1), field(2)], recipe(steps=5, seed=seed)))
        states.append(network.conv_1.weight.detach().clone())
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_training_reports_each_batch_and_can_be_cancelled():
    job = StopAt(7)
    with pytest.raises(Cancelled):
        list(fit_detector(fresh(FCRN), [field(1)], recipe(), job))
    assert job.told == [(step, 40, "training") for step in range(1, 8)]


def test_the_classifier_learns_to_tell():
    network = fresh(PatchClassifier, 40)
    chosen = ClassifierRecipe(epochs=8, batch=32)
    reports = list(fit_classifier(network, examples(), chosen))
    assert [report.step for report in reports] == [8 * (200 // 32)]
    assert not network.training
    unseen = examples(120, seed=1)
    with torch.inference_mode():
        logits = network(torch.from_numpy(unseen.patches[:, None].astype(np.float32)))
    assert np.mean(logits.argmax(dim=1).numpy() == unseen.labels) > 0.95


def test_training_of_the_classifier_can_be_cancelled():
    job = StopAt(3)
    with pytest.raises(Cancelled):
        list(
            fit_classifier(fresh(PatchClassifier, 40), examples(), ClassifierRecipe(batch=32), job)
        )
    assert [done for done, _, _ in job.told] == [1, 2, 3]


def test_a_few_patches_make_a_batch_of_their_own():
    few = LabelledPatches(np.zeros((3, 40, 40), np.float16), np.array([0, 1, 1], np.int8))
    recipe = ClassifierRecipe(epochs=2, batch=128)
    reports = list(fit_classifier(PatchClassifier(40), few, recipe))
    assert reports[-1].step == 2
    one = LabelledPatches(few.patches[:1], few.labels[:1])
    with pytest.raises(ValueError, match="on 1 patches"):
        next(fit_classifier(PatchClassifier(40), one, recipe))


def test_a_network_with_batch_normalisation_learns_too():
    network = fresh(MultiScaleNet)
    (first,) = fit_detector(fresh(MultiScaleNet), [field(1)], recipe(steps=1))
    (all_of_them,) = fit_detector(network, [field(1), field(2)], recipe(steps=30, batch=2))
    assert all_of_them.loss < first.loss / 2
    assert not network.training
    assert network.down[0][1].num_batches_tracked == 30


def test_a_judge_looks_now_and_then_and_the_best_state_is_kept():
    network = fresh(FCRN)
    seen, scores = [], iter([0.1, 0.7, 0.7, 0.3])

    def judge():
        assert not network.training
        seen.append(network.conv_1.weight.detach().clone())
        return next(scores)

    reports = list(
        fit_detector(network, [field(1)], recipe(steps=10, validate_every=3), judge=judge)
    )
    assert [(report.step, report.score) for report in reports] == [
        (3, 0.1),
        (6, 0.7),
        (9, 0.7),
        (10, 0.3),
    ]
    assert torch.equal(network.conv_1.weight, seen[1])
    assert not torch.equal(seen[1], seen[2])
    assert not network.training


def test_the_best_state_is_kept_also_when_it_is_cancelled():
    network = fresh(FCRN)
    seen = []

    def judge():
        seen.append(network.conv_1.weight.detach().clone())
        return 1 / len(seen)

    with pytest.raises(Cancelled):
        list(fit_detector(network, [field(1)], recipe(validate_every=2), StopAt(7), judge))
    assert len(seen) == 3
    assert torch.equal(network.conv_1.weight, seen[0])
    assert not network.training
