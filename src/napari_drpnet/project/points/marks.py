"""What a comparison says about places of a micrograph."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Mark(IntEnum):
    """What a comparison says about one place; nothing is drawn for `NONE`."""

    NONE = 0
    RIGHT = 1
    WRONG = 2
    MISSED = 3
    AGREED = 4
    ONLY_THEIRS = 5


@dataclass(frozen=True, eq=False)
class Marks:
    """Marks at places of one micrograph.

    The places stay the same while only the states of the points change, so that drawing them again
    is quick.

    Parameters
    ----------
    centers_yx : (n, 2) float array
        Places ``(y, x)`` in unbinned pixels.
    kinds : (n,) int8 array
        The `Mark` at each place.
    """

    centers_yx: NDArray[np.float64]
    kinds: NDArray[np.int8]

    def places(self, mark: Mark) -> NDArray[np.float64]:
        """Return the places ``(k, 2)`` with one kind of mark."""
        return np.asarray(self.centers_yx[self.kinds == mark])
