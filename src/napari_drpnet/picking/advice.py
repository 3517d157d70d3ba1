"""Advice about the picks of one micrograph: unusual findings, their cause, and what to try."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.picks import Picks
from napari_drpnet.base.wording import short_number
from napari_drpnet.images.equalise import is_unusual
from napari_drpnet.picking.cuts import above_threshold, find_cut, on_dirt, ranking_score
from napari_drpnet.picking.detection import UNSURE, Detection
from napari_drpnet.picking.dirt import find_dirt
from napari_drpnet.picking.plausibility import LEAST_PARTICLE_PX
from napari_drpnet.picking.resolve import ResolvedParameters

Topic = Literal[
    "picks", "polarity", "dirt", "scale", "diameter", "pixel size", "spectrum", "blank area"
]

#: Share of candidates below which few are accepted, and least number of candidates for that.
_FEW, _MANY_CANDIDATES = 0.02, 100
#: Particles below this diameter are not visible in ice; a smaller number is likely in nanometres.
_LEAST_DIAMETER_ANGSTROM = 40.0
#: Range of pixel sizes of real micrographs, Å.
_PIXEL_SIZES = (0.2, 15.0)
#: Least side of a micrograph, particle diameters.
_LEAST_PARTICLES = 4
#: Blank share of a micrograph from which it is reported.
_BLANK = 0.02


@dataclass(frozen=True)
class Advice:
    """One or two sentences about a micrograph.

    Parameters
    ----------
    topic : str
        Topic of the advice.
    text : str
        Cause and what to try. Settings have the names of the forms and options, as "accept".
    """

    topic: Topic
    text: str


def advise(
    picks: Picks | None,
    detection: Detection,
    parameters: ResolvedParameters,
    pixel_size_angstrom: float,
) -> tuple[Advice, ...]:
    """Return advice about everything that is unusual about a micrograph and its picks.

    Parameters
    ----------
    picks : Picks or None
        All candidates, or at least those above the threshold; accepted or not. None if the
        micrograph was only segmented.
    detection : Detection
        Detection that the picks come from.
    parameters : ResolvedParameters
        Parameters of the picks.
    pixel_size_angstrom : float
        Pixel size of the micrograph, Å.

    Returns
    -------
    tuple of Advice
        Advice, most important first; empty if nothing is unusual.
    """
    found = (
        ("picks", "" if picks is None else advise_on_picks(picks, parameters)),
        ("polarity", _about_polarity(detection, parameters)),
        ("dirt", _about_dirt(detection, parameters, picks is not None)),
        ("diameter", _about_diameter(detection, parameters)),
        ("pixel size", _about_pixel_size(pixel_size_angstrom)),
        ("scale", _about_scale(detection)),
        ("spectrum", _about_spectrum(detection)),
        ("blank area", _about_blank_area(detection)),
    )
    return tuple(Advice(topic, text) for topic, text in found if text)  # type: ignore[arg-type]


def advise_on_picks(picks: Picks, parameters: ResolvedParameters) -> str:
    """Return why there are no or few picks and what to try; "" if there are enough.

    Parameters
    ----------
    picks : Picks
        All candidates, or at least those above the threshold; accepted or not.
    parameters : ResolvedParameters
        Parameters of the picks.
    """
    above = above_threshold(picks, parameters)
    count, accepted = int(above.sum()), int(picks.accepted.sum())
    clean = above & ~on_dirt(picks, parameters)
    peaks = parameters.peaks
    if not count:
        score = ranking_score(picks, parameters)
        highest = f" (the highest has {short_number(score.max())})" if len(score) else ""
        limit = peaks.least_score
        return (
            f"No candidate reaches the threshold of {short_number(limit)}{highest}. "
            "Check the particle diameter and the polarity, or lower the threshold."
        )
    if accepted and not (count >= _MANY_CANDIDATES and accepted < _FEW * count):
        return ""
    few = "None" if not accepted else f"Only {accepted}"
    start = f"{few} of {count} candidates {'is' if accepted < 2 else 'are'} accepted: "
    if not clean.any() or accepted >= _FEW * clean.sum() > 0:
        return start + (
            f"{count - int(clean.sum())} lie on dirt or within {parameters.segmenter.clearance:g} "
            "diameters of it. Look at the mask; if it is wrong raise the P(dirt) of the segmenter "
            "or lower the clearance, or pick without a segmenter."
        )
    return start + _why_few(picks.probability[clean], picks, parameters)


def _why_few(probability: NDArray[np.float64], picks: Picks, parameters: ResolvedParameters) -> str:
    cut, limit = find_cut(picks, parameters), parameters.peaks.max_count
    if limit is not None and int(picks.accepted.sum()) == limit:
        return f"the maximum count is {limit}. Raise it."
    if cut is None:
        return "lower the threshold."
    highest = float(np.nanmax(probability))
    if not cut.picks_something:
        least = parameters.classifier.least_f1
        return (
            f"the best cut promises an F1 of only {cut.best_f1:.2f}, and {least:.2f} is asked for. "
            "The micrograph looks empty, or its particles are too faint to be told from noise. "
            "Check diameter and polarity; to see the candidates give accept a number, or lower "
            "least F1."
        )
    return (
        f"the highest P(particle) is {highest:.2f}, and accept is {cut.accept:.2f}. "
        "Check diameter and polarity, lower accept, or train the classifier on a few corrections."
    )


def _about_polarity(detection: Detection, parameters: ResolvedParameters) -> str:
    asked = parameters.particle.polarity == "auto"
    if not asked or detection.polarity_confidence >= UNSURE:
        return ""
    polarity = detection.view.polarity
    return (
        "It is uncertain whether particles are dark or bright; they were taken for "
        f"{polarity}. Set the polarity."
    )


def _about_dirt(detection: Detection, parameters: ResolvedParameters, picked: bool) -> str:
    dirt = find_dirt(detection, parameters)
    if dirt is None or dirt.rejects:
        return ""
    start = f"{dirt.area:.0%} of the micrograph is dirt"
    look = "It may be a frame of carbon or crystalline ice: look at it, and leave it out. If it is "
    if picked:
        nothing = ", so nothing was rejected for lying on it. "
        return start + nothing + look + "good, pick it without a segmenter."
    return f"{start}. {look}good, the mask is wrong: picks are not rejected by such a mask."


def _about_diameter(detection: Detection, parameters: ResolvedParameters) -> str:
    diameter = parameters.particle.diameter_angstrom
    if diameter < _LEAST_DIAMETER_ANGSTROM:
        return (
            f"A particle diameter of {diameter:g} Å is smaller than what can be seen in ice. "
            f"If you meant {diameter:g} nm, give {10 * diameter:g} Å."
        )
    room = min(detection.view.frame.full_shape) / detection.diameter_px
    if room < _LEAST_PARTICLES:
        return (
            f"The micrograph is only {room:.1f} particle diameters wide. "
            "Check the particle diameter and the pixel size."
        )
    return ""


def _about_pixel_size(pixel_size_angstrom: float) -> str:
    least, greatest = _PIXEL_SIZES
    if least <= pixel_size_angstrom <= greatest:
        return ""
    return (
        f"A pixel size of {short_number(pixel_size_angstrom)} Å is unusual. "
        "Check it, since headers are often wrong."
    )


def _about_scale(detection: Detection) -> str:
    if detection.diameter_px >= LEAST_PARTICLE_PX:
        return ""
    return (
        f"A particle is only {detection.diameter_px:.1f} pixels wide. "
        "Give a micrograph that is binned less, or check diameter and pixel size."
    )


def _about_spectrum(detection: Detection) -> str:
    gain = detection.view.gain
    if gain is None or not is_unusual(gain):
        return ""
    return (
        "The spectrum of the background is too unusual to be evened out, as after strong filtering "
        "or denoising: picks may be worse. Give the micrograph as it was before, if you can."
    )


def _about_blank_area(detection: Detection) -> str:
    blank = 1 - detection.view.valid_share
    if blank < _BLANK:
        return ""
    return (
        f"{blank:.0%} of the micrograph is blank (beyond the beam, a border, dead lines) and was "
        "left out."
    )
