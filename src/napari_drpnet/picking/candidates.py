"""Candidates of a micrograph: positions that may be particles, best first."""

import numpy as np

from napari_drpnet.base.geometry import holds_box, inside
from napari_drpnet.base.picks import Picks
from napari_drpnet.picking.cuts import ranking_score
from napari_drpnet.picking.detection import Detection
from napari_drpnet.picking.detectors.peaks import separate_candidates
from napari_drpnet.picking.dirt import find_dirt
from napari_drpnet.picking.resolve import ResolvedParameters


def rank_candidates(detection: Detection, parameters: ResolvedParameters) -> Picks:
    """Return all candidates, best first, without those at a border or near better ones.

    The border applies to blank parts of the micrograph too. Candidates on dirt are kept, with
    their clearance, since a person may accept them.

    Parameters
    ----------
    detection : Detection
        Result of `detect`.
    parameters : ResolvedParameters
        Parameters with smoothing, score, border, extraction box and least distance; the threshold
        is not used.

    Returns
    -------
    Picks
        Candidates that are neither classified nor accepted yet.
    """
    peaks, frame = parameters.peaks, detection.view.frame
    dirt = find_dirt(detection, parameters)
    candidates = detection.evidence.candidates(parameters, dirt.rejecting if dirt else None)
    border = peaks.border * detection.diameter_px
    maxima = frame.to_full(candidates.centers_yx)
    clear = inside(maxima, frame.full_shape, border)
    clear &= detection.view.is_clear(candidates.centers_yx, border)
    if peaks.border_box_px is not None:
        clear &= holds_box(maxima, frame.full_shape, peaks.border_box_px)
    distance = peaks.min_distance * detection.diameter_px / float(frame.scale_yx.mean())
    score = ranking_score(candidates, parameters)
    best = separate_candidates(candidates, clear, score, distance)
    centers, unknown = frame.to_full(best.centers_yx), np.full(len(best), np.nan)
    return Picks(
        centers,
        best.height,
        best.prominence,
        unknown,
        np.zeros(len(best), bool),
        unknown if dirt is None else dirt.clearance(centers, detection.diameter_px),
    )
