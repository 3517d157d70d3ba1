"""One round of the search: boxes against references at all angles and shifts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_drpnet.evaluation.averages.polar import Floats, PolarBasis

if TYPE_CHECKING:
    from torch import Tensor

#: Least share of a class in the prior, so that small classes are not starved.
_LEAST_SHARE = 1e-3
#: Rings beyond those that are compared for which sums are made; the next level starts from them.
_AHEAD = 2


@dataclass(frozen=True)
class Level:
    """How finely poses are searched.

    Parameters
    ----------
    rings : int
        Number of rings of the frequency plane that are compared.
    reach_px, step_px : float
        Greatest shift and step of the shifts in pixels of a box.
    """

    rings: int
    reach_px: float
    step_px: float

    @property
    def shifts_yx(self) -> Floats:
        """Shifts ``(y, x)`` in a disc, (t, 2)."""
        count = int(self.reach_px / self.step_px + 1e-9)
        steps = np.arange(-count, count + 1) * self.step_px
        grid = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2)
        return np.asarray(grid[np.hypot(*grid.T) <= self.reach_px + 1e-9])


@dataclass(frozen=True, eq=False)
class References:
    """The current averages and what is known about them.

    Parameters
    ----------
    harmonics : (orders, c, rings) complex64 tensor
        Averages of the classes.
    share : (c,) float32 tensor
        Share of the boxes in each class.
    noise : (rings,) float32 tensor
        Variance of the noise of one box on each ring.
    """

    harmonics: Tensor
    share: Tensor
    noise: Tensor


class Comparison:
    """References at all shifts, prepared for the comparison with boxes.

    Parameters
    ----------
    basis : PolarBasis
        Basis of the harmonics.
    references : References
        Averages to compare with.
    level : Level
        How finely poses are searched.
    spread_px : float
        Standard deviation in pixels that is expected of the shifts along each axis.
    """

    def __init__(
        self, basis: PolarBasis, references: References, level: Level, spread_px: float
    ) -> None:
        import torch

        self._basis, self._shifts_yx = basis, level.shifts_yx
        self._rings, self._orders = level.rings, basis.orders_of(level.rings)
        self._classes = len(references.share)
        # Neighbouring frequencies of a masked box are not independent.
        independent = float(basis.mask.sum()) / basis.side**2
        ring = torch.from_numpy(basis.rings[: level.rings].astype(np.float32))
        weight = 2 * np.pi * ring * independent / references.noise[: level.rings]
        near = basis.shifted(references.harmonics, self._shifts_yx)
        near = near[: self._orders, ..., : level.rings]
        fit = (power(near) * weight).sum(dim=-1) / 2
        off = torch.from_numpy((self._shifts_yx**2).sum(1).astype(np.float32))
        share = references.share.clamp_min(_LEAST_SHARE).log()
        self._constant = share[:, None] - off / (2 * spread_px**2) - fit
        self._weighted = (near * weight).flatten(1, 2).conj().transpose(1, 2).contiguous()

    def probabilities(self, boxes: Tensor) -> Tensor:
        """Return the probability ``(angles, n, c, t)`` of each pose of each box.

        Parameters
        ----------
        boxes : (orders, n, rings) complex64 tensor
            Harmonics of n boxes.
        """
        import torch

        cross = torch.bmm(boxes[: self._orders, :, : self._rings].contiguous(), self._weighted)
        parts = torch.cat([cross.real, -cross.imag]).reshape(2 * self._orders, -1)
        counted = turns(self._orders, 2 * self._orders)
        counted[1 : self._orders] *= 2
        counted[self._orders :] *= 2
        likely = (counted.T @ parts).reshape(-1, boxes.shape[1], *self._constant.shape)
        likely += self._constant
        likely -= likely.amax(dim=(0, 2, 3), keepdim=True)
        likely.exp_()
        return likely.div_(likely.sum(dim=(0, 2, 3), keepdim=True))

    def turned_back(self, boxes: Tensor, probabilities: Tensor) -> Tensor:
        """Return the sums ``(k, c, t, r)`` of boxes whose rotations are undone.

        The orders k and the rings r are those of this level, and of two more rings.
        """
        import torch

        rings = min(self._rings + _AHEAD, len(self._basis.rings))
        orders, angles = self._basis.orders_of(rings), len(probabilities)
        parts = turns(orders, angles) @ probabilities.reshape(angles, -1)
        back = torch.complex(parts[:orders], parts[orders:]).reshape(orders, boxes.shape[1], -1)
        total = torch.bmm(back.transpose(1, 2), boxes[:orders, :, :rings].contiguous())
        return total.reshape(orders, *self._constant.shape, rings)

    def moved_back(self, total: Tensor) -> Tensor:
        """Return the sums ``(orders, c, rings)`` with the shifts of `turned_back` undone, too."""
        from torch.nn.functional import pad

        basis = self._basis
        missing = (basis.orders - total.shape[0], len(basis.rings) - total.shape[-1])
        whole = pad(total, (0, missing[1], 0, 0, 0, 0, 0, missing[0]))
        return basis.moved_back(whole, self._shifts_yx)


def power(harmonics: Tensor) -> Tensor:
    """Return the mean power on a ring of harmonics of which the first axis are the orders."""
    squares = harmonics.abs() ** 2
    return 2 * squares.sum(0) - squares[0]


def turns(orders: int, angles: int) -> Tensor:
    """Return cosine and sine of each order at each angle, ``(2 × orders, angles)``."""
    import torch

    turn = 2 * np.pi * np.outer(np.arange(orders), np.arange(angles)) / angles
    return torch.from_numpy(np.concatenate([np.cos(turn), np.sin(turn)]).astype(np.float32))
