"""The picks of one micrograph."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.points import PointTable


@dataclass(frozen=True, eq=False)
class Picks(PointTable):
    """Picked particles or candidates of one micrograph, best first.

    Parameters
    ----------
    centers_yx : (n, 2) float array
        Centres ``(y, x)`` in unbinned pixels, pixel centres at integers.
    height : (n,) float array
        Value of the smoothed distance map at the centre, in the units of the detector.
    prominence : (n,) float array
        Height of the maximum above the saddle to a higher maximum, in the same units.
    probability : (n,) float array
        P(particle) from the classifier; NaN for candidates that were not classified.
    accepted : (n,) bool array
        True for candidates above the threshold that the classifier, if there is one, accepted.
    """

    height: NDArray[np.float64]
    prominence: NDArray[np.float64]
    probability: NDArray[np.float64]
    accepted: NDArray[np.bool_]

    @property
    def figure_of_merit(self) -> NDArray[np.float64]:
        """Figure of merit ``(n,)`` for RELION: P(particle) where known, else the height."""
        return np.where(np.isnan(self.probability), self.height, self.probability)
