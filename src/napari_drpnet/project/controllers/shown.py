"""Image and distance map of a micrograph, drawn below its points."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.jobs import Job
from napari_drpnet.images.display import DisplayImage, DisplayParameters, render
from napari_drpnet.images.micrograph import read_micrograph
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


def render_record(
    record: MicrographRecord,
    given_pixel_size_angstrom: float | None,
    display: DisplayParameters,
    magnification: float | None,
    job: Job,
) -> ShownImage:
    """Read and render a micrograph, at the pixel size given by the user if any; the work of a job.

    Parameters
    ----------
    record : MicrographRecord
        Micrograph to render.
    given_pixel_size_angstrom : float or None
        Pixel size that the user has given, in Å.
    display : DisplayParameters
        Display settings.
    magnification : float or None
        Screen pixels per unbinned pixel; None if it is not known yet.

    Raises
    ------
    InputFileError
        If the file cannot be used.
    """
    micrograph = read_micrograph(record.path, record.pixel_size_angstrom)
    image = render(micrograph.with_pixel_size(given_pixel_size_angstrom), display, magnification)
    return ShownImage(image, micrograph.pixel_size_angstrom)
