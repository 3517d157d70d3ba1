"""The one composition: a micrograph goes in, picks come out.

The command line, the plugin and a notebook all call `pick`, or its stages in the same order:
`detection.detect` (slow, once per micrograph), `rank_candidates` (again when sigma moves),
`judge` (the classifier, once per candidate), `accept` (a comparison, again when a threshold
moves). To save time `pick` judges only what passes the threshold, unless all candidates are
wanted; sliders want all.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base import geometry
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.picks import Picks
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.picking.classification.patches import (
    extract_patches,
    weigh_context,
    weigh_patches,
)
from napari_drpnet.picking.detection import Detection, Networks, detect, load_networks
from napari_drpnet.picking.detectors.peaks import (
    Candidates,
    find_candidates,
    smooth,
    suppress_neighbours,
)
from napari_drpnet.picking.expected import Cut, automatic_cut, fixed_cut
from napari_drpnet.picking.parameters import PickParameters

if TYPE_CHECKING:
    from napari_drpnet.picking.networks.weights import Network, WeightsCard


def pick(
    micrograph: Micrograph,
    parameters: PickParameters,
    networks: Networks | None = None,
    job: Job | None = None,
    *,
    all_candidates: bool = False,
) -> Picks:
    """Pick the particles of one micrograph.

    Parameters
    ----------
    micrograph : Micrograph
        From `read_micrograph`.
    parameters : PickParameters
        At least the particle diameter.
    networks : Networks, optional
        From `load_networks`; loaded here when missing.
    job : Job, optional
        Told after each tile and batch; may cancel.
    all_candidates : bool
        Also return, and judge, the candidates below the threshold.

    Returns
    -------
    Picks
        Best first. Rejected ones are in it too: see `Picks.accepted`.

    Raises
    ------
    InputFileError
        When the pixel size is unknown, or the particle does not fit into the micrograph.
    Cancelled
        When the job says so.
    """
    picks, _ = pick_in_detail(micrograph, parameters, networks, job, all_candidates=all_candidates)
    return picks


def pick_in_detail(
    micrograph: Micrograph,
    parameters: PickParameters,
    networks: Networks | None = None,
    job: Job | None = None,
    *,
    all_candidates: bool = False,
) -> tuple[Picks, Detection]:
    """Pick as `pick` does, and also return what the detector saw and drew."""
    networks = networks or load_networks(parameters)
    parameters = resolve(parameters, networks)
    detection = detect(micrograph, parameters, networks, job)
    candidates = rank_candidates(detection, parameters)
    wanted = None if all_candidates else above_threshold(candidates, parameters)
    return accept(judge(candidates, detection, networks, job, wanted), parameters), detection


def resolve(parameters: PickParameters, networks: Networks) -> PickParameters:
    """Replace every None by what the weights recommend; see `resolve_with_cards`."""
    judge_card = networks.classifier.card if networks.classifier else None
    return resolve_with_cards(parameters, networks.detector.card, judge_card)


def resolve_with_cards(
    parameters: PickParameters, card: "WeightsCard", judge_card: "WeightsCard | None"
) -> PickParameters:
    """Replace every None by what the weights recommend, so that nothing is left open.

    A classifier recommends its own threshold, lower than the detector's alone: the candidates
    that it should judge. One that was made for another kind of detector only colours: its accept
    is 0. An accept that stays None is automatic: see `find_cut`.

    Parameters
    ----------
    parameters : PickParameters
        As the user gave them.
    card : WeightsCard
        Of the detector.
    judge_card : WeightsCard or None
        Of the classifier; None where there is none.

    Raises
    ------
    ValueError
        When normalisation, map units or score are not the detector's own and no threshold is
        given: what the card recommends has no meaning then.
    """
    detector, peaks, classifier = parameters.detector, parameters.peaks, parameters.classifier
    detector = detector.model_copy(
        update={
            "normalization": detector.normalization or card.normalization,
            "map_units": detector.map_units or card.map_units,
        }
    )
    recommended = {
        name: getattr(card, name) for name in ("sigma_px", "threshold", "score", "border")
    }
    cuts: dict[str, float | None] = {"accept": 0.0, "least_f1": 0.0}
    if judge_card and judge_card.knows(card):
        recommended["threshold"] = judge_card.threshold
        cuts = {"accept": judge_card.accept, "least_f1": judge_card.least_f1}
    _require_threshold(parameters, card)
    given = {name: value for name in recommended if (value := getattr(peaks, name)) is not None}
    peaks = peaks.model_copy(update=recommended | given)
    if judge_card is not None:
        open_cuts = {name: cuts[name] for name in cuts if getattr(classifier, name) is None}
        classifier = classifier.model_copy(update=open_cuts)
    return parameters.model_copy(
        update={"detector": detector, "peaks": peaks, "classifier": classifier}
    )


def _require_threshold(parameters: PickParameters, card: "WeightsCard") -> None:
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


def rank_candidates(detection: Detection, parameters: PickParameters) -> Picks:
    """Find all candidates, drop those at the border or beside better ones, best first.

    Blank parts of the micrograph have a border too.
    """
    peaks, frame = parameters.peaks, detection.view.frame
    assert peaks.sigma_px is not None
    assert peaks.border is not None
    candidates = find_candidates(smooth(detection.distance_map, peaks.sigma_px))
    centers = frame.to_full(candidates.centers_yx)
    border = peaks.border * detection.diameter_px
    clear = geometry.inside(centers, frame.full_shape, border)
    clear &= detection.view.is_clear(candidates.centers_yx, border)
    candidates = candidates.where(clear)
    score = ranking_score(candidates, parameters)
    distance = peaks.min_distance * detection.diameter_px / float(frame.scale_yx.mean())
    best = candidates.where(suppress_neighbours(candidates, score, distance))
    return Picks(
        frame.to_full(best.centers_yx),
        best.height,
        best.prominence,
        np.full(len(best), np.nan),
        np.zeros(len(best), bool),
    )


def ranking_score(points: Candidates | Picks, parameters: PickParameters) -> NDArray[np.float64]:
    """Return what ranks candidates and meets the threshold; parameters must be resolved."""
    return points.height if parameters.peaks.score == "height" else points.prominence


def judge(
    candidates: Picks,
    detection: Detection,
    networks: Networks,
    job: Job | None = None,
    wanted: NDArray[np.bool_] | None = None,
) -> Picks:
    """Let the classifier fill in P(particle); it stays NaN where there is none.

    Parameters
    ----------
    candidates : Picks
        All of them, from `rank_candidates`: each is judged by the others too.
    detection : Detection
        Whose candidates they are.
    networks : Networks
        With a classifier, or without.
    job : Job, optional
        Told after each batch; may cancel.
    wanted : (n,) bool array, optional
        Which to judge and return; default: all.

    Raises
    ------
    Cancelled
        When the job says so.
    """
    context = weigh_surroundings(candidates, detection, networks)
    if wanted is not None:
        candidates, context = candidates.where(wanted), context[wanted]
    if networks.classifier is None:
        return candidates
    return conclude(candidates, weigh(candidates, detection, networks.classifier, job), context)


def weigh(
    picks: Picks, detection: Detection, classifier: "Network", job: Job | None = None
) -> NDArray[np.float32]:
    """Return the log-odds (n,) of a particle that the patches around picks give."""
    view = detection.classifier_view
    centers = view.frame.to_network(picks.centers_yx)
    patches = extract_patches(view.image, centers, classifier.card.patch_px)
    return weigh_patches(patches, classifier, job)


def weigh_surroundings(
    candidates: Picks, detection: Detection, networks: Networks
) -> NDArray[np.float64]:
    """Return the log-odds (n,) that all candidates together give each of them.

    They are 0 where the heights are not those that the classifier knows.
    """
    classifier, detector = networks.classifier, networks.detector.card
    own_units = detection.map_units == detector.map_units
    if classifier is None or not classifier.card.knows(detector) or not own_units:
        return np.zeros(len(candidates))
    return weigh_context(
        candidates.centers_yx,
        candidates.height,
        detection.view.extent,
        detection.diameter_px,
        classifier,
    )


def conclude(picks: Picks, patch: NDArray[np.float32], context: NDArray[np.float64]) -> Picks:
    """Fill in P(particle) from the log-odds of patch and context, which add up."""
    from scipy.special import expit

    return replace(picks, probability=expit(patch + context))


def above_threshold(picks: Picks, parameters: PickParameters) -> NDArray[np.bool_]:
    """Tell which picks the detector alone is sure of; parameters must be resolved."""
    peaks = parameters.peaks
    assert peaks.threshold is not None
    return ranking_score(picks, parameters) >= peaks.threshold * peaks.level


def find_cut(picks: Picks, parameters: PickParameters) -> Cut | None:
    """Find the least P(particle) of an accepted pick on this micrograph.

    Parameters
    ----------
    picks : Picks
        All candidates, or at least those above the threshold.
    parameters : PickParameters
        Resolved. Where `accept` is a number, that is the cut; where it is None, the cut is the one
        of best expected F1 among the picks above the threshold.

    Returns
    -------
    Cut or None
        None where there is no classifier, or none has given a probability.
    """
    known = picks.probability[above_threshold(picks, parameters)]
    if parameters.classifier.classifier == "none" or np.isnan(picks.probability).all():
        return None
    given, least_f1 = parameters.classifier.accept, parameters.classifier.least_f1
    return fixed_cut(known, given) if given is not None else automatic_cut(known, least_f1 or 0.0)


def accept(picks: Picks, parameters: PickParameters) -> Picks:
    """Apply threshold, maximum count and accept: comparisons only; parameters resolved."""
    accepted = above_threshold(picks, parameters)
    cut = find_cut(picks, parameters)
    if cut is not None:
        accepted &= cut.picks_something & ~(picks.probability < cut.accept)
    if parameters.peaks.max_count is not None:
        accepted &= np.cumsum(accepted) <= parameters.peaks.max_count
    return replace(picks, accepted=accepted)
