"""What tables of points have in common."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PointTable:
    """Points with columns of equal length.

    Parameters
    ----------
    centers_yx : (n, 2) float array
        Centres ``(y, x)``; the subclass says in which pixels.

    Raises
    ------
    ValueError
        When a column, each an ``(n,)`` array of the subclass, has another length.
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
        """Keep some rows, given as a mask or as indices."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))
