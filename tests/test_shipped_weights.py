"""The shipped weights do what they are shipped for; docs/accuracy.md has the figures."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from napari_drpnet import (
    PickParameters,
    load_networks,
    pick,
    read_coordinates,
    read_micrograph,
    simulate_micrograph,
)
from napari_drpnet.base.class_maps import resample_classes
from napari_drpnet.base.geometry import inside
from napari_drpnet.base.segmentation import CARBON, ICE
from napari_drpnet.evaluation.scores import score_picks
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.picking.dirt import find_dirt
from napari_drpnet.picking.networks.weights import (
    list_weights,
    load_classifier,
    load_detector,
    load_segmenter,
)
from napari_drpnet.picking.parameters import SegmenterParameters
from napari_drpnet.picking.pick import pick_in_detail
from napari_drpnet.simulation import make_shape
from napari_drpnet.simulation.noise import add_noise
from napari_drpnet.simulation.parameters import SimulationParameters


def parameters(diameter_angstrom, pixel_size=None):
    return PickParameters(
        particle={"diameter_angstrom": diameter_angstrom, "pixel_size_angstrom": pixel_size}
    )


def test_they_are_small_and_say_what_they_are():
    folder = list_weights()["detector-default"].parent
    assert sum(file.stat().st_size for file in folder.iterdir()) < 6e6
    for network in (load_detector(), load_classifier(), load_segmenter()):
        assert network.card.licence == "BSD-3-Clause"
        assert "simulated" in network.card.trained_on
        assert 0 <= network.card.recipe["seed"] < 100
        assert network.card.spectrum is not None
        assert network.card.threshold > 0


@pytest.mark.parametrize(
    ("scenario", "least_f1"),
    [
        ({}, 0.95),
        ({"negative_stain": True}, 0.95),
        ({"carbon": True, "ice_crystals": 6, "junk": 3}, 0.85),
    ],
    ids=["ice", "stain", "dirt"],
)
@pytest.mark.parametrize("shape", ["blob", "barrel"])
def test_simulated_particles_are_found(scenario, least_f1, shape):
    rng = np.random.default_rng(5)
    wanted = SimulationParameters(
        height_px=900, width_px=1000, pixel_size_angstrom=3.0, particles=80, **scenario
    )
    simulated = simulate_micrograph(wanted, [make_shape(shape, 180.0, rng)], seed=5)
    picks = pick(simulated.micrograph, parameters(180.0))
    core = inside(simulated.centers_yx, simulated.micrograph.shape, 30.0)
    score = score_picks(
        picks.centers_yx[picks.accepted], simulated.centers_yx[core], diameter_px=60.0
    )
    assert score.tally.rates.f1 >= least_f1
    assert score.median_centring_error_px < 6


@pytest.mark.parametrize("seed", [1, 2])
def test_faint_particles_in_grainy_ice_are_found(seed):
    """Noise with most of its power at a third of a diameter, seen through a transfer function."""
    rng = np.random.default_rng(seed)
    wanted = SimulationParameters(
        height_px=900, width_px=900, pixel_size_angstrom=3.6, particles=80, diameter_angstrom=180
    )
    simulated = simulate_micrograph(wanted, [make_shape("blob", 180.0, rng)], seed=seed)

    def grainy(frequency):
        return np.sin(np.pi / 2 * (frequency * 50 / 3) ** 2 + 0.1) ** 2 * np.exp(
            -(frequency**2) * 60
        )

    faint = add_noise(
        simulated.micrograph.pixels, simulated.centers_yx, 50.0, 3.0, grainy, rng
    ).astype(np.float32)
    picks = pick(Micrograph(faint, 3.6), parameters(180.0))
    core = inside(simulated.centers_yx, faint.shape, 25.0)
    score = score_picks(
        picks.centers_yx[picks.accepted], simulated.centers_yx[core], diameter_px=50.0
    )
    assert score.tally.rates.f1 >= 0.75


def test_an_empty_micrograph_stays_nearly_empty():
    wanted = SimulationParameters(height_px=900, width_px=900, pixel_size_angstrom=3.0, particles=0)
    simulated = simulate_micrograph(wanted, seed=2)
    assert pick(simulated.micrograph, parameters(180.0)).accepted.sum() <= 3


@pytest.mark.parametrize(
    ("folder", "pattern", "diameter", "pixel_size", "least_recall", "least_precision"),
    [
        ("apoferritin_10146", "*.png", 85.0, 1.0, 0.8, 0.85),
        ("ribosome_10028", "*.png", 300.0, 5.36, 0.98, 0.65),  # its truth leaves ribosomes out
        ("bgal_10017", "*.jpg", 180.0, 1.77, 0.8, 0.6),  # nothing is labelled near its edges
    ],
)
def test_real_micrographs(
    shared_data, folder, pattern, diameter, pixel_size, least_recall, least_precision
):
    files = sorted((shared_data / "micrographs" / folder).glob(pattern))
    assert files
    asked = parameters(diameter, pixel_size)
    networks = load_networks(asked)
    for file in files[:2]:
        picks = pick(read_micrograph(file), asked, networks)
        truth = read_coordinates(file.with_suffix(".csv")).centers_yx
        rates = score_picks(
            picks.centers_yx[picks.accepted], truth, diameter / pixel_size
        ).tally.rates
        assert rates.recall >= least_recall, file
        assert rates.precision >= least_precision, file


def test_every_other_real_picture_ends_in_picks(shared_data):
    files = sorted((shared_data / "micrographs" / "unlabelled").iterdir())
    assert len(files) >= 14
    asked = parameters(50.0, 1.0)
    networks = load_networks(asked)
    for file in files[::3]:
        assert pick(read_micrograph(file), asked, networks).figure_of_merit.max(initial=0) <= 1


@pytest.mark.parametrize(
    "scenario",
    [{}, {"negative_stain": True}, {"carbon": True, "carbon_shape": "hole", "ice_drops": 4}],
    ids=["ice", "stain", "dirt"],
)
def test_the_segmenter_finds_dirt_where_it_is(scenario):
    rng = np.random.default_rng(5)
    wanted = SimulationParameters(
        height_px=900, width_px=1000, pixel_size_angstrom=3.0, particles=80, **scenario
    )
    simulated = simulate_micrograph(wanted, [make_shape("barrel", 180.0, rng)], seed=10)
    asked = parameters(180.0).model_copy(
        update={"segmenter": SegmenterParameters(segmenter="default")}
    )
    picks, detection = pick_in_detail(simulated.micrograph, asked)
    dirt = find_dirt(detection, load_networks(asked).resolve(asked))
    truth = np.isin(resample_classes(simulated.classes, dirt.mask.shape), (ICE, CARBON))
    assert (dirt.mask & ~truth).mean() < 0.03
    assert (truth & ~dirt.mask).mean() < 0.1
    on_particles = cKDTree(simulated.centers_yx).query(picks.centers_yx)[0] < 30
    assert (picks.clearance[on_particles] > 0.25).mean() > 0.95
