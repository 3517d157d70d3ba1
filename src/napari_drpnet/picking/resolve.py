"""Replace what parameters leave open by what the weights recommend."""

from typing import Any, Literal

from pydantic import Field

from napari_drpnet.base.frozen import Parameters
from napari_drpnet.picking.networks.card import ClassifierCard, DetectorCard
from napari_drpnet.picking.parameters import (
    ClassifierParameters,
    DetectorParameters,
    PeakParameters,
    PickParameters,
)


class ResolvedDetectorParameters(DetectorParameters):
    """`DetectorParameters` with nothing left open."""

    normalization: Literal["robust", "published"]
    map_units: Literal["absolute", "published"]


class ResolvedPeakParameters(PeakParameters):
    """`PeakParameters` with nothing left open."""

    sigma_px: float = Field(ge=0, le=50)
    threshold: float = Field(ge=0)
    score: Literal["height", "prominence"]
    border: float = Field(ge=0, le=5)

    @property
    def least_score(self) -> float:
        """Score that the least pick has: the threshold times the level, units of the detector."""
        return self.threshold * self.level


class ResolvedClassifierParameters(ClassifierParameters):
    """`ClassifierParameters` with nothing left open; an accept of None is automatic."""

    least_f1: float = Field(ge=0, le=1)


class ResolvedParameters(PickParameters):
    """Parameters whose every None has been replaced by what the weights recommend.

    `resolve` makes them.
    """

    detector: ResolvedDetectorParameters
    peaks: ResolvedPeakParameters
    classifier: ResolvedClassifierParameters


def resolve(
    parameters: PickParameters, detector: DetectorCard, classifier: ClassifierCard | None
) -> ResolvedParameters:
    """Replace every None by what the weights recommend, so that nothing is left open.

    A classifier recommends its own threshold, lower than the detector's alone: the candidates
    that it should classify. One that was made for another kind of detector only colours points:
    its accept is 0. An accept that stays None is automatic: see `cuts.find_cut`.

    Parameters
    ----------
    parameters : PickParameters
        As the user gave them.
    detector : DetectorCard
        Card of the detector.
    classifier : ClassifierCard or None
        Card of the classifier; None where there is none.

    Raises
    ------
    ValueError
        When normalisation, map units or score are not the detector's own and no threshold is
        given: what the card recommends has no meaning then.
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
    )


def _filled(stage: Parameters, recommended: dict[str, Any]) -> dict[str, Any]:
    given = stage.model_dump()
    return given | {name: value for name, value in recommended.items() if given[name] is None}


def _require_threshold(parameters: PickParameters, card: DetectorCard) -> None:
    """Refuse to use a recommended threshold for what it was not made for."""
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
