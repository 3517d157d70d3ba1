"""Choice of the recommended values of a segmenter."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.segmentation import BACKGROUND, CARBON, ICE, PARTICLE
from napari_drpnet.picking.networks.card import DetectorCard, Network, SegmenterCard
from napari_drpnet.training.common.class_fields import ClassField
from napari_drpnet.training.from_truth import segmenter_cuts
from napari_drpnet.training.from_truth.segmenter_cuts import (
    Route,
    Veto,
    choose_route,
    choose_values,
    choose_veto,
    compare_routes,
    compare_vetoes,
    predict,
)
from segmenting import DIAMETER_PX, SHAPE, background, disc, segmented

ABOUT = {"particle_px": DIAMETER_PX, "licence": "", "trained_on": ""}
#: Particles, one of them on ice, and a false candidate on ice.
CENTERS, ON_ICE, FALSE = [(30.0, 30.0), (30.0, 60.0), (80.0, 40.0)], (85.0, 110.0), (75.0, 105.0)


class Same(nn.Module):
    """A network whose output is its input."""

    halo, stride, tile = 0, 1, 256

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, image):
        return image * self.weight


@pytest.fixture
def detector():
    return Network(Same(), DetectorCard(threshold=0.2, **ABOUT), "same", "")


def field_of(classes, candidates, centers=(), on_dirt=()):
    inputs = np.zeros((2, *classes.shape), np.float16)
    for y, x in candidates:
        inputs[0, int(y), int(x)] = 1
    places = (np.array(each, float).reshape(-1, 2) for each in (centers, on_dirt))
    return ClassField(inputs, classes, *places)


@pytest.fixture
def field():
    classes = background()
    for center in CENTERS:
        classes[disc(center, DIAMETER_PX / 2)] = PARTICLE
    classes[disc((80, 108), 15)] = ICE
    return field_of(classes, [*CENTERS, ON_ICE, FALSE], CENTERS, [ON_ICE])


def drawn(classes):
    """Return a segmentation with a P(dirt) of 0.93 on dirt, in a frame without binning."""
    return replace(segmented(classes, 0.9), frame=Frame(SHAPE, SHAPE))


def veto(benefit, p=0.5, clearance=0.0, rejected=0.0, area=0.0):
    return Veto(p, 0.1, clearance, benefit, rejected, area)


def test_rejected_candidates_count_unless_they_are_particles_on_dirt(field, detector):
    for each in compare_vetoes([field], [drawn(field.classes)], detector):
        assert each.benefit == (1 if each.dirt_probability <= 0.93 else 0)
        assert (each.rejected, each.area) == (0, 0)  # there is no clean field


def test_rejected_particles_cost_five_times_as_much_and_clean_fields_are_watched(field, detector):
    clean = field_of(background(), CENTERS, CENTERS)
    wrong = background()
    wrong[disc(CENTERS[0], 3)] = CARBON
    cases = compare_vetoes([field, clean], [drawn(field.classes), drawn(wrong)], detector)
    by_values = {(v.dirt_probability, v.least_speck, v.clearance): v for v in cases}
    seen = by_values[0.5, 0.05, 0.0]
    assert seen.benefit == 1 - 5
    assert seen.rejected == pytest.approx(1 / 3)
    assert seen.area == pytest.approx((wrong == CARBON).mean())
    assert by_values[0.5, 0.4, 0.0].benefit == 1  # the speck has a quarter of a particle area
    assert by_values[0.5, 0.4, 0.0].violation == 1


def test_clearance_is_in_diameters(field, detector):
    beside = (80, 127)  # 3.5 pixels from the ice
    near = field_of(field.classes, [beside])
    cases = compare_vetoes([near], [drawn(field.classes)], detector)
    benefit = {v.clearance: v.benefit for v in cases if v.dirt_probability == 0.5}
    assert benefit == {0.0: 0, 0.1: 0, 0.25: 0, 0.4: 1}


def test_of_vetoes_as_good_the_most_careful_is_chosen():
    careful = veto(99.5, p=0.9)
    assert choose_veto([veto(100), careful, veto(99.6, p=0.9, clearance=0.4)]) == careful
    assert choose_veto([veto(100), veto(98, p=0.9)]) == veto(100)


def test_clean_fields_limit_the_veto():
    harmful, dirty = veto(100, rejected=0.01), veto(90, area=0.0045)
    assert choose_veto([harmful, dirty, veto(10)]) == veto(10)
    assert choose_veto([harmful, dirty]) == dirty  # 1.5 times the limit, not twice


def test_components_are_scored_with_the_veto(field):
    found = drawn(field.classes)
    found.probability[PARTICLE - 1][disc(FALSE, DIAMETER_PX / 2)] = 0.95
    routes = compare_routes([field], [found], veto(0, p=0.5))
    assert len(routes) == 3 * 3 * 4
    assert choose_route(routes).score == 1
    spared = choose_route(compare_routes([field], [found], veto(0, p=0.99)))
    assert spared.score == pytest.approx(6 / 7)  # one false pick beside three true ones
    assert choose_route([Route(0.5, 0.3, 0.1, 0, 0.2), Route(0.5, 0.7, 0.1, 0, 0.2)]).score == 0.5


class Recorder:
    """A job that records the end of each stage."""

    def __init__(self):
        self.finished = []

    def advance(self, done, total, stage):
        if done == total:
            self.finished.append((total, stage))


def test_all_values_of_a_card_are_chosen(field, detector, monkeypatch):
    predicted = []

    def draw(field, segmenter):
        predicted.append(field)
        return drawn(field.classes)

    monkeypatch.setattr(segmenter_cuts, "predict", draw)
    unknown = replace(field, centers_yx=np.empty((0, 2)), on_dirt_yx=np.empty((0, 2)))
    job = Recorder()
    values = choose_values([field, unknown], None, detector, job)
    stages = "segmentation of validation fields", "choice of the veto", "choice of components"
    assert job.finished == [(1, stages[0]), (1, stages[1]), (36, stages[2])]
    assert predicted == [field]
    card = SegmenterCard.model_validate({**ABOUT, **values})
    assert card.model_dump(include=set(values)) == values
    assert (card.dirt_probability, card.clearance, card.erosion) == (0.93, 0, 0)
    assert choose_values([unknown], None, detector) == {"least_area": 0.2, "threshold": 0.3}


def test_a_field_is_segmented():
    field = field_of(np.full((40, 50), BACKGROUND, np.uint8), [])
    module = nn.Conv2d(2, 4, 1)
    module.halo, module.stride, module.tile = 0, 1, 256
    found = predict(field, Network(module, SegmenterCard(**ABOUT), "toy", "hash"))
    assert found.probability.shape == (4, 40, 50)
    np.testing.assert_allclose(found.probability.sum(axis=0), 1, rtol=1e-5)
