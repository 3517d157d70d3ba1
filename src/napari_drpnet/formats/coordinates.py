"""Particle coordinates as read from or written to files, independent of the format."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import flip_rows, full_from_binned, inside, swap_xy
from napari_drpnet.base.picks import Picks
from napari_drpnet.base.text import AnyPath

Floats = NDArray[np.float64]


#: Greatest plausible coordinate in pixels, and greatest number of a filament.
FARTHEST_PX = 1e6
MOST_FILAMENTS = 1e9


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Particle positions and scores of a coordinate file.

    Parameters
    ----------
    centers_yx : (n, 2) float array
        Centres ``(y, x)`` in unbinned pixels, pixel centres at integers.
    score : (n,) float array
        Figure of merit in the units of the program that wrote the file; NaN if missing.
    micrograph_names : tuple of str, optional
        Name of the micrograph of each row, for files that have it.
    box_size_px : float, optional
        Side of the square box in unbinned pixels, for files with one size for all rows.
    filament : (n,) int array, optional
        Number of the filament to which each row belongs, for files with filaments.

    Raises
    ------
    ValueError
        If shapes do not match, a position is not finite, or a score is infinite.
    """

    centers_yx: Floats
    score: Floats
    micrograph_names: tuple[str, ...] | None = None
    box_size_px: float | None = None
    filament: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        count = len(self.centers_yx)
        if self.centers_yx.shape != (count, 2):
            raise ValueError(f"centers_yx must be (n, 2), not {self.centers_yx.shape}")
        if self.score.shape != (count,):
            raise ValueError(f"score must be ({count},) to match centers_yx")
        if self.micrograph_names is not None and len(self.micrograph_names) != count:
            raise ValueError(f"micrograph_names must have {count} names to match centers_yx")
        if self.filament is not None and self.filament.shape != (count,):
            raise ValueError(f"filament must be ({count},) to match centers_yx")
        if not np.isfinite(self.centers_yx).all() or np.isinf(self.score).any():
            raise ValueError("positions must be finite, and scores finite or NaN")

    def __len__(self) -> int:
        return len(self.centers_yx)

    @classmethod
    def from_picks(cls, picks: Picks, box_size_px: float | None = None) -> "Coordinates":
        """Create coordinates from all picks of one micrograph, with the figure of merit as score.

        Parameters
        ----------
        picks : Picks
            Picks of one micrograph, accepted or not.
        box_size_px : float, optional
            Side of the square box in unbinned pixels.
        """
        return cls(picks.centers_yx, picks.figure_of_merit, box_size_px=box_size_px)

    def as_picks(self) -> Picks:
        """Return all rows as accepted picks, with the score as height."""
        unknown = np.full(len(self), np.nan)
        return Picks(self.centers_yx, self.score, unknown, unknown, np.ones(len(self), bool))

    @classmethod
    def joined(cls, parts: Sequence["Coordinates"]) -> "Coordinates":
        """Concatenate the rows of several coordinates, all of which have micrograph names."""
        return cls(
            np.concatenate([np.empty((0, 2)), *(part.centers_yx for part in parts)]),
            np.concatenate([np.empty(0), *(part.score for part in parts)]),
            tuple(name for part in parts for name in part.micrograph_names or ()),
        )

    def named(self, micrograph_name: str) -> "Coordinates":
        """Return the coordinates with the name of one micrograph in all rows."""
        return replace(self, micrograph_names=(micrograph_name,) * len(self))

    def where(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "Coordinates":
        """Return the coordinates with only the given rows, selected by a mask or by indices."""
        names = self.micrograph_names
        if names is not None:
            indices = np.flatnonzero(rows) if rows.dtype == bool else rows
            names = tuple(names[row] for row in indices)
        return replace(
            self,
            centers_yx=self.centers_yx[rows],
            score=self.score[rows],
            micrograph_names=names,
            filament=None if self.filament is None else self.filament[rows],
        )

    def flipped(self, rows: int) -> "Coordinates":
        """Flip all centres top to bottom in a micrograph of `rows` rows.

        Raises
        ------
        ValueError
            If a centre lies outside these rows, so that the number must be wrong.
        """
        y = self.centers_yx[:, 0]
        if (y < -0.5).any() or (y > rows - 0.5).any():
            raise ValueError(f"particles lie outside {rows} rows, so the number must be wrong")
        return replace(self, centers_yx=flip_rows(self.centers_yx, rows))

    def scaled(self, factor: float) -> "Coordinates":
        """Convert coordinates and boxes of a binned micrograph to unbinned pixels.

        Parameters
        ----------
        factor : float
            Unbinned pixels per pixel of these coordinates.
        """
        size = self.box_size_px
        return replace(
            self,
            centers_yx=full_from_binned(self.centers_yx, factor),
            box_size_px=None if size is None else size * factor,
        )

    def on_whole_pixels(self, shape: tuple[int, int] | None = None) -> "Coordinates":
        """Round centres to whole pixels, and drop those that then lie outside the micrograph.

        RELION truncates coordinates to integers, and its Extract job aborts when one particle
        lies completely outside (`preprocessing.cpp`, extractParticlesFromOneFrame).

        Parameters
        ----------
        shape : tuple of int, optional
            Shape ``(ny, nx)`` of the micrograph in unbinned pixels. Without it no centre is
            dropped.

        Returns
        -------
        Coordinates
            Coordinates at most half a pixel from the original ones, in y and in x.
        """
        rounded = replace(self, centers_yx=np.rint(self.centers_yx) + 0.0)  # + 0.0: no "-0"
        return rounded if shape is None else rounded.where(inside(rounded.centers_yx, shape))


def rows_by_name(names: Iterable[str]) -> dict[str, NDArray[np.intp]]:
    """Return the rows ``(n,)`` of each micrograph, in the order in which they are first named."""
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        rows.setdefault(name, []).append(row)
    return {name: np.array(its, np.intp) for name, its in rows.items()}


def coordinates_from_xy(
    path: AnyPath,
    centers_xy: ArrayLike,
    score: ArrayLike,
    micrograph_names: tuple[str, ...] | None = None,
    box_size_px: float | None = None,
    filament: NDArray[np.float64] | None = None,
) -> Coordinates:
    """Build `Coordinates` from the content of a file.

    Parameters
    ----------
    path : path-like
        Path of the file, for error messages.
    centers_xy : (n, 2) array_like
        Centres ``(x, y)`` in unbinned pixels.
    score : (n,) array_like
        Scores; NaN and infinite values count as missing.
    micrograph_names, box_size_px
        Attributes of `Coordinates`.
    filament : (n,) float array, optional
        Number of the filament to which each row belongs.

    Raises
    ------
    InputFileError
        If a position is missing or implausibly far from the origin, or if only some rows have a
        filament.
    """
    centers_yx = swap_xy(np.reshape(centers_xy, (-1, 2)))
    scores = np.asarray(score, float)
    lost = ~(np.abs(centers_yx) < FARTHEST_PX).all(axis=1)
    if lost.any():
        reason = f"particle {np.argmax(lost) + 1} has no position"
        raise InputFileError(path, reason, "Correct or remove that row")
    scores = np.where(np.isfinite(scores), scores, np.nan)
    if filament is None:
        return Coordinates(centers_yx, scores, micrograph_names, box_size_px)
    if not (np.abs(filament) < MOST_FILAMENTS).all():
        reason = "has a particle that belongs to no filament"
        raise InputFileError(path, reason, "Correct or remove that row")
    tubes = filament.astype(np.int64)
    return Coordinates(centers_yx, scores, micrograph_names, box_size_px, tubes)
