import pytest
import torch

from napari_drpnet.picking.networks.build import DETECTORS, SEGMENTERS, build_network
from napari_drpnet.picking.networks.card import ClassifierCard, DetectorCard, SegmenterCard
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier

COMMON = {"particle_px": 11.0, "licence": "none", "trained_on": "nothing"}


@pytest.mark.parametrize("architecture", DETECTORS)
def test_a_detector_maps_one_channel_to_one(architecture):
    module = build_network(DetectorCard(architecture=architecture, **COMMON)).eval()
    assert module(torch.zeros(1, 1, 16, 24)).shape == (1, 1, 16, 24)


@pytest.mark.parametrize("architecture", SEGMENTERS)
@pytest.mark.parametrize("inputs", [("view",), ("view", "grey")])
def test_a_segmenter_has_the_inputs_and_classes_of_its_card(architecture, inputs):
    card = SegmenterCard(architecture=architecture, inputs=inputs, **COMMON)
    with torch.device("meta"):
        module = build_network(card).eval()
        assert module(torch.zeros(1, len(inputs), 32, 64)).shape == (1, 4, 32, 64)
    assert module.halo % module.stride == 0 < module.tile


def test_a_classifier():
    assert isinstance(build_network(ClassifierCard(**COMMON)), PatchClassifier)


@pytest.mark.parametrize("card", [DetectorCard, SegmenterCard])
def test_an_unknown_architecture(card):
    with pytest.raises(KeyError):
        build_network(card(architecture="transformer", **COMMON))
