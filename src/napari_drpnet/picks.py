"""The picks of one micrograph."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Picks:
    """Picked particles, or candidates, of one micrograph, best first.

    Parameters
    ----------
    centers_yx : (n, 2) float array
        Centres ``(y, x)`` in unbinned pixels, pixel centres at integers.
    height : (n,) float array
        Value of the smoothed distance map at the centre, in the units of the detector.
    prominence : (n,) float array
        Rise of that maximum above the saddle to any higher one, in the same units.
    probability : (n,) float array
        P(particle) from the classifier; NaN where no classifier has judged.
    accepted : (n,) bool array
        Above the threshold, and accepted by the classifier where there is one.
    """

    centers_yx: NDArray[np.float64]
    height: NDArray[np.float64]
    prominence: NDArray[np.float64]
    probability: NDArray[np.float64]
    accepted: NDArray[np.bool_]

    def __post_init__(self) -> None:
        count = len(self.centers_yx)
        if self.centers_yx.shape != (count, 2):
            raise ValueError(f"centers_yx must be (n, 2), not {self.centers_yx.shape}")
        for field in fields(self)[1:]:
            if getattr(self, field.name).shape != (count,):
                raise ValueError(f"{field.name} must be ({count},) to match centers_yx")

    def __len__(self) -> int:
        return len(self.centers_yx)

    def where(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "Picks":
        """Keep some rows, given as a mask or as indices."""
        return Picks(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def figure_of_merit(self) -> NDArray[np.float64]:
        """One finite score for RELION: P(particle) where known, else the height."""
        return np.where(np.isnan(self.probability), self.height, self.probability)
