from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage
from scipy.spatial import cKDTree
from torch import nn

from napari_drpnet.base.devices import Device
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import holds_box
from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.picking.candidates import rank_candidates
from napari_drpnet.picking.classification.classify import classify, context_log_odds
from napari_drpnet.picking.cuts import accept, find_cut
from napari_drpnet.picking.detection import detect, particle_diameter_px
from napari_drpnet.picking.fingerprint import Hashes, settings_of_candidates
from napari_drpnet.picking.loading import Networks, load_networks
from napari_drpnet.picking.networks.card import ClassifierCard, DetectorCard, Network
from napari_drpnet.picking.networks.fcrn import FCRN
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
from napari_drpnet.picking.networks.weights import save_network
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.pick import pick

PIXEL_SIZE, DIAMETER = 1.5, 33.0  # Å; the particles have 22 px
SHAPE = (301, 447)
CARD = DetectorCard(
    particle_px=11.0,
    sigma_px=0.5,
    threshold=1.5,
    border=0.25,
    licence="none",
    trained_on="nothing",
)
CLASSIFIER_CARD = ClassifierCard(
    particle_px=11.0,
    threshold=1.5,
    patch_px=40,
    accept=0.5,
    licence="none",
    trained_on="nothing",
)


class Smoothing(nn.Module):
    """A detector without training: its map is the image, smoothed to half a particle."""

    halo, stride, tile = 8, 1, 256

    def __init__(self):
        super().__init__()
        axis = torch.arange(-self.halo, self.halo + 1) ** 2
        line = torch.exp(-axis / (2 * 2.5**2))
        self.kernel = nn.Parameter(torch.outer(line, line)[None, None] / line.sum() ** 2)

    def forward(self, image):
        return nn.functional.conv2d(image, self.kernel, padding=self.halo)


class Brightness(nn.Module):
    """A classifier that accepts patches with a bright centre."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(1.0))

    def forward(self, patches):
        middle = self.weight * patches[:, 0, 18:23, 18:23].mean(dim=(1, 2))
        return torch.stack([torch.full_like(middle, 2.0), middle], dim=1)


@pytest.fixture(scope="module")
def networks():
    return Networks(Network(Smoothing().eval(), CARD, "smoothing", ""), None, Device("cpu", ""))


@pytest.fixture(scope="module")
def with_classifier(networks):
    return replace(networks, classifier=Network(Brightness(), CLASSIFIER_CARD, "brightness", ""))


def draw(shape, centers_yx, depth=60.0, noise=15.0, seed=0):
    """Dark discs of 22 px at random positions, in noise."""
    image = 500 + noise * np.random.default_rng(seed).standard_normal(shape)
    grid = np.indices(shape)
    for (y, x), each in zip(centers_yx, np.broadcast_to(depth, len(centers_yx)), strict=True):
        image -= each * np.clip(11.5 - np.hypot(grid[0] - y, grid[1] - x), 0, 1)
    return Micrograph(image.astype(np.float32), PIXEL_SIZE)


def places(shape, seed, count=25, spacing=33):
    rng = np.random.default_rng(seed)
    chosen = []
    for center in rng.uniform(20, np.array(shape) - 21, (2000, 2)):
        if all(np.hypot(*(center - other)) > spacing for other in chosen):
            chosen.append(center)
    return np.array(chosen[:count])


@pytest.fixture(scope="module")
def truth():
    return places(SHAPE, seed=4)


@pytest.fixture(scope="module")
def micrograph(truth):
    """Particles of different contrast, some of them faint."""
    return draw(SHAPE, truth, np.linspace(6, 60, len(truth)))


def wanted(*, particle=(), detector=(), peaks=(), classifier=()):
    known = {"diameter_angstrom": DIAMETER, "polarity": "dark"}
    return PickParameters(
        particle=known | dict(particle),
        detector=dict(detector),
        peaks=dict(peaks),
        classifier=dict(classifier),
    )


def same(some, others):
    for name in ("centers_yx", "height", "prominence", "probability", "accepted"):
        assert_array_equal(getattr(some, name), getattr(others, name))


@pytest.mark.parametrize("shape", [(301, 447), (447, 301), (256, 512), (233, 350)])
@pytest.mark.parametrize("diameter", [16.5, 33.0, 45.0, 60.0])
def test_dots_are_picked_where_they_were_drawn(networks, shape, diameter):
    """A wrong diameter changes only the scale of the network image, at any binning."""
    truth = places(shape, seed=shape[0], spacing=70)
    micrograph = draw(shape, truth, noise=4)
    chosen = wanted(particle={"diameter_angstrom": diameter}, peaks={"border": 0, "threshold": 2.5})
    picks = pick(micrograph, chosen, networks)
    assert len(picks) == len(truth)
    distance, nearest = cKDTree(picks.centers_yx).query(truth)
    assert len(set(nearest)) == len(truth)
    assert np.sqrt(np.mean(distance**2)) < 0.5
    assert np.abs((picks.centers_yx[nearest] - truth).mean(axis=0)).max() < 0.2


def test_polarity_is_found_if_unknown(networks, truth):
    dark = draw(SHAPE, truth)
    bright = Micrograph(1000 - dark.pixels, PIXEL_SIZE)
    chosen = wanted(particle={"polarity": "auto"})
    found = [pick(each, chosen, networks).centers_yx for each in (dark, bright)]
    assert len(found[0]) == len(truth)
    assert_allclose(found[0], found[1], atol=0.01)


def test_picks_are_in_order_and_reproducible(networks, micrograph):
    picks = pick(micrograph, wanted(), networks)
    assert picks.accepted.all()
    assert (np.diff(picks.height) <= 0).all()
    same(picks, pick(micrograph, wanted(), networks))
    by_prominence = pick(
        micrograph, wanted(peaks={"score": "prominence", "threshold": 1.5}), networks
    )
    assert (np.diff(by_prominence.prominence) <= 0).all()


def test_the_number_of_threads_changes_no_more_than_rounding(with_classifier, micrograph):
    """As docs/command-line.md promises it."""
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(pick(micrograph, wanted(), with_classifier))
            same(found[-1], pick(micrograph, wanted(), with_classifier))
    finally:
        torch.set_num_threads(before)
    for picks in found[1:]:
        assert_allclose(picks.centers_yx, found[0].centers_yx, atol=1e-3)
        assert_allclose(picks.probability, found[0].probability, atol=1e-5)
        assert_array_equal(picks.accepted, found[0].accepted)


def test_a_higher_threshold_keeps_a_part_of_the_picks(networks, micrograph):
    for score in ("height", "prominence"):
        counts = []
        before = pick(micrograph, wanted(peaks={"threshold": 0, "score": score}), networks)
        for threshold in (0.3, 0.6, 1.2, 2.4, 4.8):
            peaks = {"threshold": threshold, "score": score}
            picks = pick(micrograph, wanted(peaks=peaks), networks)
            same(picks, before.where(np.arange(len(picks))))
            assert (getattr(picks, score) >= threshold).all()
            counts.append(len(picks))
            before = picks
        assert len(set(counts)) >= 4


def test_the_level_multiplies_the_threshold(networks, micrograph):
    counts = []
    for level in (1, 2, 3):
        by_level = pick(micrograph, wanted(peaks={"threshold": 0.8, "level": level}), networks)
        same(by_level, pick(micrograph, wanted(peaks={"threshold": 0.8 * level}), networks))
        counts.append(len(by_level))
    assert counts[0] > counts[1] > counts[2] > 0


def test_a_stricter_classifier_accepts_fewer(with_classifier, micrograph):
    accepted = []
    for limit in (0.0, 0.2, 0.5, 0.9, 1.0):
        picks = pick(micrograph, wanted(classifier={"accept": limit}), with_classifier)
        assert_array_equal(picks.accepted, picks.probability >= limit)
        accepted.append({tuple(center) for center in picks.centers_yx[picks.accepted]})
    assert all(many >= few for many, few in pairwise(accepted))
    assert len(accepted[0]) > len(accepted[2]) > len(accepted[4])


def test_rejected_picks_are_returned_too(with_classifier, micrograph):
    picks = pick(micrograph, wanted(), with_classifier)
    assert 0 < picks.accepted.sum() < len(picks)
    assert (picks.height >= CARD.threshold).all()


@pytest.mark.parametrize("max_count", [1, 7, 10_000])
def test_at_most_so_many_of_the_best(networks, micrograph, max_count):
    everything = pick(micrograph, wanted(), networks)
    picks = pick(micrograph, wanted(peaks={"max_count": max_count}), networks)
    best = picks.where(picks.accepted)
    same(best, everything.where(np.arange(min(max_count, len(everything)))))


def test_the_count_is_of_those_that_the_classifier_accepts(with_classifier, micrograph):
    peaks = {"max_count": 12, "threshold": 0.1}
    assert pick(micrograph, wanted(peaks=peaks), with_classifier).accepted.sum() == 12


def test_no_picks_near_the_edge(networks, micrograph):
    picks = pick(micrograph, wanted(peaks={"border": 2, "threshold": 0}), networks)
    assert len(picks) > 0
    assert (picks.centers_yx >= 44 - 0.5).all()
    assert (picks.centers_yx <= np.array(SHAPE) - 44 - 0.5).all()
    everywhere = pick(micrograph, wanted(peaks={"border": 0, "threshold": 0}), networks)
    assert everywhere.centers_yx.min() < 20


@pytest.mark.parametrize("min_distance", [0.5, 1.0, 2.0])
def test_picks_keep_their_distance(networks, micrograph, min_distance):
    peaks = {"min_distance": min_distance, "threshold": 0, "border": 0}
    centers = pick(micrograph, wanted(peaks=peaks), networks).centers_yx
    nearest = cKDTree(centers).query(centers, 2)[0][:, 1]
    # Distances are kept in network pixels, whose sides differ by less than a percent.
    assert 0.99 * min_distance * 22 <= nearest.min() < (min_distance + 0.5) * 22


@pytest.mark.parametrize("box", [41, 60, 1000])
def test_no_box_of_a_pick_leaves_the_micrograph(networks, micrograph, box):
    everywhere = pick(micrograph, wanted(peaks={"border": 0, "threshold": 0}), networks)
    peaks = {"border": 0, "threshold": 0, "border_box_px": box, "min_distance": 0}
    picks = pick(micrograph, wanted(peaks=peaks), networks)
    first = np.rint(picks.centers_yx) - box // 2
    assert ((first >= 0) & (first + box <= micrograph.shape)).all()
    kept = holds_box(everywhere.centers_yx, micrograph.shape, box)
    assert len(picks) >= kept.sum()
    assert not kept.all()
    assert (len(picks) == 0) == (box == 1000)


def test_a_box_is_a_setting_of_results_only_if_it_is_given(networks):
    def settings(box):
        resolved = networks.resolve(wanted(peaks={"border_box_px": box}))
        return settings_of_candidates(resolved, Hashes("a"))["peaks"]

    assert "border_box_px" not in settings(None)
    assert settings(64) == settings(None) | {"border_box_px": 64}


@pytest.mark.parametrize("max_count", [None, 5])
def test_all_candidates_hold_the_picks_unchanged(with_classifier, micrograph, max_count):
    chosen = wanted(peaks={"max_count": max_count})
    picks = pick(micrograph, chosen, with_classifier)
    candidates = pick(micrograph, chosen, with_classifier, all_candidates=True)
    above = candidates.height >= CARD.threshold
    assert 0 < above.sum() < len(candidates)
    assert_array_equal(candidates.accepted & ~above, False)
    held = candidates.where(above)
    assert_allclose(held.probability, picks.probability, atol=1e-6)
    same(replace(held, probability=picks.probability), picks)


def test_stages_one_by_one_are_what_pick_does(with_classifier, micrograph):
    parameters = with_classifier.resolve(wanted())
    detection = detect(micrograph, parameters, with_classifier)
    candidates = rank_candidates(detection, parameters)
    assert np.isnan(candidates.probability).all()
    assert not candidates.accepted.any()
    staged = accept(classify(candidates, detection, with_classifier), parameters)
    same(staged, pick(micrograph, wanted(), with_classifier, all_candidates=True))
    assert detection.diameter_px == 22
    assert detection.evidence.values.shape == detection.view.frame.network_shape


@pytest.fixture
def aware(with_classifier):
    """Networks with a classifier that uses contexts."""
    torch.manual_seed(1)
    module = PatchClassifier(with_classifier.classifier.card.patch_px, with_context=True).eval()
    card = with_classifier.classifier.card.model_copy(update={"context": True})
    return replace(with_classifier, classifier=Network(module, card, "aware", ""))


def test_candidates_that_are_not_wanted_are_context_all_the_same(aware, micrograph):
    parameters = aware.resolve(wanted())
    detection = detect(micrograph, parameters, aware)
    candidates = rank_candidates(detection, parameters)
    every = classify(candidates, detection, aware)
    half = np.arange(len(candidates)) % 2 == 0
    some = classify(candidates, detection, aware, wanted=half)
    assert_allclose(some.probability, every.probability[half], atol=1e-6)
    alone = classify(candidates.where(half), detection, aware)
    assert np.abs(alone.probability - some.probability).max() > 1e-4


def test_heights_that_the_classifier_does_not_know_are_no_context(aware, micrograph):
    other = aware.classifier.card.model_copy(update={"architecture": "multiscale"})
    stranger = replace(aware, classifier=replace(aware.classifier, card=other))
    published = wanted(detector={"map_units": "published"}, peaks={"threshold": 50})
    for networks, chosen in ((stranger, wanted()), (aware, published)):
        parameters = networks.resolve(chosen)
        detection = detect(micrograph, parameters, networks)
        candidates = rank_candidates(detection, parameters)
        assert_array_equal(context_log_odds(candidates, detection, networks), 0)
        assert stranger.resolve(wanted()).classifier.accept == 0
    assert aware.resolve(wanted()).classifier.accept == 0.5


def test_published_units_reach_255_in_every_micrograph(networks, micrograph):
    chosen = wanted(detector={"map_units": "published"}, peaks={"sigma_px": 0, "threshold": 50})
    parameters = networks.resolve(chosen)
    faint = Micrograph(500 + (micrograph.pixels - 500) / 100, PIXEL_SIZE)
    for each in (micrograph, faint):
        picture = detect(each, parameters, networks).evidence.picture(parameters, None)
        assert picture.values.max() == pytest.approx(255, rel=1e-6)
        assert picture.values.min() == 0
        assert pick(each, chosen, networks).height.max() == pytest.approx(255, rel=1e-6)


def test_published_units_do_not_depend_on_dirt(networks, truth):
    """The darkest place has the maximum of the map, unless it is known to be dirt."""
    pixels, mask = draw(SHAPE, truth, 20.0).pixels.copy(), np.zeros(SHAPE, bool)
    y, x = np.round(truth[-1]).astype(int)
    pixels[y - 20 : y + 21, x - 20 : x + 21] -= 250
    mask[y - 26 : y + 27, x - 26 : x + 27] = True
    dirty = Micrograph(pixels, PIXEL_SIZE)
    chosen = wanted(detector={"map_units": "published"}, peaks={"threshold": 0, "sigma_px": 0})
    known, unknown = (pick(dirty, chosen, networks, mask=each) for each in (mask, None))
    assert known.height.max() == pytest.approx(255, rel=1e-6)
    on_mask = mask[tuple(np.round(known.centers_yx).astype(int).T)]
    assert known.height[~on_mask].max() > 240
    on_mask = mask[tuple(np.round(unknown.centers_yx).astype(int).T)]
    assert unknown.height[~on_mask].max() < 160
    heights = [pick(dirty, wanted(), networks, mask=each).height for each in (mask, None)]
    assert_array_equal(*heights)


def contrast(detection, centers_yx):
    """Return how much darker discs are than the pixels between them, in the published view."""
    seen = ndimage.gaussian_filter(detection.view.image, 1)
    at = detection.view.frame.to_network(centers_yx).round().astype(int)
    between = detection.view.frame.to_network(np.add(centers_yx, (0, 22))).round().astype(int)
    return np.median(seen[tuple(between.T)] - seen[tuple(at.T)])


def test_published_contrast_does_not_depend_on_dirt(networks, micrograph, truth):
    """A quarter of film changes the contrast of the rest, unless it is known to be dirt."""
    pixels, mask = micrograph.pixels.copy(), np.zeros((30, 45), bool)
    pixels[:, :110] -= 300
    mask[:, :11] = True
    chosen = wanted(detector={"normalization": "published"}, peaks={"threshold": 0.1})
    parameters = networks.resolve(chosen)
    dirty = Micrograph(pixels, PIXEL_SIZE)
    clean = detect(micrograph, parameters, networks)
    unknown, known = (detect(dirty, parameters, networks, mask=each) for each in (None, mask))
    discs = truth[(truth[:, 1] > 160) & (truth[:, 1] < 410)]
    usual = contrast(clean, discs)
    assert contrast(unknown, discs) < 0.6 * usual
    assert contrast(known, discs) == pytest.approx(usual, rel=0.15)
    assert known.classifier_view is known.view
    mostly = detect(dirty, parameters, networks, mask=np.ones((3, 4)) > 0)
    assert_array_equal(mostly.view.image, unknown.view.image)


def test_absolute_units_are_those_of_the_detector(networks, micrograph):
    parameters = networks.resolve(wanted(peaks={"sigma_px": 0}))
    detection = detect(micrograph, parameters, networks)
    with torch.inference_mode():
        seen = torch.from_numpy(detection.view.image)[None, None]
        expected = networks.detector.module(seen)[0, 0].numpy()
    assert_allclose(detection.evidence.values, expected, atol=1e-5)


def test_what_is_open_is_filled_in_from_the_card(with_classifier):
    resolved = with_classifier.resolve(wanted())
    assert resolved.detector.normalization == "robust"
    assert resolved.detector.map_units == "absolute"
    peaks = resolved.peaks
    assert (peaks.sigma_px, peaks.threshold, peaks.score, peaks.border) == (
        0.5,
        1.5,
        "height",
        0.25,
    )
    assert resolved.classifier.accept == 0.5
    assert with_classifier.resolve(resolved) == resolved


def test_what_the_user_says_wins(with_classifier):
    peaks = {"sigma_px": 0.0, "threshold": 0.0, "score": "prominence", "border": 0.0}
    chosen = wanted(
        detector={"normalization": "published", "map_units": "published"},
        peaks=peaks,
        classifier={"accept": 0.0, "least_f1": 0.3},
    )
    resolved, given = with_classifier.resolve(chosen).model_dump(), chosen.model_dump()
    assert {**resolved, "segmenter": None} == {**given, "segmenter": None}


def automatic(networks, **cuts):
    card = networks.classifier.card.model_copy(update={"accept": None, **cuts})
    return replace(networks, classifier=replace(networks.classifier, card=card))


def test_an_automatic_cut_is_that_of_best_expected_f1(with_classifier, micrograph):
    networks = automatic(with_classifier)
    parameters = networks.resolve(wanted())
    assert parameters.classifier.accept is None
    picks = pick(micrograph, wanted(), networks)
    cut = find_cut(picks, parameters)
    assert cut.automatic
    assert_array_equal(picks.accepted, picks.probability >= cut.accept)
    every = pick(micrograph, wanted(), networks, all_candidates=True)
    assert find_cut(every, parameters) == cut
    fixed = find_cut(picks, networks.resolve(wanted(classifier={"accept": 0.7})))
    assert (fixed.accept, fixed.automatic, fixed.picks_something) == (0.7, False, True)


def test_where_too_little_is_to_be_expected_nothing_is_accepted(with_classifier, micrograph):
    networks = automatic(with_classifier, least_f1=1.0)
    picks = pick(micrograph, wanted(), networks)
    assert len(picks)
    assert not picks.accepted.any()
    assert pick(micrograph, wanted(classifier={"least_f1": 0.0}), networks).accepted.any()
    assert pick(micrograph, wanted(classifier={"accept": 0.0}), networks).accepted.all()


def test_picks_keep_clear_of_blank_parts(networks, micrograph):
    parameters = networks.resolve(wanted(peaks={"threshold": 0.0, "border": 0.5}))
    black = replace(micrograph, pixels=micrograph.pixels.copy())
    black.pixels[:, :60] = 0
    picks = pick(black, parameters, networks)
    assert len(picks)
    assert picks.centers_yx[:, 1].min() > 60 + 0.4 * particle_diameter_px(micrograph, wanted())


def test_without_a_classifier_nothing_is_classified(networks, micrograph):
    picks = pick(micrograph, wanted(classifier={"accept": 1.0}), networks)
    assert np.isnan(picks.probability).all()
    assert picks.accepted.all()
    assert len(picks) > 0


def test_an_empty_micrograph(with_classifier):
    noise = np.random.default_rng(0).normal(500, 10, (200, 260)).astype(np.float32)
    picks = pick(Micrograph(noise, PIXEL_SIZE), wanted(peaks={"threshold": 50}), with_classifier)
    assert len(picks) == 0
    assert picks.centers_yx.shape == (0, 2)
    for name, kind in (("height", "f"), ("prominence", "f"), ("probability", "f")):
        assert getattr(picks, name).shape == (0,)
        assert getattr(picks, name).dtype.kind == kind
    assert picks.accepted.dtype == bool


def test_the_pixel_size_of_the_user_wins_over_the_header(networks, micrograph):
    assert particle_diameter_px(micrograph, wanted()) == 22
    corrected = wanted(particle={"pixel_size_angstrom": 3.0})
    assert particle_diameter_px(micrograph, corrected) == 11


def test_an_unknown_pixel_size(networks, micrograph, tmp_path):
    unknown = replace(micrograph, pixel_size_angstrom=None)
    with pytest.raises(InputFileError, match=r"micrograph: .* Give it in Å.*--pixel-size"):
        pick(unknown, wanted(), networks)
    named = replace(unknown, path=tmp_path / "mic.mrc")
    with pytest.raises(InputFileError, match=r"mic\.mrc"):
        pick(named, wanted(), networks)
    assert len(pick(unknown, wanted(particle={"pixel_size_angstrom": 1.5}), networks)) > 0


@pytest.mark.parametrize(
    ("diameter", "reason"), [(900.0, "does not fit into a micrograph"), (1.0, "too small")]
)
def test_an_impossible_diameter(networks, micrograph, diameter, reason):
    chosen = wanted(particle={"diameter_angstrom": diameter})
    with pytest.raises(InputFileError, match=f"micrograph: .*{reason}.* Check the particle"):
        pick(micrograph, chosen, networks)


def test_work_is_reported_and_can_be_cancelled(with_classifier, micrograph):
    stages = []

    class Watcher:
        def advance(self, done, total, stage):
            if done == total:
                stages.append(stage)

    class Impatient:
        def advance(self, done, total, stage):
            if stage == "classifier":
                raise Cancelled

    pick(micrograph, wanted(), with_classifier, Watcher())
    assert stages == ["distance map", "classifier"]
    with pytest.raises(Cancelled):
        pick(micrograph, wanted(), with_classifier, Impatient())


def test_networks_are_loaded_as_the_parameters_name_them(tmp_path, micrograph):
    files = {"detector": FCRN(), "classifier": PatchClassifier(40)}
    for name, module in files.items():
        card = CARD if name == "detector" else CLASSIFIER_CARD
        save_network(tmp_path / f"{name}.safetensors", module.state_dict(), card)
    chosen = wanted(
        detector={"weights": str(tmp_path / "detector.safetensors"), "device": "cpu"},
        classifier={"classifier": str(tmp_path / "classifier.safetensors")},
    )
    loaded = load_networks(chosen)
    assert loaded.device == Device("cpu", "as requested")
    assert (loaded.detector.card, loaded.classifier.card) == (CARD, CLASSIFIER_CARD)
    same(pick(micrograph, chosen), pick(micrograph, chosen, loaded))
    alone = chosen.model_copy(
        update={"classifier": wanted(classifier={"classifier": "none"}).classifier}
    )
    assert load_networks(alone).classifier is None


@pytest.mark.parametrize(
    "own",
    [
        {"peaks": {"score": "prominence"}},
        {"detector": {"map_units": "published"}},
        {"detector": {"normalization": "published"}},
    ],
)
def test_a_recommended_threshold_is_not_used_for_other_units(networks, own):
    with pytest.raises(ValueError, match="is not that of the detector"):
        networks.resolve(wanted(**own))
    own.setdefault("peaks", {})["threshold"] = 3.0
    assert networks.resolve(wanted(**own)).peaks.threshold == 3.0
