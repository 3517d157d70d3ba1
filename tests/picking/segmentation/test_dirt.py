import pytest
from numpy.testing import assert_array_equal

from napari_drpnet.base.segmentation import CARBON, ICE, UNKNOWN
from napari_drpnet.picking.segmentation.dirt import dirt_mask
from segmenting import DIAMETER_PX, background, disc, segmented


def test_ice_and_carbon_are_dirt():
    classes = background()
    classes[disc((30, 40), 15)] = ICE
    classes[:, 110:] = CARBON
    assert_array_equal(
        dirt_mask(segmented(classes), 0.5, 0), (classes == ICE) | (classes == CARBON)
    )


def test_least_probability_is_that_of_ice_or_carbon():
    classes = background()
    classes[disc((30, 40), 15)] = ICE
    weak = segmented(classes, 0.6)  # P(ice) 0.6, P(carbon) 0.13; 0.27 on background
    assert not dirt_mask(weak, 0.74, 0).any()
    assert_array_equal(dirt_mask(weak, 0.73, 0), classes == ICE)
    assert dirt_mask(weak, 0.2, 0).all()


@pytest.mark.parametrize(("least", "kept"), [(0.0, True), (0.9, True), (1.1, False)])
def test_specks_below_the_least_area_are_left_out(least, kept):
    classes = background()
    speck = disc((30, 40), DIAMETER_PX / 2)  # the area of one particle
    classes[speck] = ICE
    large = disc((80, 100), 2 * DIAMETER_PX)
    classes[large] = ICE
    mask = dirt_mask(segmented(classes), 0.5, least)
    assert mask[speck].all() == kept
    assert mask[large].all()


def test_pixels_of_unknown_class_are_not_dirt():
    classes = background()
    classes[:20] = UNKNOWN
    assert not dirt_mask(segmented(classes), 0.0, 0)[:20].any()


def test_a_clean_micrograph_has_no_dirt():
    assert not dirt_mask(segmented(background()), 0.5, 0.1).any()


def test_the_last_mask_is_kept_as_it_is():
    classes = background()
    classes[disc((30, 40), 15)] = ICE
    segmentation = segmented(classes)
    mask = dirt_mask(segmentation, 0.5, 0)
    assert dirt_mask(segmentation, 0.5, 0) is mask
    with pytest.raises(ValueError, match="read-only"):
        mask[0, 0] = True
    assert not dirt_mask(segmentation, 0.95, 0).any()
    assert_array_equal(dirt_mask(segmentation, 0.5, 0), classes == ICE)
