"""Results of single micrographs and of a batch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_drpnet.base.frozen import Stored
from napari_drpnet.picking.advice import Advice
from napari_drpnet.picking.loading import Networks
from napari_drpnet.picking.resolve import ResolvedParameters

#: Last sentence of an error that ends a run early.
KEPT = "Finished micrographs are kept: continue with --resume"
_QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


class PickedMicrograph(Stored):
    """Result of a micrograph that was picked.

    Parameters
    ----------
    name : str
        Name of the micrograph, as in the index.
    files : tuple of str
        Paths of its output files, relative to the output folder.
    accepted, above_threshold : int
        Number of accepted picks, which are in the coordinate files, and number of picks above the
        threshold, before classification; 0 if no coordinate files are written.
    mean_fom : float or None
        Mean figure of merit of the accepted picks; None if there are none, or if it is unknown.
    fom_quantiles : tuple of float
        Minimum, lower quartile, median, upper quartile and maximum of the figure of merit of the
        accepted picks; empty if there are none, or if they are unknown.
    doubtful : int
        Number of picks above the threshold that are not on dirt and whose P(particle) is below
        0.5; 0 without a classifier.
    on_dirt : int
        Number of picks above the threshold that are rejected because they lie on dirt or too near
        to it.
    dirty_area : float or None
        Share of dirt in the valid area of the micrograph; None if nothing knows about dirt.
    shares : dict of str to float
        Share of each class in the known area, by the name of the class; empty without a segmenter.
    accept : float or None
        Minimum P(particle) of an accepted pick. None if no such cut was made: without a
        classifier, without picks above the threshold, or if the automatic rule accepts nothing.
    automatic : bool
        Whether `accept` was determined automatically for this micrograph.
    expected_precision, expected_recall, expected_f1 : float or None
        Expected scores of the accepted picks among those above the threshold, if P(particle) is
        well calibrated; None without a classifier, without picks above the threshold, or if the
        picks were edited. Picks on dirt count as no particles.
    valid_share : float
        Fraction of the micrograph that shows an image and is not blank.
    diameter_px, pixel_size_angstrom : float
        Particle diameter in unbinned pixels, and pixel size in Å.
    polarity : {'dark', 'bright'}
        Polarity of the particles on their background.
    polarity_confidence : float
        Confidence in the polarity, from 0 to 1; 1 if the user set it.
    seconds : float
        Duration of picking and writing, without reading the micrograph, in seconds.
    earlier : bool
        Whether an earlier run finished the micrograph.
    edited : bool
        Whether the coordinate file has been edited since, for example in RELION's viewer. The
        number and the figures of merit of the accepted picks are then those of the file.
    advice : tuple of Advice
        Advice about anything unusual in the micrograph.
    """

    name: str
    files: tuple[str, ...]
    accepted: int
    above_threshold: int
    mean_fom: float | None = None
    fom_quantiles: tuple[float, ...] = ()
    doubtful: int = 0
    on_dirt: int = 0
    dirty_area: float | None = None
    shares: dict[str, float] = Field(default_factory=dict)
    accept: float | None = None
    automatic: bool = False
    expected_precision: float | None = None
    expected_recall: float | None = None
    expected_f1: float | None = None
    valid_share: float = 1.0
    diameter_px: float
    pixel_size_angstrom: float
    polarity: Literal["dark", "bright"]
    polarity_confidence: float
    seconds: float
    earlier: bool = False
    edited: bool = False
    advice: tuple[Advice, ...] = ()


@dataclass(frozen=True)
class FailedMicrograph:
    """A micrograph that could not be picked.

    Parameters
    ----------
    name : str
        Name of the micrograph, as it would be in the index.
    message : str
        Reason of the failure, and where possible a remedy.
    details : str
        Traceback of an unexpected error; otherwise empty.
    """

    name: str
    message: str
    details: str = ""


Outcome = PickedMicrograph | FailedMicrograph


def mean_and_quantiles(merit: NDArray[np.float64]) -> tuple[float | None, tuple[float, ...]]:
    """Return the fields `mean_fom` and `fom_quantiles` for figures of merit ``(k,)``."""
    if not len(merit):
        return None, ()
    return float(merit.mean()), tuple(np.quantile(merit, _QUANTILES).tolist())


@dataclass(frozen=True, eq=False)
class BatchReport:
    """Results of a batch.

    Parameters
    ----------
    picked : tuple of PickedMicrograph
        Results of the micrographs that are finished, by this run or an earlier one.
    failed : tuple of FailedMicrograph
        Micrographs that failed, with reasons.
    interrupted : bool
        Whether the batch stopped before the last micrograph.
    index : pathlib.Path or None
        RELION's index of all finished micrographs; None if there are none, or if no output format
        is one that RELION reads.
    parameters : ResolvedParameters
        Parameters, with the values that the weights recommend filled in.
    networks : Networks
        Networks that picked, and their device.
    seconds : float
        Duration of the batch, in seconds.
    waiting : int
        Number of known micrographs that have neither been picked nor failed.
    """

    picked: tuple[PickedMicrograph, ...]
    failed: tuple[FailedMicrograph, ...]
    interrupted: bool
    index: Path | None
    parameters: ResolvedParameters
    networks: Networks
    seconds: float
    waiting: int
