"""A segmenter as the network that finds dirt, and as a detector."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial import cKDTree
from torch import nn
from torch.nn.functional import avg_pool2d

from napari_drpnet.base.devices import Device
from napari_drpnet.images import preprocess as preprocessing
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.picking import detection as stage
from napari_drpnet.picking.candidates import rank_candidates
from napari_drpnet.picking.detection import detect
from napari_drpnet.picking.fingerprint import (
    Hashes,
    settings_of_candidates,
    settings_of_detection,
    settings_of_picks,
)
from napari_drpnet.picking.loading import Networks
from napari_drpnet.picking.networks.card import ClassifierCard, DetectorCard, Network, SegmenterCard
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.pick import pick
from resolving import resolved

SHAPE, DIAMETER_PX = (300, 420), 22.0
ABOUT = {"licence": "none", "trained_on": "nothing"}
CENTERS = np.array([[60.0, 260.0], [60, 330], [150, 240.5], [150, 300], [230.25, 380]])


class ByBrightness(nn.Module):
    """A segmenter without training: bright is particle, and a large dark area is carbon."""

    halo, stride, tile = 8, 1, 64

    def __init__(self):
        super().__init__()
        self.steepness = nn.Parameter(torch.tensor(20.0))

    def forward(self, channels):
        view, grey = channels[:, 0], channels[:, 1]
        level = avg_pool2d(grey, 17, 1, 8, count_include_pad=False)
        carbon = self.steepness * (-0.6 - level)
        particle = self.steepness * (view - 2)
        nothing = torch.zeros_like(view)
        return torch.stack([nothing, torch.minimum(particle, -carbon), nothing - 99, carbon], 1)


class Sharp(nn.Module):
    """A detector without training: its map is the image."""

    halo, stride, tile = 0, 1, 64

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(1.0))

    def forward(self, image):
        return self.factor * image


def segmenter(sha256="segmenter", **changes):
    card = SegmenterCard(
        **{"particle_px": 11.0, "threshold": 0.3, "border": 0.5, "sigma_px": 0.7} | ABOUT | changes
    )
    return Network(ByBrightness().eval(), card, "by brightness", sha256)


def detector(**changes):
    card = DetectorCard(
        **{"particle_px": 11.0, "threshold": 2.0, "sigma_px": 1.5} | ABOUT | changes
    )
    return Network(Sharp().eval(), card, "sharp", "detector")


def networks(finds=None, knows_dirt=None):
    return Networks(finds or detector(), None, Device("cpu", ""), knows_dirt)


def wanted(**stages):
    return PickParameters.model_validate(
        {"particle": {"diameter_angstrom": DIAMETER_PX, "polarity": "dark"}} | stages
    )


@pytest.fixture(scope="module")
def micrograph():
    return scene(-60)


def scene(contrast, film=-120):
    """Make discs in grey, and a film with some discs on its left 180 columns."""
    y, x = np.indices(SHAPE)
    image = np.random.default_rng(0).normal(500, 4, SHAPE)
    image[:, :180] += film
    for center in (*CENTERS, (100.0, 90.0), (200.0, 60.0)):
        image[np.hypot(y - center[0], x - center[1]) < DIAMETER_PX / 2] += contrast
    return Micrograph(image.astype(np.float32), 1.0)


def found_at(picks):
    """Return which of `CENTERS` have an accepted pick within 2 px, and the number of others."""
    distance, nearest = cKDTree(CENTERS).query(picks.centers_yx[picks.accepted])
    return sorted(set(nearest[distance < 2].tolist())), int((distance >= 2).sum())


def test_picks_on_dirt_are_rejected_but_known(micrograph):
    with_dirt = pick(micrograph, wanted(), networks())
    assert np.isnan(with_dirt.clearance).all()
    assert found_at(with_dirt)[1] >= 2
    clean = pick(micrograph, wanted(), networks(knows_dirt=segmenter()))
    assert found_at(clean) == ([0, 1, 2, 3, 4], 0)
    assert_array_equal(clean.centers_yx, with_dirt.centers_yx)
    expected = np.maximum(clean.centers_yx[:, 1] - 179.5, 0) / DIAMETER_PX
    assert_allclose(clean.clearance, expected, atol=0.1)


def test_clearance_is_the_same_at_another_scale(micrograph):
    same = pick(micrograph, wanted(), networks(knows_dirt=segmenter()))
    other = pick(micrograph, wanted(), networks(knows_dirt=segmenter(particle_px=8.0)))
    assert_allclose(other.clearance, same.clearance, atol=0.15)
    assert_array_equal(other.accepted, same.accepted)


def test_the_view_of_the_detector_is_shared_if_cards_agree(micrograph, monkeypatch):
    calls = []

    def counted(*args, **options):
        calls.append(options)
        return preprocessing.preprocess(*args, **options)

    monkeypatch.setattr(stage, "preprocess", counted)
    for scale, count in ((11.0, 1), (8.0, 2)):
        calls.clear()
        used = networks(knows_dirt=segmenter(particle_px=scale))
        detect(micrograph, used.resolve(wanted()), used)
        assert len(calls) == count
    calls.clear()
    detect(micrograph, networks().resolve(wanted()), networks())
    assert calls == [{"grey": False}]


def test_a_segmenter_is_a_detector_too(micrograph):
    own = segmenter()
    used = networks(own, own)
    assert found_at(pick(micrograph, wanted(), used)) == ([0, 1, 2, 3, 4], 0)
    detection = detect(micrograph, used.resolve(wanted()), used)
    assert detection.segmentation is detection.evidence.segmentation
    picture = detection.evidence.picture(used.resolve(wanted()), None)
    assert_array_equal(picture.values, detection.segmentation.particle)


def test_particles_may_be_bright():
    bright = scene(60, film=0)
    own = segmenter()
    parameters = wanted(particle={"diameter_angstrom": DIAMETER_PX, "polarity": "bright"})
    found, _ = found_at(pick(bright, parameters, networks(own, own)))
    assert found == [0, 1, 2, 3, 4]


def test_a_mask_of_another_program_rejects_picks(micrograph):
    mask = np.zeros((30, 42), bool)
    mask[:, :18] = True
    picks = pick(micrograph, wanted(), networks(), mask=mask)
    assert found_at(picks) == ([0, 1, 2, 3, 4], 0)


def test_dirt_is_left_out_of_the_contrast_of_the_published_code(micrograph):
    plain = detector(normalization="published", map_units="published", sigma_px=0.0)
    contrasts = []
    for used in (networks(plain), networks(plain, segmenter())):
        view = detect(micrograph, used.resolve(wanted()), used).view
        at, between = (
            view.frame.to_network(CENTERS + shift).round().astype(int) for shift in (0, [0, 30])
        )
        contrasts.append(np.mean(view.image[tuple(between.T)] - view.image[tuple(at.T)]))
        assert view.normalization == "published"
    assert contrasts[1] > 1.5 * contrasts[0] > 0


def test_clearance_decides_without_new_candidates(micrograph):
    used = networks(knows_dirt=segmenter())
    parameters = used.resolve(wanted())
    candidates = rank_candidates(detect(micrograph, parameters, used), parameters)
    assert candidates.clearance.min() == 0
    assert (candidates.clearance > 3).any()


def test_probabilities_do_not_depend_on_tiles(micrograph):
    from napari_drpnet.picking.segmentation.segment import segment

    used = networks(knows_dirt=segmenter())
    view = detect(micrograph, used.resolve(wanted()), used).view
    whole, tiled = (segment(view, segmenter(), tile=tile) for tile in (512, 64))
    assert_array_equal(whole.probability, tiled.probability)
    assert_allclose(whole.probability.sum(axis=0), 1, atol=1e-6)


def test_recommended_values_are_those_of_the_cards():
    used = networks(
        segmenter(erosion=0.2, least_area=0.7, clearance=0.5),
        segmenter(sha256="other", dirt_probability=0.8, clearance=0.1, erosion=0.4),
    )
    limits = used.resolve(wanted()).segmenter
    assert (limits.erosion, limits.least_area) == (0.2, 0.7)
    assert (limits.dirt_probability, limits.clearance) == (0.8, 0.1)
    given = used.resolve(wanted(segmenter={"clearance": 0.0, "erosion": 0.1})).segmenter
    assert (given.clearance, given.erosion) == (0.0, 0.1)


def test_a_classifier_does_not_know_the_scores_of_a_segmenter():
    classifier = ClassifierCard(
        architecture="multiscale", particle_px=11.0, accept=0.5, threshold=0.1, **ABOUT
    )
    assert classifier.knows(detector(architecture="multiscale").card)
    assert not classifier.knows(segmenter(architecture="multiscale").card)


def test_settings_without_a_segmenter_are_those_of_earlier_versions():
    parameters, sha256 = resolved(), Hashes("detector", "classifier")
    for settings in (
        settings_of_picks(parameters, sha256),
        settings_of_candidates(parameters, sha256),
        settings_of_detection(parameters, sha256, None),
    ):
        assert "segmenter" not in settings


def test_settings_name_the_segmenter_and_leave_out_cuts():
    parameters = resolved(segmenter={"segmenter": "mine", "clearance": 0.7})
    sha256 = Hashes("detector", None, "segmenter")
    of_picks = settings_of_picks(parameters, sha256)["segmenter"]
    assert (of_picks["segmenter"], of_picks["clearance"]) == ("segmenter", 0.7)
    of_candidates = settings_of_candidates(parameters, sha256)["segmenter"]
    assert "clearance" not in of_candidates
    assert of_candidates["dirt_probability"] == 0.5
    assert settings_of_detection(parameters, sha256, None)["segmenter"] == "segmenter"
