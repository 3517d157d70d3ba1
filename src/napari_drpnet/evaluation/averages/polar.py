"""Boxes as harmonics on rings of the frequency plane, where rotations and shifts are products.

A box that is rotated by ``θ`` has its harmonic of order ``k`` multiplied by ``exp(−ikθ)``. So the
correlation of a box with a reference at all angles is a sum over orders.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float64]


class PolarBasis:
    """Rings of the frequency plane of square boxes.

    Parameters
    ----------
    side : int
        Side of a box in pixels.
    radius_px : float
        Radius in pixels of the disc around the centre of a box that is compared.
    edge_px : float
        Width in pixels of the soft edge of the disc.
    rings : int
        Number of rings. Ring r, from 1, has the frequency ``r / side`` in cycles per pixel.

    Attributes
    ----------
    orders : int
        Number of harmonics, from 0. A disc of `radius_px` has hardly more on the last ring.
    angles : int
        Number of angles at which a ring is sampled.
    """

    def __init__(self, side: int, radius_px: float, edge_px: float, rings: int) -> None:
        self.side, self.radius_px, self.edge_px = side, radius_px, edge_px
        self.rings = np.arange(1, rings + 1)
        self.orders = self.orders_of(rings)
        self.angles = 2 * self.orders
        self._directions = 2 * np.pi * np.arange(self.angles) / self.angles

    def orders_of(self, rings: int) -> int:
        """Return the number of harmonics that the first rings have."""
        return int(np.ceil(2 * np.pi * rings / self.side * self.radius_px)) + 2

    @cached_property
    def mask(self) -> NDArray[np.float32]:
        """Weights of the pixels of a box, (side, side), from 0 to 1."""
        offsets = np.arange(self.side) - (self.side - 1) / 2
        distance = np.hypot(offsets[:, None], offsets)
        inside = np.clip((self.radius_px - distance) / self.edge_px + 0.5, 0, 1)
        return np.asarray(np.sin(np.pi / 2 * inside) ** 2, np.float32)

    def harmonics(self, boxes: Tensor) -> Tensor:
        """Return the harmonics ``(orders, n, rings)`` of boxes ``(n, side, side)``."""
        import torch

        real, imaginary = self._waves
        pixels = boxes.reshape(len(boxes), -1)
        ring = torch.complex(pixels @ real, pixels @ imaginary)
        ring = ring.reshape(len(boxes), self.orders, len(self.rings))
        # The spectrum of a real image at the opposite frequency is the complex conjugate.
        circle = torch.cat([ring, ring.conj()], dim=1)
        return self._orders(circle.transpose(0, 1))

    def images(self, harmonics: Tensor) -> Tensor:
        """Return boxes ``(n, side, side)`` of zero mean from harmonics ``(orders, n, rings)``."""
        import torch

        real, imaginary = self._waves
        area = torch.from_numpy(2 * np.pi * self.rings / self.orders / self.side**2).float()
        ring = (self._circle(harmonics)[: self.orders] * area).transpose(0, 1)
        ring = ring.reshape(harmonics.shape[1], -1)
        pixels = ring.real @ real.T + ring.imag @ imaginary.T
        return pixels.reshape(-1, self.side, self.side)

    def shifted(self, harmonics: Tensor, shifts_yx: Floats) -> Tensor:
        """Return ``(orders, n, t, rings)`` harmonics: each box at each of t shifts ``(y, x)``."""
        circle = self._circle(harmonics)[:, :, None] * self._phases(shifts_yx, -1)[:, None]
        return self._orders(circle)

    def moved_back(self, harmonics: Tensor, shifts_yx: Floats) -> Tensor:
        """Sum harmonics ``(orders, n, t, rings)`` over t shifts ``(y, x)`` that are undone."""
        circle = self._circle(harmonics) * self._phases(shifts_yx, 1)[:, None]
        return self._orders(circle.sum(dim=2))

    @cached_property
    def _waves(self) -> tuple[Tensor, Tensor]:
        """Real and imaginary part of the masked plane waves, (side², orders × rings)."""
        import torch

        offsets = np.arange(self.side) - (self.side - 1) / 2
        half = self._directions[: self.orders]
        frequencies = self.rings / self.side
        rows, columns = (
            np.exp(-2j * np.pi * np.multiply.outer(offsets, np.outer(along, frequencies).ravel()))
            for along in (np.sin(half), np.cos(half))
        )
        waves = rows[:, None] * columns * self.mask[:, :, None]
        flat = torch.from_numpy(waves.reshape(self.side**2, -1).astype(np.complex64))
        return flat.real.contiguous(), flat.imag.contiguous()

    def _circle(self, harmonics: Tensor) -> Tensor:
        """Return the samples ``(angles, ...)`` of rings from harmonics ``(orders, ...)``."""
        import torch

        orders = torch.arange(1, self.orders)
        signs = (1 - 2 * (orders % 2)).reshape(-1, *[1] * (harmonics.ndim - 1))
        full = torch.zeros((self.angles, *harmonics.shape[1:]), dtype=harmonics.dtype)
        full[: self.orders] = harmonics
        full[-orders] = signs * harmonics[1:].conj()
        circle: Tensor = torch.fft.ifft(full, dim=0, norm="forward")
        return circle

    def _orders(self, circle: Tensor) -> Tensor:
        """Return the harmonics of samples; the inverse of `_circle`."""
        import torch

        orders: Tensor = torch.fft.fft(circle, dim=0, norm="forward")[: self.orders].contiguous()
        return orders

    def _phases(self, shifts_yx: Floats, sign: int) -> Tensor:
        """Return the factors ``(angles, t, rings)`` of shifts."""
        import torch

        along = np.stack([np.sin(self._directions), np.cos(self._directions)], 1) @ shifts_yx.T
        turns = along[:, :, None] * (self.rings / self.side)
        return torch.from_numpy(np.exp(sign * 2j * np.pi * turns).astype(np.complex64))
