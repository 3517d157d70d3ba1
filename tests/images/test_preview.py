import numpy as np
import pytest
from PIL import Image

from napari_drpnet.base.picks import Picks
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.images.preview import (
    LONGEST_SIDE,
    draw_classes,
    draw_preview,
    write_overlay,
    write_preview,
)


def micrograph(*shape):
    pixels = np.random.default_rng(0).normal(100, 5, shape).astype(np.float32)
    return Micrograph(pixels, 1.5)


def picks_at(centers_yx, accepted):
    count = len(centers_yx)
    zeros = np.zeros(count)
    return Picks(
        np.array(centers_yx, float).reshape(-1, 2), zeros, zeros, zeros, np.array(accepted, bool)
    )


def is_green(pixels):
    red, green, blue = np.moveaxis(pixels.astype(int), -1, 0)
    return (green > red + 60) & (green > blue + 40)


def is_orange(pixels):
    red, green, blue = np.moveaxis(pixels.astype(int), -1, 0)
    return (red > green + 60) & (red > blue + 60)


def test_rings_lie_around_the_picks():
    picks = picks_at([[200, 300], [400, 100]], [True, False])
    pixels = np.asarray(draw_preview(micrograph(600, 500), picks, 80.0))[:600, :500]
    for found, center in ((is_green(pixels), (200, 300)), (is_orange(pixels), (400, 100))):
        assert np.argwhere(found).mean(axis=0) == pytest.approx(center, abs=1)
        reach = np.hypot(*(np.argwhere(found) - center).T)
        assert reach.max() == pytest.approx(40, abs=2.5)


def test_rejected_picks_look_different_without_colour():
    centers = [[50, 50]]
    around = (slice(20, 80), slice(20, 80))
    rings = [
        np.asarray(draw_preview(micrograph(400, 700), picks_at(centers, [kind]), 40.0).convert("L"))
        for kind in (True, False)
    ]
    bare = np.asarray(draw_preview(micrograph(400, 700), picks_at([], []), 40.0).convert("L"))
    drawn = [np.abs(ring[around].astype(int) - bare[around]) > 20 for ring in rings]
    assert drawn[1][25:36, 25:36].sum() > 20  # the cross in the middle
    assert not drawn[0][25:36, 25:36].any()


def test_large_micrographs_shrink_with_their_rings():
    preview = draw_preview(micrograph(1500, 3000), picks_at([[1000, 2000]], [True]), 300.0)
    assert preview.width == LONGEST_SIDE
    where = np.argwhere(is_green(np.asarray(preview)[:512]))
    assert where.mean(axis=0) == pytest.approx((1000.5 / 3000 * 1024, 2000.5 / 3000 * 1024), abs=1)


def test_small_micrographs_get_room_for_the_caption():
    preview = draw_preview(micrograph(64, 48), picks_at([], []), 10.0, "height ≥ 0.4")
    assert preview.width > 300


def test_flat_micrographs_and_integers_are_drawn():
    pixels = np.full((64, 64), 7, np.uint16)
    pixels[0, 0] = 8
    draw_preview(Micrograph(pixels), picks_at([], []), 10.0)


def test_the_file_is_a_picture_without_leftovers(tmp_path):
    write_preview(tmp_path / "a.png", micrograph(64, 64), picks_at([[3, 4]], [True]), 10.0)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == "P"
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


PALETTE = [
    ("unknown", (0, 0, 0)),
    ("background", (0, 0, 255)),
    ("particle", (255, 0, 0)),
    ("ice", (0, 255, 0)),
]


def test_classes_are_painted_where_they_are():
    classes = np.ones((30, 25), np.uint8)
    classes[:10, :5] = 2
    pixels = np.asarray(draw_classes(micrograph(600, 500), classes, 80.0, PALETTE), int)
    assert pixels.shape == (600, 500, 3)
    is_red = pixels[..., 0] > pixels[..., 2] + 40
    assert is_red[:200, :100].all()
    assert not is_red[202:].any()
    assert not is_red[:, 102:].any()
    grey = pixels[202:, 102:]
    assert (grey == grey[..., :1]).all()  # neither background nor unknown is painted
    inside, edge = pixels[100, 50], pixels[100, 99]
    assert edge[0] - edge[2] > inside[0] - inside[2]


def test_an_overlay_has_a_legend(tmp_path):
    classes = np.full((30, 25), 3, np.uint8)
    classes[:, :10] = 0
    write_overlay(tmp_path / "o.png", micrograph(600, 500), classes, 80.0, PALETTE)
    picture = np.asarray(Image.open(tmp_path / "o.png").convert("RGB"), int)
    assert picture.shape[0] > 600
    legend = picture[600:]
    assert ((legend[..., 1] > 200) & (legend[..., 0] < 60)).sum() > 30  # the square of ice
