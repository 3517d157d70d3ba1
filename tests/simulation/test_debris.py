import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.spatial import cKDTree

from napari_drpnet.simulation import make_shape
from napari_drpnet.simulation.debris import SIZES, debris_piece, place_debris
from napari_drpnet.simulation.structures import PROTEIN_CONTRAST_VOLT

RING = make_shape("ring", 100.0, np.random.default_rng(0))


def pieces(count):
    rng = np.random.default_rng(1)
    return [debris_piece([RING], 100.0, rng) for _ in range(count)]


def test_pieces_are_of_all_kinds_and_sizes():
    drawn = pieces(60)
    assert {piece.name for piece in drawn} == {"aggregate", "cluster", "lump", "half"}
    sizes = np.array([piece.diameter_angstrom for piece in drawn if piece.name != "half"])
    assert sizes.min() >= SIZES[0] * 100
    assert sizes.max() <= SIZES[1] * 100
    assert sizes.max() > 2 * sizes.min()


def test_pieces_are_protein():
    for piece in pieces(40):
        volume = piece.weights.sum() / PROTEIN_CONTRAST_VOLT
        assert 0.005 < volume / (np.pi / 6 * piece.diameter_angstrom**3) < 1.3, piece.name


def test_a_half_is_a_part_of_a_particle():
    halves = [piece for piece in pieces(40) if piece.name == "half"]
    for half in halves:
        assert 0.3 < half.weights.sum() / RING.weights.sum() < 0.7


def test_debris_stays_clear_of_particles():
    rng = np.random.default_rng(2)
    particles = rng.uniform(0, 500, (20, 2))
    sizes = rng.uniform(10, 40, 200)
    placed = place_debris(sizes, (500, 500), particles, 30.0, rng)
    assert len(placed) > 150
    index, places = (np.array(part) for part in zip(*placed, strict=True))
    distance = cKDTree(particles).query(places)[0]
    assert (distance >= np.maximum(21, 15 + sizes[index] / 2)).all()
    assert (places >= 0).all()
    assert (places <= 500).all()


@pytest.mark.parametrize("crowd", [True, False])
def test_debris_without_room_is_left_out(crowd):
    particles = np.argwhere(np.ones((10, 10))) * 10.0 if crowd else np.zeros((0, 2))
    placed = place_debris(np.full(5, 10.0), (90, 90), particles, 30.0, np.random.default_rng(0))
    assert_array_equal([index for index, _ in placed], [] if crowd else range(5))
