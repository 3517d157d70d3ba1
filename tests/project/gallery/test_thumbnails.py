"""Thumbnails: kept within a limit, and never those of another file."""

import os

import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.picking.fingerprint import file_stamp
from napari_drpnet.project.gallery.thumbnails import (
    BoxCutter,
    BoxOrigin,
    OutdatedError,
    Thumbnails,
)


class Quiet:
    def advance(self, done, total, stage):
        pass


class Stop:
    def advance(self, done, total, stage):
        raise Cancelled


@pytest.fixture
def disc(tmp_path, write_discs):
    """A micrograph of dark discs, and their centres."""
    path = tmp_path / "disc.mrc"
    centers = write_discs(path, seed=0)
    return BoxOrigin(path, file_stamp(path), 18.0, "dark"), [tuple(c) for c in centers.tolist()]


def test_thumbnails_show_bright_particles_in_the_middle(disc):
    origin, places = disc
    greys = BoxCutter().cut(origin, places, Quiet())
    assert greys.shape == (16, 48, 48)
    assert greys.dtype == np.uint8
    middle, edge = greys[:, 20:28, 20:28].mean(), greys[:, :4].mean()
    assert middle > edge + 40
    inverse = BoxCutter().cut(BoxOrigin(origin.path, origin.stamp, 18.0, "bright"), places, Quiet())
    assert inverse[:, 20:28, 20:28].mean() < inverse[:, :4].mean() - 40


def test_a_place_beyond_the_edge_is_padded_with_the_mean(disc):
    grey = BoxCutter().cut(disc[0], [(-500.0, -500.0)], Quiet())[0]
    assert np.unique(grey).size == 1
    assert 60 < grey[0, 0] < 160


def test_a_micrograph_is_prepared_once(disc, monkeypatch):
    origin, places = disc
    cutter = BoxCutter()
    first = cutter.cut(origin, places[:1], Quiet())
    monkeypatch.setattr("napari_drpnet.project.gallery.thumbnails.prepare_boxes", None)
    np.testing.assert_array_equal(cutter.cut(origin, places[:1], Quiet()), first)


def test_only_the_latest_micrograph_is_held_when_the_memory_is_small(disc, monkeypatch):
    origin, places = disc
    cutter, other = BoxCutter(prepared_bytes=1), BoxOrigin(origin.path, origin.stamp, 40.0, "dark")
    cutter.cut(origin, places, Quiet())
    cutter.cut(other, places, Quiet())
    monkeypatch.setattr("napari_drpnet.project.gallery.thumbnails.prepare_boxes", None)
    cutter.cut(other, places, Quiet())
    with pytest.raises(TypeError):  # it would have to be prepared again
        cutter.cut(origin, places, Quiet())


def test_a_replaced_file_is_not_cut(disc):
    origin, places = disc
    os.utime(origin.path, ns=(1, 1))
    with pytest.raises(OutdatedError):
        BoxCutter().cut(origin, places, Quiet())


def test_a_missing_file_is_an_error_of_the_file(disc, tmp_path):
    missing = tmp_path / "missing.mrc"
    with pytest.raises(InputFileError):
        BoxCutter().cut(BoxOrigin(missing, file_stamp(missing), 18.0, "dark"), disc[1], Quiet())


def test_work_can_be_cancelled_before_boxes_are_cut(disc):
    with pytest.raises(Cancelled):
        BoxCutter().cut(*disc, Stop())


def test_the_least_recently_used_thumbnails_go_first(disc):
    origin, greys = disc[0], np.zeros((3, 48, 48), np.uint8)
    kept = Thumbnails(most=3)
    kept.put(origin, [(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)], greys)
    assert kept.find(origin, (0.0, 0.0)) is not None
    kept.put(origin, [(3.0, 3.0)], greys[:1] + 9)
    assert len(kept) == 3
    assert kept.find(origin, (1.0, 1.0)) is None
    assert kept.find(origin, (0.0, 0.0)) is not None
    assert (kept.find(origin, (3.0, 3.0)) == 9).all()


def test_reasons_are_kept_until_they_are_forgotten(disc):
    kept = Thumbnails()
    assert kept.reason(disc[0]) == ""
    kept.fail(disc[0], "it is gone")
    assert kept.reason(disc[0]) == "it is gone"
    kept.forget_reasons()
    assert kept.reason(disc[0]) == ""
