"""Image and distance map of a micrograph, drawn below its points."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.jobs import Job
from napari_drpnet.images.display import DisplayImage, DisplayParameters, render
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.picking.fingerprint import file_stamp
from napari_drpnet.project.state.edits import MicrographRecord


@dataclass(frozen=True, eq=False)
class ShownImage:
    """Image of a micrograph for display.

    Parameters
    ----------
    display : DisplayImage
        Rendered pixels.
    pixel_size_angstrom : float or None
        Pixel size of the micrograph in Å from RELION's list or the header; None if unknown.
    """

    display: DisplayImage
    pixel_size_angstrom: float | None


@dataclass(frozen=True, eq=False)
class ShownMap:
    """Map of the detector: the distance map, or P(particle) of a segmenter.

    Parameters
    ----------
    smoothed : (h, w) float32 array
        Smoothed distance map in the map units of the detector, or P(particle).
    frame : Frame
        Mapping between pixels of the map and of the micrograph.
    limit : float
        Value drawn brightest, which is always the same for a detector.
    name : str
        Name of the map.
    """

    smoothed: NDArray[np.float32]
    frame: Frame
    limit: float
    name: str = "distance map"


@dataclass(frozen=True)
class Rendering:
    """Everything that the image of a micrograph depends on.

    Parameters
    ----------
    path : pathlib.Path
        File of the micrograph.
    listed_angstrom, given_angstrom : float or None
        Pixel size in Å from RELION's list, and from the user; None if unknown.
    display : DisplayParameters
        Display settings.
    magnification : float or None
        Screen pixels per unbinned pixel; None if it is not known yet.
    stamp : tuple of int
        Size and modification time of the file; empty if it is missing.
    """

    path: Path
    listed_angstrom: float | None
    given_angstrom: float | None
    display: DisplayParameters
    magnification: float | None
    stamp: tuple[int, ...]

    @classmethod
    def of(
        cls,
        record: MicrographRecord,
        given_angstrom: float | None,
        display: DisplayParameters,
        magnification: float | None,
    ) -> Self:
        """Describe the image of a micrograph as its file is now."""
        listed, stamp = record.pixel_size_angstrom, file_stamp(record.path)
        return cls(record.path, listed, given_angstrom, display, magnification, stamp)


def render_record(rendering: Rendering, job: Job) -> ShownImage:
    """Read and render a micrograph; the work of a job.

    Raises
    ------
    InputFileError
        If the file cannot be used.
    """
    micrograph = read_micrograph(rendering.path, rendering.listed_angstrom)
    scaled = micrograph.with_pixel_size(rendering.given_angstrom)
    image = render(scaled, rendering.display, rendering.magnification)
    return ShownImage(image, micrograph.pixel_size_angstrom)
