"""What came of a micrograph: picked, or not and why; and what came of them all."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from napari_drpnet.picking.advice import Advice
from napari_drpnet.picking.loading import Networks
from napari_drpnet.picking.resolve import ResolvedParameters


class Stored(BaseModel):
    """Base of what is kept as JSON: frozen, and no unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PickedMicrograph(Stored):
    """What came of one micrograph.

    Parameters
    ----------
    name : str
        As the index has it.
    files : tuple of str
        Written, relative to the output folder.
    accepted, above_threshold : int
        Picks in the coordinate files, and picks before the classifier judged.
    mean_fom : float or None
        Mean figure of merit of the accepted picks; None where there are none, or unknown.
    fom_quantiles : tuple of float
        Least, lower quartile, median, upper quartile and greatest figure of merit of the accepted
        picks; empty where there are none, or unknown.
    doubtful : int
        Picks above the threshold whose P(particle) is below one half; 0 without a classifier.
    accept : float or None
        Least P(particle) of the accepted picks. None where there was no such cut: without a
        classifier, without picks above the threshold, or because the automatic rule accepts
        nothing.
    automatic : bool
        Whether accept was found for this micrograph.
    expected_precision, expected_recall, expected_f1 : float or None
        Of the accepted ones among the picks above the threshold, if P(particle) means what it says;
        None without a classifier, or without such picks.
    valid_share : float
        Share of the micrograph that is a picture, and not blank.
    diameter_px, pixel_size_angstrom : float
        Particle diameter in unbinned pixels, and their size.
    polarity : {'dark', 'bright'}
        Of the particles.
    polarity_confidence : float
        From 0 to 1; 1 where the user said so.
    seconds : float
        From the pixels to the written files.
    earlier : bool
        Finished by an earlier run.
    advice : tuple of Advice
        What is odd about it, and what to try.
    """

    name: str
    files: tuple[str, ...]
    accepted: int
    above_threshold: int
    mean_fom: float | None = None
    fom_quantiles: tuple[float, ...] = ()
    doubtful: int = 0
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
    advice: tuple[Advice, ...] = ()


@dataclass(frozen=True)
class FailedMicrograph:
    """A micrograph that could not be picked.

    Parameters
    ----------
    name : str
        As the index would have it.
    message : str
        What is wrong, and perhaps what to do.
    details : str
        The traceback of an error that nobody foresaw; else empty.
    """

    name: str
    message: str
    details: str = ""


Outcome = PickedMicrograph | FailedMicrograph


@dataclass(frozen=True, eq=False)
class BatchReport:
    """What came of a batch.

    Parameters
    ----------
    picked : tuple of PickedMicrograph
        Finished, now or by an earlier run.
    failed : tuple of FailedMicrograph
        Not finished, and why.
    interrupted : bool
        Stopped before the last micrograph.
    index : pathlib.Path or None
        RELION's index of all that is finished; None when that is nothing, or when no format is
        one that RELION reads.
    parameters : ResolvedParameters
        With what the weights recommend filled in.
    networks : Networks
        That picked, and their device.
    seconds : float
        From beginning to end.
    waiting : int
        Micrographs that were there and have neither been picked nor failed.
    """

    picked: tuple[PickedMicrograph, ...]
    failed: tuple[FailedMicrograph, ...]
    interrupted: bool
    index: Path | None
    parameters: ResolvedParameters
    networks: Networks
    seconds: float
    waiting: int
