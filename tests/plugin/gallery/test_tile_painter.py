"""Thumbnails with the marks of their states."""

import numpy as np
import pytest

pytest.importorskip("qtpy.QtGui")

from qtpy.QtCore import QRect
from qtpy.QtGui import QImage, QPainter, QPalette

from napari_drpnet.plugin.canvas.layers.looks import GREEN, ORANGE
from napari_drpnet.plugin.gallery.tile_painter import MARGIN, paint_class, paint_tile
from napari_drpnet.project.controllers.averaging import ClassTile
from napari_drpnet.project.controllers.gallery import Tile
from napari_drpnet.project.points.review import State

CELL = 62
WHITE = np.full((48, 48), 255, np.uint8)


def draw(paint, *args):
    """Draw one cell and return its colours ``(y, x, 3)``."""
    image = QImage(CELL, CELL, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    paint(painter, QRect(0, 0, CELL, CELL), *args)
    painter.end()
    pixels = np.frombuffer(image.constBits().asarray(CELL * CELL * 4), np.uint8)
    return pixels.reshape(CELL, CELL, 4)[..., 2::-1].copy()


@pytest.fixture
def paint(qapp):
    """A function that draws a tile and returns its colours ``(y, x, 3)``."""

    def paint(state=State.ACCEPTED, greys=WHITE, **facts):
        facts = {"is_added": False, "is_on_dirt": False, "is_selected": False, "reason": ""} | facts
        return draw(paint_tile, Tile(greys=greys, state=state, **facts), QPalette())

    return paint


@pytest.fixture
def paint_average(qapp):
    """A function that draws a class and returns its colours ``(y, x, 3)``."""
    return lambda is_suspect=False, accepted=None: draw(
        paint_class, ClassTile(WHITE, 12, is_suspect, accepted)
    )


def count(picture, color):
    """Return the number of pixels of a colour."""
    return int((np.abs(picture - 255 * np.array(color)) < 3).all(axis=2).sum())


def test_accepted_points_have_a_green_frame_around_the_picture(paint):
    picture = paint()
    assert count(picture, ORANGE) == 0
    np.testing.assert_allclose(picture[MARGIN, CELL // 2], 255 * np.array(GREEN), atol=2)
    assert (picture[CELL // 2, CELL // 2] == 255).all()


def test_rejected_points_are_washed_out_and_crossed(paint):
    picture = paint(State.REJECTED)
    assert count(picture, GREEN) == 0
    assert count(picture, ORANGE) > count(paint(), GREEN)
    assert 90 < picture[CELL // 2, CELL // 2, 0] < 140


@pytest.mark.parametrize(
    ("by_hand", "by_model", "color"),
    [
        (State.ACCEPTED_BY_HAND, State.ACCEPTED, GREEN),
        (State.REJECTED_BY_HAND, State.REJECTED, ORANGE),
    ],
)
def test_marks_are_larger_where_the_user_has_labelled(paint, by_hand, by_model, color):
    assert count(paint(by_hand), color) > 1.4 * count(paint(by_model), color)


@pytest.mark.parametrize("mark", ["is_added", "is_selected", "is_on_dirt"])
def test_added_selected_and_dirty_points_have_a_mark(paint, mark):
    assert (paint(State.REJECTED, **{mark: True}) != paint(State.REJECTED)).any()


def test_a_missing_picture_is_grey_and_says_so(paint):
    waiting = paint(greys=None)
    assert (waiting[CELL // 2, CELL // 2] == 96).all()
    assert (paint(greys=None, reason="it is gone") != waiting).any()


def test_decided_classes_look_like_decided_points(paint, paint_average):
    for state, accepted in ((State.ACCEPTED_BY_HAND, True), (State.REJECTED_BY_HAND, False)):
        np.testing.assert_array_equal(paint_average(accepted=accepted), paint(state))


def test_an_undecided_class_has_no_frame_and_suspected_junk_a_mark(paint_average):
    plain, suspect = paint_average(), paint_average(is_suspect=True)
    assert count(plain, GREEN) == count(plain, ORANGE) == 0
    changed = np.argwhere((plain != suspect).any(axis=2))
    assert len(changed)
    assert changed[:, 0].min() > CELL // 2  # at the bottom
