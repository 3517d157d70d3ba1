"""Detection of the polarity on a sample of the micrograph."""

import numpy as np
import pytest
import torch
from torch import nn

from napari_drpnet import simulate_micrograph
from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.images.preprocess import NetworkImage, preprocess
from napari_drpnet.picking.detection import UNSURE
from napari_drpnet.picking.detectors.distance_map import predict_distance_map
from napari_drpnet.picking.detectors.families import family_of
from napari_drpnet.picking.detectors.polarity import find_polarity, is_bright, sample_windows
from napari_drpnet.picking.networks.card import DetectorCard, Network
from napari_drpnet.picking.networks.weights import load_detector, load_segmenter
from napari_drpnet.simulation import SHAPES, make_shape
from napari_drpnet.simulation.parameters import SimulationParameters
from resolving import resolved

FLOOR = 0.24


class Reports:
    """A job that records its reports, and cancels after some of them."""

    def __init__(self, cancel_after=None):
        self.done = []
        self.total = 0
        self.cancel_after = cancel_after

    def advance(self, done, total, stage):
        assert stage == "polarity"
        self.done.append(done)
        self.total = total
        if done == self.cancel_after:
            raise Cancelled


class Same(nn.Module):
    """A detector whose map is the image."""

    halo, stride, tile = 8, 1, 512

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(1.0))

    def forward(self, batch):
        return self.factor * batch


def same():
    card = DetectorCard(particle_px=11.0, licence="none", trained_on="nothing")
    return Network(Same().eval(), card, "test", "")


def found(view, detector, job=None):
    def predict(seen, window):
        return predict_distance_map(seen.image[window], detector)

    return find_polarity(view, detector, predict, FLOOR, job)


def view_of(image, normalization="robust"):
    frame = Frame.with_scale(image.shape, 1.0)
    return NetworkImage(image.astype(np.float32), frame, "dark", normalization)


def spots(height, every, side=480):
    image = np.zeros((side, side))
    image[every // 2 :: every, every // 2 :: every] = height
    return image


def simulated(seed, particles, negative_stain):
    structure = make_shape(SHAPES[seed % len(SHAPES)], 180.0, np.random.default_rng(seed))
    parameters = SimulationParameters(
        height_px=600,
        width_px=660,
        pixel_size_angstrom=12.0,
        particles=particles,
        dose=25.0,
        negative_stain=negative_stain,
        ice_crystals=2,
    )
    micrograph = simulate_micrograph(parameters, [structure], seed).micrograph
    return preprocess(micrograph.pixels, 180 / 12, 11.0, "dark", grey=True)


def test_more_evidence_decides_and_doubt_means_dark():
    quiet, loud = np.full((9, 9), 0.1, np.float32), np.full((9, 9), 0.8, np.float32)
    assert is_bright(quiet, loud, floor=0.3) == (True, 1.0)
    assert is_bright(loud, quiet, floor=0.3) == (False, 1.0)
    assert is_bright(loud, loud + np.float32(0.1), floor=0.3) == (False, pytest.approx(0.227, 0.01))
    assert is_bright(quiet, quiet, floor=0.3) == (False, 0.0)


@pytest.mark.parametrize("shape", [(451, 451), (902, 1270), (300, 2000), (150, 180), (1, 5000)])
@pytest.mark.parametrize(("halo", "stride"), [(56, 8), (10, 1)])
def test_windows_cover_the_image_once(shape, halo, stride):
    seen = np.zeros(shape, int)
    for window in sample_windows(shape, halo, stride):
        assert window[0].start % stride == window[1].start % stride == 0
        seen[window] += 1
    assert np.all(seen == 1)


def test_a_small_image_is_one_window():
    assert sample_windows((199, 180), 56, 8) == [(slice(0, 199), slice(0, 180))]


def test_the_first_windows_are_about_a_quarter_and_lie_in_all_quadrants_of_larger_images():
    windows = sample_windows((451, 451), 56, 8)
    area = sum((y.stop - y.start) * (x.stop - x.start) for y, x in windows[:4])
    assert area <= 0.25 * 451**2
    quadrants = {
        (y.start >= 448, x.start >= 632) for y, x in sample_windows((902, 1270), 56, 8)[:8]
    }
    assert len(quadrants) == 4


@pytest.mark.parametrize("negative_stain", [False, True])
@pytest.mark.parametrize("particles", [40, 150, 800])
def test_the_answer_is_that_of_the_whole_micrograph(particles, negative_stain):
    detector = load_detector()
    view = simulated(particles, particles, negative_stain)
    maps = [predict_distance_map(v.image, detector) for v in (view, view.inverted())]
    expected = is_bright(*maps, FLOOR)
    answer = found(view, detector)
    assert answer == expected == (negative_stain, 1.0)
    assert found(view, detector) == answer


@pytest.mark.parametrize("negative_stain", [False, True])
def test_a_segmenter_compares_its_particles(negative_stain):
    view, network = simulated(150, 150, negative_stain), load_segmenter()
    family, parameters = family_of(network.card), resolved().detector
    bright, confidence = family.find_polarity(view, network, parameters, None)
    assert bright == negative_stain
    assert confidence > UNSURE


def test_much_evidence_ends_the_search_early():
    for sign in (1, -1):
        job = Reports()
        answer = found(view_of(spots(sign * 5, 8)), same(), job)
        assert answer == (sign < 0, 1.0)
        assert job.done == [1, 2, 3, 4]
        assert job.total == 25


@pytest.mark.parametrize(
    "image", [np.zeros((480, 480)), spots(1, 100), spots(5, 8) - np.roll(spots(5, 8), 2)]
)
def test_little_or_contradictory_evidence_takes_the_whole_image(image):
    job = Reports()
    view = view_of(image)
    bright, confidence = found(view, same(), job)
    assert job.done == list(range(1, 26))
    expected = is_bright(view.image, -view.image, FLOOR)
    assert (bright, confidence) == (expected[0], pytest.approx(expected[1], abs=0.1))


def test_a_small_image_gets_the_answer_of_the_whole():
    image = np.random.default_rng(0).normal(0.2, 1, (120, 90))
    view = view_of(image)
    assert found(view, same()) == pytest.approx(is_bright(view.image, -view.image, FLOOR))


def test_published_images_are_inverted_their_own_way():
    # From 0 to 1 with a background of 0.9: inverted, it is below the floor.
    view = view_of(np.full((480, 480), 0.9), "published")
    assert found(view, same()) == (False, 1.0)


def test_evidence_beside_a_cut_does_not_count_but_at_the_edge_of_the_image_it_does():
    image = np.zeros((480, 480))
    windows = sample_windows(image.shape, 8, 1)
    cut = windows[1]
    image[cut][:8] = 5
    assert cut[0].start > 0
    inner = found(view_of(image), same())
    assert inner == (False, 0.0)
    image[:] = 0
    image[0] = 5
    assert found(view_of(image), same()) == (False, 1.0)


def test_cancelling_stops_after_the_window():
    job = Reports(cancel_after=2)
    with pytest.raises(Cancelled):
        found(view_of(spots(1, 100)), same(), job)
    assert job.done == [1, 2]
