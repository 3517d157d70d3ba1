"""Parameters with the values that the weights recommend filled in."""

from typing import Any, Literal

from pydantic import Field

from napari_drpnet.base.frozen import Parameters
from napari_drpnet.picking.networks.card import ClassifierCard, DetectorCard, SegmenterCard
from napari_drpnet.picking.parameters import (
    ClassifierParameters,
    DetectorParameters,
    PeakParameters,
    PickParameters,
    SegmenterParameters,
)

_DIRT = ("dirt_probability", "least_speck", "clearance")
_COMPONENTS = ("particle_probability", "least_area", "greatest_area", "erosion")


class ResolvedDetectorParameters(DetectorParameters):
    """`DetectorParameters` without None."""

    normalization: Literal["robust", "published"]
    map_units: Literal["absolute", "published"]


class ResolvedPeakParameters(PeakParameters):
    """`PeakParameters` with all recommended values filled in."""

    sigma_px: float = Field(ge=0, le=50)
    threshold: float = Field(ge=0)
    score: Literal["height", "prominence"]
    border: float = Field(ge=0, le=5)

    @property
    def least_score(self) -> float:
        """Least score of a pick: threshold times level, in the units of the detector."""
        return self.threshold * self.level


class ResolvedClassifierParameters(ClassifierParameters):
    """`ClassifierParameters` with recommended values; an accept of None is automatic."""

    least_f1: float = Field(ge=0, le=1)


class ResolvedSegmenterParameters(SegmenterParameters):
    """`SegmenterParameters` with all recommended values filled in."""

    dirt_probability: float = Field(ge=0, le=1)
    least_speck: float = Field(ge=0, le=1000)
    clearance: float = Field(ge=0, le=10)
    particle_probability: float = Field(ge=0, le=1)
    least_area: float = Field(ge=0, le=1000)
    greatest_area: float = Field(ge=0, le=1e6)
    erosion: float = Field(ge=0, le=1)


#: Parameters of the segmenter if there is none and nothing was given.
NO_SEGMENTER = ResolvedSegmenterParameters(
    **{name: SegmenterCard.model_fields[name].default for name in (*_DIRT, *_COMPONENTS)}
)


class ResolvedParameters(PickParameters):
    """`PickParameters` with the values that the weights recommend, as returned by `resolve`."""

    detector: ResolvedDetectorParameters
    peaks: ResolvedPeakParameters
    classifier: ResolvedClassifierParameters
    segmenter: ResolvedSegmenterParameters


def resolve(
    parameters: PickParameters,
    detector: DetectorCard,
    classifier: ClassifierCard | None,
    segmenter: SegmenterCard | None = None,
) -> ResolvedParameters:
    """Replace every None by the value that the weights recommend.

    Parameters
    ----------
    parameters : PickParameters
        Parameters as the user gave them.
    detector : DetectorCard
        Card of the detector.
    classifier : ClassifierCard or None
        Card of the classifier; None without a classifier.
    segmenter : SegmenterCard, optional
        Card of the segmenter that finds dirt; None without a segmenter.

    Returns
    -------
    ResolvedParameters
        Parameters without None, except for an automatic accept; see `cuts.find_cut`.

    Raises
    ------
    ValueError
        If normalisation, map units or score are not those of the detector and no threshold is
        given: the recommended one has no meaning then.

    Notes
    -----
    A classifier recommends its own threshold, which is lower than that of the detector, so that
    it classifies more candidates. A classifier that was made for another kind of detector rejects
    nothing: its accept is 0.
    """
    _require_threshold(parameters, detector)
    peaks = {name: getattr(detector, name) for name in ("sigma_px", "threshold", "score", "border")}
    cuts: dict[str, Any] = {"least_f1": 0.0}
    if classifier is not None:
        cuts["accept"] = 0.0
        if classifier.knows(detector):
            peaks["threshold"] = classifier.threshold
            cuts = {"accept": classifier.accept, "least_f1": classifier.least_f1}
    views = {"normalization": detector.normalization, "map_units": detector.map_units}
    return ResolvedParameters(
        particle=parameters.particle,
        detector=ResolvedDetectorParameters(**_filled(parameters.detector, views)),
        peaks=ResolvedPeakParameters(**_filled(parameters.peaks, peaks)),
        classifier=ResolvedClassifierParameters(**_filled(parameters.classifier, cuts)),
        segmenter=ResolvedSegmenterParameters(
            **_filled(parameters.segmenter, _of_segmenters(detector, segmenter))
        ),
    )


def _of_segmenters(detector: DetectorCard, segmenter: SegmenterCard | None) -> dict[str, Any]:
    """Return the recommended values: about dirt those of the segmenter, else of the detector."""
    own = detector if isinstance(detector, SegmenterCard) else None
    about_dirt = segmenter or own
    return {name: _of_card(about_dirt, name) for name in _DIRT} | {
        name: _of_card(own, name) for name in _COMPONENTS
    }


def _of_card(card: SegmenterCard | None, name: str) -> Any:
    """Return a recommended value; without a segmenter, the default of the card."""
    return getattr(card, name) if card else SegmenterCard.model_fields[name].default


def _filled(stage: Parameters, recommended: dict[str, Any]) -> dict[str, Any]:
    given = stage.model_dump()
    return given | {name: value for name, value in recommended.items() if given[name] is None}


def _require_threshold(parameters: PickParameters, card: DetectorCard) -> None:
    """Raise `ValueError` if the recommended threshold would be used with other settings."""
    chosen = {
        "normalization": parameters.detector.normalization,
        "map_units": parameters.detector.map_units,
        "score": parameters.peaks.score,
    }
    for name, value in chosen.items():
        own = getattr(card, name)
        if parameters.peaks.threshold is None and value not in (None, own):
            words = name.replace("_", " ")
            raise ValueError(
                f"{words} {value!r} is not that of the detector ({own!r}): give a threshold for it"
            )
