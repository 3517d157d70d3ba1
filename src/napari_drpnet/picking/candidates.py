"""The candidates of a micrograph: where particles may be, best first."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import inside, nearest_pixels
from napari_drpnet.base.picks import Picks
from napari_drpnet.picking.cuts import ranking_score
from napari_drpnet.picking.detection import Detection
from napari_drpnet.picking.detectors.peaks import separate_candidates
from napari_drpnet.picking.resolve import ResolvedParameters


def rank_candidates(detection: Detection, parameters: ResolvedParameters) -> Picks:
    """Return all candidates but those at a border, on dirt or beside better ones, best first.

    Blank parts of the micrograph have a border too.

    Parameters
    ----------
    detection : Detection
        What the detector has found.
    parameters : ResolvedParameters
        Smoothing, score, border and least distance count; the threshold does not.

    Returns
    -------
    Picks
        None of them classified or accepted yet.
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
