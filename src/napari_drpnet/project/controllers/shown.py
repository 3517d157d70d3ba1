"""What is drawn below the points: the micrograph and its distance map."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.jobs import Job
from napari_drpnet.images.display import DisplayImage, DisplayParameters, render
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.project.state.edits import MicrographRecord


@dataclass(frozen=True, eq=False)
class ShownImage:
    """What a person sees of a micrograph.

    Parameters
    ----------
    display : DisplayImage
        Its pixels for the eye.
    pixel_size_angstrom : float or None
        Of the micrograph, as its list or its header say; None where neither does.
    """

    display: DisplayImage
    pixel_size_angstrom: float | None


@dataclass(frozen=True, eq=False)
class ShownMap:
    """The distance map that the threshold cuts.

    Parameters
    ----------
    smoothed : (h, w) float32 array
        In the units of the detector.
    frame : Frame
        How its pixels lie on the micrograph.
    limit : float
        The value drawn brightest; always the same for the same detector.
    """

    smoothed: NDArray[np.float32]
    frame: Frame
    limit: float


def render_record(
    record: MicrographRecord,
    parameters: PickParameters | None,
    display: DisplayParameters,
    job: Job,
) -> ShownImage:
    """Read a micrograph and make its picture; the work of a job.

    Raises
    ------
    InputFileError
        When the file cannot be used.
    ValueError
        When a low-pass filter is asked for and the pixel size is unknown.
    """
    micrograph = read_micrograph(record.path, record.pixel_size_angstrom)
    given = parameters.particle.pixel_size_angstrom if parameters else None
    image = render(micrograph.with_pixel_size(given), display)
    return ShownImage(image, micrograph.pixel_size_angstrom)
