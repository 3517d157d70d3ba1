from dataclasses import fields, replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_drpnet.base.picks import Picks
from napari_drpnet.picking.advice import Advice
from napari_drpnet.project.storage.candidate_files import (
    StoredCandidates,
    read_candidates,
    write_candidates,
)


def candidates(count=3):
    rows = np.arange(count, dtype=float)
    probability = np.where(rows == 1, np.nan, rows / 10)
    picks = Picks(np.stack([rows, 10 * rows], 1), 3 - rows, 2 - rows, probability, rows > 0)
    advice = (Advice("polarity", "Dark – or bright?"), Advice("blank area", "5% is blank."))
    place = (4096, 4000), 1.06, 169.8, "bright", 0.9
    return StoredCandidates("abc", picks, *place, "def", advice[:count], 0.25 if count else None)


@pytest.mark.parametrize("count", [0, 3])
def test_candidates_come_back(tmp_path, count):
    written = candidates(count)
    write_candidates(tmp_path / "new" / "a.npz", written)
    read = read_candidates(tmp_path / "new" / "a.npz")
    for field in fields(Picks):
        array = getattr(read.picks, field.name)
        assert_array_equal(array, getattr(written.picks, field.name))
        assert array.dtype == getattr(written.picks, field.name).dtype
    others = [field.name for field in fields(StoredCandidates) if field.name != "picks"]
    for name in others:
        assert getattr(read, name) == getattr(written, name)
        assert type(getattr(read, name)) is type(getattr(written, name))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.npz"]


def test_files_of_earlier_versions_are_read(tmp_path):
    path = tmp_path / "a.npz"
    write_candidates(path, candidates())
    with np.load(path) as file:
        arrays = dict(file)
    for name in ("detection_key", "advice_topics", "advice_texts", "clearance", "dirty_area"):
        del arrays[name]
    np.savez(path, **arrays)
    read = read_candidates(path)
    assert (read.key, read.detection_key, read.advice) == ("abc", "", ())
    assert read.dirty_area is None
    assert np.isnan(read.picks.clearance).all()
    assert len(read.picks.clearance) == len(read.picks) == 3


def test_a_file_that_unpacks_to_more_than_it_has_is_none(tmp_path):
    path = tmp_path / "a.npz"
    write_candidates(path, candidates())
    with np.load(path) as file:
        np.savez_compressed(path, **file, bomb=np.zeros(10_000))
    assert read_candidates(path) is None


def test_absent_is_none(tmp_path):
    assert read_candidates(tmp_path / "a.npz") is None


def test_cut_or_changed_files_are_none_or_whole(tmp_path):
    path = tmp_path / "a.npz"
    write_candidates(path, candidates())
    data = path.read_bytes()
    for cut in range(0, len(data), 37):
        path.write_bytes(data[:cut])
        assert read_candidates(path) is None
    rng = np.random.default_rng(0)
    for place in rng.integers(len(data), size=100):
        changed = bytearray(data)
        changed[place] ^= 1 << rng.integers(8)
        path.write_bytes(changed)
        read = read_candidates(path)
        assert read is None or len(read.picks) == 3


@pytest.mark.parametrize("change", [{"height": np.zeros(2)}, {"polarity": "grey"}, {"shape": 3}])
def test_contents_that_do_not_fit_are_none(tmp_path, change):
    path = tmp_path / "a.npz"
    write_candidates(path, candidates())
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **arrays)
    assert read_candidates(path) is not None
    np.savez(path, **arrays | change)
    assert read_candidates(path) is None


def test_a_pickle_is_not_loaded(tmp_path):
    path = tmp_path / "a.npz"
    write_candidates(path, candidates())
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **arrays | {"key": np.array([object()])}, allow_pickle=True)
    assert read_candidates(path) is None


def test_a_failed_write_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "a.npz"
    write_candidates(path, candidates())
    with pytest.raises(ValueError, match="Object arrays"):
        write_candidates(path, replace(candidates(), key=np.array([object()])))
    assert read_candidates(path).key == "abc"
