"""Base class of tables of points."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PointTable:
    """Points with columns of equal length; subclasses add the columns, each an ``(n,)`` array.

    Parameters
    ----------
    centers_yx : (n, 2) float array
        Centres ``(y, x)``; the subclass defines in which pixels.

    Raises
    ------
    ValueError
        If the shapes of the columns do not match.
    """

    centers_yx: NDArray[np.float64]

    def __post_init__(self) -> None:
        count = len(self.centers_yx)
        if self.centers_yx.shape != (count, 2):
            raise ValueError(f"centers_yx must be (n, 2), not {self.centers_yx.shape}")
        for field in fields(self)[1:]:
            if getattr(self, field.name).shape != (count,):
                raise ValueError(f"{field.name} must be ({count},) to match centers_yx")

    def __len__(self) -> int:
        return len(self.centers_yx)

    def where(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Self:
        """Return the table with only the given rows, selected by a mask or by indices."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))
