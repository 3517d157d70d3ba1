import numpy as np
import pytest

from napari_drpnet.picking.detectors.distance_map import predict_distance_map
from napari_drpnet.picking.networks.build import build_network
from napari_drpnet.picking.networks.card import DetectorCard, Network
from napari_drpnet.training.from_labels.examples import ExampleView, learn_from_examples


@pytest.fixture
def blind():
    """A detector whose map is zero everywhere."""
    import torch

    card = DetectorCard(particle_px=11, threshold=0.3, licence="none", trained_on="nothing")
    module = build_network(card).eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
    return Network(module, card, "blind", "0")


@pytest.fixture
def ringed():
    """An image with 25 rings in noise, and their centres."""
    rng, side = np.random.default_rng(3), 150
    centers = np.stack(np.meshgrid(*[np.arange(15, side, 30)] * 2, indexing="ij"), -1)
    centers = centers.reshape(-1, 2).astype(float)
    y, x = np.mgrid[:side, :side]
    image = rng.normal(0, 0.3, (side, side))
    for center in centers:
        radius = np.hypot(y - center[0], x - center[1])
        image += np.exp(-((radius - 4.5) ** 2))
    return image.astype(np.float32), centers


def network_of(learned):
    module = build_network(learned.card)
    module.load_state_dict(learned.state)
    return Network(module.eval(), learned.card, "learned", "1")


def test_rings_are_found_where_the_detector_sees_nothing(blind, ringed):
    image, centers = ringed
    learned = learn_from_examples(blind, [ExampleView(image, centers[::5])])
    likeness = predict_distance_map(image, network_of(learned))
    at_centers = likeness[tuple(centers.astype(int).T)]
    assert at_centers.min() > learned.card.threshold > np.quantile(likeness, 0.97)
    assert abs(likeness.mean()) < 1e-3
    assert at_centers[::5].mean() == pytest.approx(1, abs=1e-3)


def test_the_likeness_does_not_depend_on_the_tiles(blind, ringed):
    image, centers = ringed
    network = network_of(learn_from_examples(blind, [ExampleView(image, centers[:6])]))
    whole, tiled = (predict_distance_map(image, network, tile=tile) for tile in (512, 64))
    np.testing.assert_allclose(tiled, whole, atol=1e-5)


def test_four_examples_are_too_few(blind, ringed):
    image, centers = ringed
    with pytest.raises(ValueError, match="at least 5"):
        learn_from_examples(blind, [ExampleView(image, centers[:4])])
