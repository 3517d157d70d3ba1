"""Whether particles are dark or bright, and what each network sees."""

import numpy as np
import pytest

from napari_drpnet import PickParameters, load_networks, read_micrograph, simulate_micrograph
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.picking.detection import detect
from napari_drpnet.picking.parameters import (
    ClassifierParameters,
    DetectorParameters,
    ParticleParameters,
    PeakParameters,
)
from napari_drpnet.simulation import SHAPES, make_shape
from napari_drpnet.simulation.parameters import SimulationParameters


def found(micrograph, diameter_angstrom, pixel_size=None):
    asked = PickParameters(
        particle=ParticleParameters(
            diameter_angstrom=diameter_angstrom, pixel_size_angstrom=pixel_size
        ),
        classifier=ClassifierParameters(classifier="none"),
    )
    networks = load_networks(asked)
    return detect(micrograph, networks.resolve(asked), networks)


def simulated(seed, negative_stain):
    rng = np.random.default_rng(seed)
    structure = make_shape(SHAPES[seed % len(SHAPES)], 180.0, rng)
    parameters = SimulationParameters(
        height_px=480,
        width_px=512,
        pixel_size_angstrom=5.0,
        particles=40,
        dose=25.0,
        negative_stain=negative_stain,
        ice_crystals=2,
    )
    return simulate_micrograph(parameters, [structure], seed).micrograph


@pytest.mark.parametrize(("negative_stain", "polarity"), [(False, "dark"), (True, "bright")])
def test_the_shipped_detector_tells_ice_from_stain(negative_stain, polarity):
    seeds = range(2 * len(SHAPES))
    answers = [found(simulated(seed, negative_stain), 180.0) for seed in seeds]
    right = [answer.view.polarity == polarity for answer in answers]
    assert np.mean(right) >= 0.9
    sure = [answer.polarity_confidence == 1 for answer in answers]
    assert all(np.array(right)[sure])


@pytest.mark.parametrize(
    ("folder", "diameter_px"),
    [("apoferritin_10146", 85), ("ribosome_10028", 56), ("bgal_10017", 102)],
)
def test_real_micrographs_in_ice_are_dark(shared_data, folder, diameter_px):
    files = sorted((shared_data / "micrographs" / folder).glob("*.[pj][np]g"))
    assert len(files) >= 4
    for file in files:
        answer = found(read_micrograph(file), diameter_px, pixel_size=1.0)
        assert answer.view.polarity == "dark", file


def test_the_classifier_sees_its_own_scale_beside_another_detector():
    micrograph = Micrograph(simulated(0, negative_stain=False).pixels, 5.0)
    asked = PickParameters(
        particle=ParticleParameters(diameter_angstrom=180.0, polarity="dark"),
        detector=DetectorParameters(normalization="published"),
        peaks=PeakParameters(threshold=0.5),
    )
    networks = load_networks(asked)
    answer = detect(micrograph, networks.resolve(asked), networks)
    assert answer.view.normalization == "published"
    assert answer.classifier_view.normalization == "robust"
    plain = asked.model_copy(update={"detector": DetectorParameters()})
    same = detect(micrograph, networks.resolve(plain), networks)
    assert same.classifier_view is same.view
    np.testing.assert_array_equal(same.view.image, answer.classifier_view.image)
