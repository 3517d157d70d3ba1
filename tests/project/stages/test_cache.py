import gc
import os
import weakref

import numpy as np
import pytest
import torch

from napari_drpnet import pick, read_micrograph
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.base.picks import Picks
from napari_drpnet.picking import loading
from napari_drpnet.picking.cuts import accept
from napari_drpnet.picking.loading import choose_weights
from napari_drpnet.picking.networks.weights import load_classifier, save_network
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.project.stages import cache as module
from napari_drpnet.project.stages.cache import StageCache
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord

pytestmark = pytest.mark.usefixtures("use_toy_weights")


def plan(**stages):
    given = PickParameters.model_validate({"particle": {"diameter_angstrom": 36.0}} | stages)
    weights = choose_weights(given)
    return Plan(weights.resolve(given), weights)


@pytest.fixture
def records(tmp_path, write_discs):
    """A function that writes micrographs of 16 discs and returns their records."""

    def write(count=1, **options):
        for k in range(count):
            write_discs(tmp_path / f"{k}.mrc", seed=k, **options)
        return [
            MicrographRecord(
                id=f"m{k + 1:04d}",
                name=f"{k}.mrc",
                path=tmp_path / f"{k}.mrc",
                output=f"{k}",
                pixel_size_angstrom=None,
                defocus_angstrom=None,
            )
            for k in range(count)
        ]

    return write


def same(found: Picks, expected: Picks):
    for name in ("centers_yx", "height", "prominence", "probability"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("classifier", ["default", "none"])
def test_it_finds_what_pick_finds(records, classifier):
    (record,) = records()
    chosen = plan(classifier={"classifier": classifier}, peaks={"sigma_px": 1.0})
    analysis, stored = StageCache(10**9).pick(record, chosen)
    expected = pick(read_micrograph(record.path), chosen.parameters, all_candidates=True)
    same(stored.picks, expected)
    np.testing.assert_array_equal(
        accept(stored.picks, chosen.parameters).accepted, expected.accepted
    )
    assert (stored.shape, stored.pixel_size_angstrom, stored.diameter_px) == ((160, 160), 2.0, 18.0)
    assert analysis.nbytes >= 2 * analysis.detection.evidence.nbytes


def test_what_is_odd_about_the_map_is_kept_with_the_picks(records):
    (record,) = records()
    usual_size, high = {"diameter_angstrom": 45.0}, {"threshold": 1e6}
    chosen = plan(particle=usual_size, peaks=high)
    _, usual = StageCache(10**9).pick(record, chosen)
    assert usual.advice == ()
    assert usual.detection_key == chosen.detection_key(record)
    chosen = plan(particle={"diameter_angstrom": 120.0})
    _, large = StageCache(10**9).pick(record, chosen)
    assert [one.topic for one in large.advice] == ["diameter"]


def test_the_map_is_drawn_once_whatever_the_sliders_do(records, monkeypatch):
    (record,) = records()
    cache, drawn, detect = StageCache(10**9), [], module.detect
    monkeypatch.setattr(module, "detect", lambda *args: drawn.append(1) or detect(*args))
    for sigma in (0.5, 1.0, 2.0, 0.5):
        chosen = plan(peaks={"sigma_px": sigma})
        _, stored = cache.pick(record, chosen)
        expected = pick(read_micrograph(record.path), chosen.parameters, all_candidates=True)
        same(stored.picks, expected)
    assert len(drawn) == 1


def test_least_recently_used_maps_are_dropped(records):
    chosen = plan()
    many = records(30, side=80)
    one = StageCache(0).analyse(many[0], chosen).nbytes
    cache = StageCache(int(3.5 * one))
    held, sizes = [], []
    for record in many:
        held.append(weakref.ref(cache.analyse(record, chosen)))
        cache.analyse(many[0], chosen)  # used all the time, so never dropped
        sizes.append(cache._held())
    assert max(sizes) <= 3.5 * one
    gc.collect()
    alive = [k for k, reference in enumerate(held) if reference() is not None]
    assert alive == [0, 28, 29]
    keys = [chosen.detection_key(record) for record in many]
    assert [k for k, key in enumerate(keys) if cache.find(key)] == alive


def test_the_last_map_stays_however_large(records):
    (record,) = records()
    chosen = plan()
    cache = StageCache(0)
    analysis = cache.analyse(record, chosen)
    assert cache.analyse(record, chosen) is analysis


def test_networks_are_loaded_once_for_the_same_device_and_files(monkeypatch):
    loaded, load = [], loading.load_networks
    monkeypatch.setattr(loading, "load_networks", lambda given: loaded.append(1) or load(given))
    cache = StageCache(10**9)
    first = cache.networks(plan())
    assert cache.networks(plan(peaks={"sigma_px": 3.0})) is first
    assert cache.networks(plan(detector={"device": "cpu"})) is not first
    assert cache.networks(plan(classifier={"classifier": "none"})).classifier is None
    assert len(loaded) == 3


def test_a_file_that_changes_is_read_again(records, write_discs):
    (record,) = records()
    chosen = plan()
    cache = StageCache(10**9)
    before = cache.pick(record, chosen)[1]
    record.path.unlink()
    write_discs(record.path, seed=9)
    after = cache.pick(record, chosen)[1]
    assert before.key != after.key
    assert not np.array_equal(before.picks.centers_yx, after.picks.centers_yx)


def test_what_is_found_while_the_file_changes_has_the_key_of_before(records, monkeypatch):
    (record,) = records()
    chosen = plan()
    expected = StageCache(10**9).pick(record, chosen)[1].key
    detect = module.detect

    def touch_and_detect(*args):
        os.utime(record.path, (1, 1))
        return detect(*args)

    monkeypatch.setattr(module, "detect", touch_and_detect)
    assert StageCache(10**9).pick(record, chosen)[1].key == expected


def test_the_pixel_size_that_counts(records):
    (record,) = records()
    listed = record.model_copy(update={"pixel_size_angstrom": 3.0})
    own, given = plan(), plan(particle={"diameter_angstrom": 36, "pixel_size_angstrom": 4.0})
    sizes = [
        StageCache(0).analyse(one, chosen).pixel_size_angstrom
        for one, chosen in [(record, own), (listed, own), (listed, given)]
    ]
    assert sizes == [2.0, 3.0, 4.0]


def test_another_classifier_of_the_same_scale_needs_no_new_map(records, tmp_path, monkeypatch):
    (record,) = records()
    network = load_classifier()
    card = network.card.model_copy(update={"accept": 0.9})
    bias = {"head.4.bias": torch.tensor([0.0, 2.0])}
    save_network(tmp_path / "own.safetensors", network.module.state_dict() | bias, card)
    cache, drawn, detect = StageCache(10**9), [], module.detect
    monkeypatch.setattr(module, "detect", lambda *args: drawn.append(1) or detect(*args))
    for name in ("default", str(tmp_path / "own.safetensors"), "default"):
        chosen = plan(classifier={"classifier": name})
        _, stored = cache.pick(record, chosen)
        same(
            stored.picks, pick(read_micrograph(record.path), chosen.parameters, all_candidates=True)
        )
    assert len(drawn) == 1


def test_a_cancelled_pick_keeps_nothing(records):
    (record,) = records()
    chosen = plan()

    class Impatient:
        def advance(self, done, total, stage):
            raise Cancelled

    cache = StageCache(10**9)
    with pytest.raises(Cancelled):
        cache.pick(record, chosen, Impatient())
    assert cache.find(chosen.detection_key(record)) is None


def test_a_missing_file_is_an_error_about_it(records):
    (record,) = records()
    record.path.unlink()
    with pytest.raises(InputFileError, match="no such file"):
        StageCache(10**9).pick(record, plan())
