import gc
import os
import weakref

import numpy as np
import pytest

from napari_drpnet import pick, read_micrograph
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.base.picks import Picks
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.pick import accept
from napari_drpnet.project.stages import cache as module
from napari_drpnet.project.stages.cache import Picker, read_record
from napari_drpnet.project.stages.derivation import choose_weights, detection_key
from napari_drpnet.project.state.edits import MicrographRecord

pytestmark = pytest.mark.usefixtures("use_toy_weights")


def plan(**stages):
    given = PickParameters.model_validate({"particle": {"diameter_angstrom": 36.0}} | stages)
    weights = choose_weights(given)
    return weights.resolve(given), weights


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
    parameters, weights = plan(classifier={"classifier": classifier}, peaks={"sigma_px": 1.0})
    analysis, stored = Picker(10**9).pick(record, parameters, weights)
    expected = pick(read_micrograph(record.path), parameters, all_candidates=True)
    same(stored.picks, expected)
    np.testing.assert_array_equal(accept(stored.picks, parameters).accepted, expected.accepted)
    assert (stored.shape, stored.pixel_size_angstrom, stored.diameter_px) == ((160, 160), 2.0, 18.0)
    assert analysis.nbytes >= 2 * analysis.detection.distance_map.nbytes


def test_what_is_odd_about_the_map_is_kept_with_the_picks(records):
    (record,) = records()
    usual_size, high = {"diameter_angstrom": 45.0}, {"threshold": 1e6}
    parameters, weights = plan(particle=usual_size, peaks=high)
    _, usual = Picker(10**9).pick(record, parameters, weights)
    assert usual.advice == ()
    assert usual.detection_key == detection_key(record, parameters, weights)
    parameters, weights = plan(particle={"diameter_angstrom": 120.0})
    _, large = Picker(10**9).pick(record, parameters, weights)
    assert [one.topic for one in large.advice] == ["diameter"]


def test_the_map_is_drawn_once_whatever_the_sliders_do(records, monkeypatch):
    (record,) = records()
    picker, drawn, detect = Picker(10**9), [], module.detect
    monkeypatch.setattr(module, "detect", lambda *args: drawn.append(1) or detect(*args))
    for sigma in (0.5, 1.0, 2.0, 0.5):
        parameters, weights = plan(peaks={"sigma_px": sigma})
        _, stored = picker.pick(record, parameters, weights)
        expected = pick(read_micrograph(record.path), parameters, all_candidates=True)
        same(stored.picks, expected)
    assert len(drawn) == 1


def test_least_recently_used_maps_are_dropped(records):
    parameters, weights = plan()
    many = records(30, side=80)
    one = Picker(0).analyse(many[0], parameters, weights).nbytes
    picker = Picker(int(3.5 * one))
    held, sizes = [], []
    for record in many:
        held.append(weakref.ref(picker.analyse(record, parameters, weights)))
        picker.analyse(many[0], parameters, weights)  # used all the time, so never dropped
        sizes.append(picker._held())
    assert max(sizes) <= 3.5 * one
    gc.collect()
    alive = [k for k, reference in enumerate(held) if reference() is not None]
    assert alive == [0, 28, 29]
    keys = [detection_key(record, parameters, weights) for record in many]
    assert [k for k, key in enumerate(keys) if picker.find(key)] == alive


def test_the_last_map_stays_however_large(records):
    (record,) = records()
    parameters, weights = plan()
    picker = Picker(0)
    analysis = picker.analyse(record, parameters, weights)
    assert picker.analyse(record, parameters, weights) is analysis


def test_networks_are_loaded_once_for_the_same_device_and_files(monkeypatch):
    loaded, load = [], module.load_networks
    monkeypatch.setattr(module, "load_networks", lambda given: loaded.append(1) or load(given))
    picker = Picker(10**9)
    first = picker.networks(*plan())
    assert picker.networks(*plan(peaks={"sigma_px": 3.0})) is first
    assert picker.networks(*plan(detector={"device": "cpu"})) is not first
    assert picker.networks(*plan(classifier={"classifier": "none"})).classifier is None
    assert len(loaded) == 3


def test_a_file_that_changes_is_read_again(records, write_discs):
    (record,) = records()
    parameters, weights = plan()
    picker = Picker(10**9)
    before = picker.pick(record, parameters, weights)[1]
    record.path.unlink()
    write_discs(record.path, seed=9)
    after = picker.pick(record, parameters, weights)[1]
    assert before.key != after.key
    assert not np.array_equal(before.picks.centers_yx, after.picks.centers_yx)


def test_what_is_found_while_the_file_changes_has_the_key_of_before(records, monkeypatch):
    (record,) = records()
    parameters, weights = plan()
    expected = Picker(10**9).pick(record, parameters, weights)[1].key
    detect = module.detect

    def touch_and_detect(*args):
        os.utime(record.path, (1, 1))
        return detect(*args)

    monkeypatch.setattr(module, "detect", touch_and_detect)
    assert Picker(10**9).pick(record, parameters, weights)[1].key == expected


def test_the_pixel_size_that_counts(records):
    (record,) = records()
    listed = record.model_copy(update={"pixel_size_angstrom": 3.0})
    own, given = plan()[0], plan(particle={"diameter_angstrom": 36, "pixel_size_angstrom": 4.0})[0]
    sizes = [
        read_record(one, parameters).pixel_size_angstrom
        for one, parameters in [(record, None), (record, own), (listed, own), (listed, given)]
    ]
    assert sizes == [2.0, 2.0, 3.0, 4.0]


def test_a_cancelled_pick_keeps_nothing(records):
    (record,) = records()
    parameters, weights = plan()

    class Impatient:
        def advance(self, done, total, stage):
            raise Cancelled

    picker = Picker(10**9)
    with pytest.raises(Cancelled):
        picker.pick(record, parameters, weights, Impatient())
    assert picker.find(detection_key(record, parameters, weights)) is None


def test_a_missing_file_is_an_error_about_it(records):
    (record,) = records()
    record.path.unlink()
    with pytest.raises(InputFileError, match="no such file"):
        Picker(10**9).pick(record, *plan())
