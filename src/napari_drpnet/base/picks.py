"""The picks of one micrograph."""

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.points import PointTable

if TYPE_CHECKING:
    from pandas import DataFrame

_UNKNOWN: NDArray[np.float64] = np.empty(0)


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
        True for candidates above the threshold that are not on dirt and that the classifier, if
        there is one, accepted.
    clearance : (n,) float array, optional
        Distance from the centre to the nearest dirt in particle diameters, at most 99; NaN where
        nothing is known about dirt, which is the default.
    """

    height: NDArray[np.float64]
    prominence: NDArray[np.float64]
    probability: NDArray[np.float64]
    accepted: NDArray[np.bool_]
    clearance: NDArray[np.float64] = field(default_factory=lambda: _UNKNOWN)

    def __post_init__(self) -> None:
        if self.clearance is _UNKNOWN:
            object.__setattr__(self, "clearance", np.full(len(self), np.nan))
        super().__post_init__()

    @property
    def figure_of_merit(self) -> NDArray[np.float64]:
        """Figure of merit ``(n,)`` for RELION: P(particle) where known, else the height."""
        return np.where(np.isnan(self.probability), self.height, self.probability)

    def to_dataframe(self) -> "DataFrame":
        """Return a pandas table with a row for each pick.

        Returns
        -------
        pandas.DataFrame
            Table with columns ``x`` and ``y``, the centre in unbinned pixels, and all columns of
            the picks under their own names.

        Raises
        ------
        ModuleNotFoundError
            If pandas is not installed. The extra ``gui`` brings it.
        """
        import pandas as pd

        y, x = self.centers_yx.T
        others = {column.name: getattr(self, column.name) for column in fields(self)[1:]}
        return pd.DataFrame({"x": x, "y": y, **others})
