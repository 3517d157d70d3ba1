"""Acceptance of picks: comparisons of scores and probabilities with cuts, all of them fast."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.picks import Picks
from napari_drpnet.picking.detectors.peaks import Candidates
from napari_drpnet.picking.expected import Cut, choose_cut
from napari_drpnet.picking.resolve import ResolvedParameters


def ranking_score(
    points: Candidates | Picks, parameters: ResolvedParameters
) -> NDArray[np.float64]:
    """Return the score ``(n,)`` that ranks candidates and that the threshold is compared with."""
    return points.height if parameters.peaks.score == "height" else points.prominence


def above_threshold(picks: Picks, parameters: ResolvedParameters) -> NDArray[np.bool_]:
    """Return which picks ``(n,)`` reach the threshold of the detector."""
    return ranking_score(picks, parameters) >= parameters.peaks.least_score


def on_dirt(picks: Picks, parameters: ResolvedParameters) -> NDArray[np.bool_]:
    """Return which picks ``(n,)`` are rejected because they lie on dirt or too near to it.

    Nothing is rejected where nothing is known about dirt.
    """
    return np.asarray(picks.clearance <= parameters.segmenter.clearance)


def eligible(picks: Picks, parameters: ResolvedParameters) -> NDArray[np.bool_]:
    """Return which picks ``(n,)`` may be accepted: above the threshold and not on dirt."""
    return above_threshold(picks, parameters) & ~on_dirt(picks, parameters)


def find_cut(picks: Picks, parameters: ResolvedParameters) -> Cut | None:
    """Find the least P(particle) of an accepted pick on this micrograph.

    Parameters
    ----------
    picks : Picks
        All candidates, or at least those above the threshold.
    parameters : ResolvedParameters
        Parameters of the classifier. If `accept` is a number, it is the cut. If it is None, the
        cut is that of best expected F1 among the picks above the threshold that are not on dirt.

    Returns
    -------
    Cut or None
        The cut; None if there is no classifier or no pick is classified.
    """
    known = picks.probability[eligible(picks, parameters)]
    if parameters.classifier.classifier == "none" or np.isnan(picks.probability).all():
        return None
    return choose_cut(known, parameters.classifier.accept, parameters.classifier.least_f1)


def accept(picks: Picks, parameters: ResolvedParameters) -> Picks:
    """Mark the picks that are not on dirt and pass the threshold, the cut and the maximum count.

    Parameters
    ----------
    picks : Picks
        All candidates, or at least those above the threshold, best first.
    parameters : ResolvedParameters
        Parameters with the threshold, the clearance, the rule of acceptance and the maximum count.

    Returns
    -------
    Picks
        The same picks, each accepted or not.
    """
    accepted = eligible(picks, parameters)
    cut = find_cut(picks, parameters)
    if cut is not None:
        accepted &= cut.accepts(picks.probability)
    if parameters.peaks.max_count is not None:
        accepted &= np.cumsum(accepted) <= parameters.peaks.max_count
    return replace(picks, accepted=accepted)
