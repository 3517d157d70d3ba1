"""Averages of simulated views, with edges of films, drops and empty ice among them."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.evaluation.averages.classes import average_classes
from napari_drpnet.evaluation.averages.polar import PolarBasis

SIDE, DIAMETER = 48, 32
#: Views as spots ``(y, x, radius)`` in pixels from the centre: a ring of lobes, and a long body.
VIEWS = (
    tuple((9 * np.sin(a), 9 * np.cos(a), 3.5) for a in np.arange(4) * np.pi / 2),
    ((0.0, -10.0, 4.0), (0.0, 0.0, 4.0), (0.0, 10.0, 4.0)),
)


def grid():
    return np.indices((SIDE, SIDE)) - (SIDE - 1) / 2


def view(kind, angle=0.0, shift=(0.0, 0.0)):
    """One view, turned and shifted, with unit deviation."""
    y, x = grid()
    image = np.zeros((SIDE, SIDE))
    for sy, sx, radius in VIEWS[kind]:
        cy = sy * np.cos(angle) + sx * np.sin(angle) + shift[0]
        cx = -sy * np.sin(angle) + sx * np.cos(angle) + shift[1]
        image += np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / radius**2)
    return image / image.std()


def junk(rng):
    """The edge of a film, a drop beside the centre, or nothing."""
    y, x = grid()
    kind, angle = rng.integers(3), rng.uniform(0, 2 * np.pi)
    along = np.cos(angle) * y + np.sin(angle) * x
    if kind == 0:
        return 2 * np.tanh((along - rng.uniform(-8, 8)) / 2)
    if kind == 1:
        across = np.sin(angle) * y - np.cos(angle) * x
        return 3.0 * (np.hypot(along - rng.uniform(10, 14), across) < rng.uniform(9, 12))
    return np.zeros((SIDE, SIDE))


def make_boxes(particles, dirt, signal, seed=3):
    """Boxes with noise, and their kinds: the view, or −1 for junk."""
    rng = np.random.default_rng(seed)
    kinds = np.concatenate([np.arange(particles) % len(VIEWS), np.full(dirt, -1)])
    clean = [
        junk(rng) if kind < 0 else view(kind, rng.uniform(0, 2 * np.pi), rng.normal(0, 1.5, 2))
        for kind in kinds
    ]
    noise = gaussian_filter(rng.normal(size=(len(kinds), SIDE, SIDE)), (0, 1, 1))
    boxes = signal * np.array(clean) + noise / noise.std()
    order = rng.permutation(len(kinds))
    return boxes[order].astype(np.float32), kinds[order]


def best_correlation(average):
    """Greatest correlation of an average with any view at any angle, both about their centres."""
    basis = PolarBasis(SIDE, 0.6 * DIAMETER, 0.15 * DIAMETER, 12)
    bright = np.clip(average - average.max() / 4, 0, None)
    center = (grid() * bright).sum(axis=(1, 2)) / bright.sum()
    views = [
        view(kind, np.deg2rad(degrees), center)
        for kind in range(len(VIEWS))
        for degrees in range(0, 360, 6)
    ]
    harmonics = basis.harmonics(torch.from_numpy(np.array(views, np.float32)))
    inside = basis.mask > 0.5
    return max(np.corrcoef(average[inside], v[inside])[0, 1] for v in basis.images(harmonics))


@pytest.fixture(scope="module")
def made():
    boxes, kinds = make_boxes(200, 50, signal=0.7)
    return boxes, kinds, average_classes(boxes, classes=6)


def test_averages_are_the_views_that_were_planted(made):
    _, kinds, result = made
    particles = [
        k for k in range(len(result.averages)) if (kinds[result.classes == k] >= 0).mean() > 0.5
    ]
    large = [k for k in particles if result.counts[k] >= 10]
    assert len(large) >= 2
    assert min(best_correlation(result.averages[k]) for k in large) > 0.9


def test_views_are_told_apart(made):
    _, kinds, result = made
    right = 0
    for k in range(len(result.averages)):
        members = kinds[(result.classes == k) & (kinds >= 0)]
        right += np.bincount(members, minlength=2).max()
    assert right / (kinds >= 0).sum() > 0.9


def test_planted_junk_is_in_classes_that_are_suggested(made):
    _, kinds, result = made
    suggested = result.suspects[result.classes]
    assert suggested[kinds < 0].mean() >= 0.8
    assert suggested[kinds >= 0].mean() <= 0.05


def test_classes_are_ordered_by_their_counts_and_none_is_empty(made):
    boxes, _, result = made
    assert result.counts.sum() == len(boxes)
    assert (result.counts > 0).all()
    assert (np.diff(result.counts) <= 0).all()
    assert result.averages.shape == (len(result.counts), SIDE, SIDE)
    assert result.averages.dtype == np.float32
    assert result.signal.shape == (len(result.counts), 12)


def test_a_seed_gives_the_same_averages():
    boxes, _ = make_boxes(40, 10, signal=0.7)
    one, two, other = (average_classes(boxes, 4, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.averages, two.averages)
    np.testing.assert_array_equal(one.classes, two.classes)
    assert not np.array_equal(one.classes, other.classes)


def test_progress_is_reported_and_the_work_can_be_cancelled():
    boxes, _ = make_boxes(60, 20, signal=0.7)
    reports = []

    class Half:
        def advance(self, done, total, stage):
            reports.append((done, total))
            if done > total / 2:
                raise Cancelled

    with pytest.raises(Cancelled):
        average_classes(boxes, 4, job=Half())
    assert len(reports) > 8
    assert reports == sorted(reports)
    assert reports[-1][0] < 0.6 * reports[-1][1]


def test_few_or_equal_boxes_are_averaged_too():
    with pytest.raises(ValueError, match="two boxes"):
        average_classes(np.zeros((1, SIDE, SIDE), np.float32))
    boxes, _ = make_boxes(2, 0, signal=1.0)
    assert average_classes(boxes).counts.sum() == 2
    flat = average_classes(np.zeros((5, SIDE, SIDE), np.float32))
    assert np.isfinite(flat.averages).all()
