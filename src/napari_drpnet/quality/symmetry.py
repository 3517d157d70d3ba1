"""Point groups in the orientations that RELION gives them."""

import re
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Floats = NDArray[np.float64]

_GOLDEN = (1 + 5**0.5) / 2
_CYCLIC = re.compile(r"([CD])([1-9]\d?)")
#: Order and axis (x, y, z) of the rotations that generate the groups of higher symmetry, as
#: ``relion_refine --sym T --print_symmetry_ops`` shows them.
_GENERATORS: dict[str, tuple[tuple[int, tuple[float, float, float]], ...]] = {
    "T": ((3, (0, 0, 1)), (2, (0, 2**0.5, 1))),
    "O": ((4, (0, 0, 1)), (3, (1, 1, 1))),
    "I1": ((2, (1, 0, 0)), (5, (_GOLDEN, 0, -1)), (3, (_GOLDEN**2, 1, 0))),
    "I2": ((2, (0, 0, 1)), (5, (1, 0, _GOLDEN)), (3, (0, 1, _GOLDEN**2))),
    "I3": ((5, (0, 0, 1)), (2, (-1, 0, _GOLDEN))),
    "I4": ((5, (0, 0, 1)), (2, (1, 0, _GOLDEN))),
}
_GENERATORS["I"] = _GENERATORS["I2"]


def point_group(name: str) -> Floats:
    """Return the rotations of a point group.

    Parameters
    ----------
    name : str
        Name as in RELION: ``C1``, ``C4``, ``D2``, ``T``, ``O``, ``I``, ``I1`` to ``I4``, in upper
        or lower case.

    Returns
    -------
    (g, 3, 3) float array
        Rotation matrices that act on column vectors (x, y, z), the identity first.

    Raises
    ------
    ValueError
        If the name is none of these.

    Examples
    --------
    >>> [len(point_group(name)) for name in ("C1", "D2", "O", "I")]
    [1, 4, 24, 60]
    """
    name = name.strip().upper()
    if cyclic := _CYCLIC.fullmatch(name):
        generators = [(int(cyclic[2]), (0.0, 0.0, 1.0))]
        if cyclic[1] == "D":
            generators.append((2, (1.0, 0.0, 0.0)))
    elif name in _GENERATORS:
        generators = list(_GENERATORS[name])
    else:
        raise ValueError(f"{name!r} is no point group that RELION refines with")
    return _closure(np.array([_rotation(order, axis) for order, axis in generators]))


def _rotation(order: int, axis: tuple[float, float, float]) -> Floats:
    direction = np.array(axis, float) / np.linalg.norm(axis)
    return np.asarray(Rotation.from_rotvec(2 * np.pi / order * direction).as_matrix(), float)


def _closure(generators: Floats) -> Floats:
    """Multiply rotations with each other until there are no new ones."""
    fresh = {_key(np.eye(3)): np.eye(3)}
    found = dict(fresh)
    while fresh:
        products = [known @ each for known, each in product(fresh.values(), generators)]
        fresh = {_key(matrix): matrix for matrix in products if _key(matrix) not in found}
        found |= fresh
    return np.array(list(found.values()))


def _key(matrix: Floats) -> bytes:
    return (np.round(matrix, 4) + 0.0).tobytes()
