"""One micrograph with what is exported of it."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Self

from napari_drpnet.base.geometry import holds_box
from napari_drpnet.formats import Coordinates
from napari_drpnet.project.state.edits import MicrographRecord


@dataclass(frozen=True, eq=False)
class ExportedMicrograph:
    """Micrograph with its picks to export.

    Parameters
    ----------
    name : str
        Name of the micrograph, exactly as in RELION's list.
    output : pathlib.PurePosixPath
        Path of its files inside the folder, without the ending: ``Movies/a/b`` for
        ``Movies/a/b_autopick.star``.
    coordinates : Coordinates
        Accepted picks.
    shape : tuple of int
        Shape of the micrograph, ``(ny, nx)`` unbinned pixels.
    diameter_px : float
        Particle diameter in unbinned pixels.
    left_out : int
        Number of accepted picks left out, because their extraction box would leave the micrograph.
    """

    name: str
    output: PurePosixPath
    coordinates: Coordinates
    shape: tuple[int, int]
    diameter_px: float
    left_out: int = 0

    @classmethod
    def of(
        cls,
        record: MicrographRecord,
        accepted: Coordinates,
        shape: tuple[int, int],
        diameter_px: float,
        border_box_px: int | None,
    ) -> Self:
        """Return a micrograph without the picks whose extraction box would leave it.

        Parameters
        ----------
        record : MicrographRecord
            Micrograph of the project.
        accepted : Coordinates
            Accepted picks, and particles that the user has added.
        shape, diameter_px
            Attributes of `ExportedMicrograph`.
        border_box_px : int, optional
            Side of the extraction box in unbinned pixels; without it no pick is left out.
        """
        kept = accepted
        if border_box_px is not None:
            kept = accepted.where(holds_box(accepted.centers_yx, shape, border_box_px))
        left_out = len(accepted) - len(kept)
        return cls(record.name, PurePosixPath(record.output), kept, shape, diameter_px, left_out)
