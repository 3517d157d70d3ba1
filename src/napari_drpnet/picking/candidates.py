"""Candidates of a micrograph: positions that may be particles, best first."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import inside, nearest_pixels
from napari_drpnet.base.picks import Picks
from napari_drpnet.picking.cuts import ranking_score
from napari_drpnet.picking.detection import Detection
from napari_drpnet.picking.detectors.peaks import separate_candidates
from napari_drpnet.picking.resolve import ResolvedParameters


def rank_candidates(detection: Detection, parameters: ResolvedParameters) -> Picks:
    """Return all candidates, best first, without those at a border, on dirt or near better ones.

    The border applies to blank parts of the micrograph too.

    Parameters
    ----------
    detection : Detection
        Result of `detect`.
    parameters : ResolvedParameters
        Parameters with smoothing, score, border and least distance; the threshold is not used.

    Returns
    -------
    Picks
        Candidates that are neither classified nor accepted yet.
    """
    peaks, frame = parameters.peaks, detection.view.frame
    candidates = detection.evidence.candidates(peaks)
    border = peaks.border * detection.diameter_px
    clear = inside(frame.to_full(candidates.centers_yx), frame.full_shape, border)
    clear &= detection.view.is_clear(candidates.centers_yx, border)
    clear &= ~_is_dirty(detection, candidates.centers_yx)
    distance = peaks.min_distance * detection.diameter_px / float(frame.scale_yx.mean())
    score = ranking_score(candidates, parameters)
    best = separate_candidates(candidates, clear, score, distance)
    return Picks(
        frame.to_full(best.centers_yx),
        best.height,
        best.prominence,
        np.full(len(best), np.nan),
        np.zeros(len(best), bool),
    )


def _is_dirty(detection: Detection, centers_yx: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which positions, network pixels, the detector has found to be dirt."""
    dirt = detection.evidence.dirt
    if dirt is None:
        return np.zeros(len(centers_yx), bool)
    return dirt[nearest_pixels(dirt.shape, centers_yx)]
