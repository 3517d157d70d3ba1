"""Dirt rejects picks, whoever knows of it."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_drpnet.base.dirt import FARTHEST
from napari_drpnet.base.picks import Picks
from napari_drpnet.base.segmentation import CARBON, ICE, UNKNOWN
from napari_drpnet.images.preprocess import NetworkImage
from napari_drpnet.picking.cuts import accept, find_cut, on_dirt
from napari_drpnet.picking.detection import Detection
from napari_drpnet.picking.detectors.distance_map_family import DistanceMap
from napari_drpnet.picking.dirt import find_dirt
from resolving import resolved
from segmenting import BINNING, DIAMETER_PX, SHAPE, background, disc, segmented

FULL_DIAMETER_PX = BINNING * DIAMETER_PX


def detection(classes=None, mask=None, own=None, valid=None):
    segmentation = None if classes is None else segmented(classes)
    frame = segmented(background()).frame
    view = NetworkImage(np.zeros(SHAPE, np.float32), frame, "dark", "robust", valid)
    evidence = DistanceMap(np.zeros(SHAPE, np.float32), "absolute", own)
    return Detection(view, evidence, view, FULL_DIAMETER_PX, 1.0, segmentation, mask)


def carbon(columns=50):
    classes = background()
    classes[:, :columns] = CARBON
    return classes


def picks_at(centers_yx, clearance=np.nan):
    count = len(centers_yx)
    unknown = np.full(count, np.nan)
    known = np.broadcast_to(np.asarray(clearance, float), count).copy()
    return Picks(np.array(centers_yx, float), *[np.ones(count)] * 2, unknown, unknown > 0, known)


def test_nothing_is_dirt_where_nothing_knows_about_it():
    assert find_dirt(detection(), resolved()) is None


def test_clearance_is_the_distance_to_dirt_in_diameters():
    dirt = find_dirt(detection(carbon(50)), resolved())
    edge = BINNING * 50 - 0.5
    centers = np.array([[100.0, 60.0], [100, edge], [100, edge + FULL_DIAMETER_PX], [30, 330]])
    expected = [0, 0, 1, (330 - edge) / FULL_DIAMETER_PX]
    assert_allclose(dirt.clearance(centers, FULL_DIAMETER_PX), expected, atol=0.02)
    clean = find_dirt(detection(background()), resolved())
    assert_array_equal(clean.clearance(centers, FULL_DIAMETER_PX), FARTHEST)


def test_dirt_is_what_segmenter_mask_or_detector_call_dirt():
    mask = np.zeros((40, 50), bool)
    mask[:10, :10] = True  # rows and columns 0 to 30 of the view
    own = disc((90, 120), 10)
    classes = background()
    classes[50:70, 20:40] = ICE
    dirt = find_dirt(detection(classes, mask, own), resolved()).mask
    expected = own | (classes == ICE)
    expected[:30, :30] = True
    assert (dirt != expected).sum() <= 1  # the corner of a coarse mask is rounded


def test_area_is_that_of_the_valid_part():
    valid = np.ones(SHAPE, bool)
    valid[:, 75:] = False
    classes = carbon(30)
    classes[:, 75:] = UNKNOWN
    assert find_dirt(detection(classes, valid=valid), resolved()).area == pytest.approx(0.4)


def test_nothing_is_rejected_if_nearly_all_is_dirty():
    centers = np.array([[100.0, 60.0]])
    nearly = find_dirt(detection(carbon(121)), resolved())
    assert nearly.area > 0.8
    assert np.isnan(nearly.clearance(centers, FULL_DIAMETER_PX)).all()
    less = find_dirt(detection(carbon(119)), resolved())
    assert_array_equal(less.clearance(centers, FULL_DIAMETER_PX), 0)


def test_picks_on_dirt_are_not_accepted():
    picks = picks_at(np.zeros((4, 2)), [0.0, 0.25, 0.3, np.nan])
    parameters = resolved(segmenter={"clearance": 0.25}, peaks={"threshold": 0.5})
    assert_array_equal(on_dirt(picks, parameters), [True, True, False, False])
    assert_array_equal(accept(picks, parameters).accepted, [False, False, True, True])


def test_the_automatic_cut_does_not_count_on_picks_on_dirt():
    clean = replace(picks_at(np.zeros((3, 2)), 9.0), probability=np.array([0.9, 0.8, 0.1]))
    dirty = replace(picks_at(np.zeros((90, 2)), 0.0), probability=np.full(90, 0.45))
    both = Picks(
        *(
            np.concatenate([getattr(clean, name), getattr(dirty, name)])
            for name in (
                "centers_yx",
                "height",
                "prominence",
                "probability",
                "accepted",
                "clearance",
            )
        )
    )
    parameters = resolved(peaks={"threshold": 0.5})
    assert find_cut(both, parameters) == find_cut(clean, parameters)
    assert find_cut(both, parameters) != find_cut(
        replace(both, clearance=np.full(93, 9.0)), parameters
    )
