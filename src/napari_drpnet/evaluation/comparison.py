"""Picks against truth, while the user looks on."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.evaluation.pairing import bare_path, pairing_key, read_coordinate_set
from napari_drpnet.evaluation.precision_recall import CurvePoint, PrecisionRecallCurve, Tally
from napari_drpnet.evaluation.scores import RADII, ScoredMicrograph, score_picks, trace_curve

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Comparison:
    """The picks of one micrograph against its true particles.

    Parameters
    ----------
    tally : Tally
        Of the accepted picks; its rates are precision, recall and F1.
    curve : PrecisionRecallCurve
        Of all candidates, at every threshold of their score.
    median_centring_error_px : float or None
        Median distance of accepted picks from their particles, unbinned pixels; None without any.
    """

    tally: Tally
    curve: PrecisionRecallCurve
    median_centring_error_px: float | None

    @property
    def best(self) -> CurvePoint | None:
        """The threshold that would give the greatest F1; None when no candidate is right."""
        return self.curve.best


def compare(
    accepted_yx: ArrayLike,
    candidates_yx: ArrayLike,
    candidate_scores: ArrayLike,
    truth_yx: ArrayLike,
    diameter_px: float,
) -> Comparison:
    """Compare picks with true particles; a pair is at most half a diameter apart.

    Parameters
    ----------
    accepted_yx : (n, 2) array_like
        Positions ``(y, x)`` of the accepted picks, unbinned pixels.
    candidates_yx : (k, 2) array_like
        Positions ``(y, x)`` of all candidates, unbinned pixels.
    candidate_scores : (k,) array_like
        The scores that the threshold cuts.
    truth_yx : (m, 2) array_like
        Positions ``(y, x)`` of the true particles, unbinned pixels.
    diameter_px : float
        Particle diameter, unbinned pixels.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        When shapes disagree, a number is not finite, or the diameter is not positive.
    """
    accepted, candidates, truth = (
        np.asarray(positions, float).reshape(-1, 2)
        for positions in (accepted_yx, candidates_yx, truth_yx)
    )
    score = score_picks(accepted, truth, diameter_px, RADII[0])
    scores = np.asarray(candidate_scores, float)
    micrograph = ScoredMicrograph("", candidates, scores, truth, diameter_px)
    curve = trace_curve([micrograph], RADII[0])
    return Comparison(score.tally, curve, score.median_centring_error_px)


def read_truth(source: Path, names: Iterable[str]) -> dict[str, Floats]:
    """Read the true particles of micrographs.

    Parameters
    ----------
    source : pathlib.Path
        A folder, searched with its sub-folders for ``.csv``, ``.star`` and ``.box`` files, or one
        such file, about one micrograph or many: see `evaluation_inputs.pair_coordinates`.
    names : iterable of str
        The micrographs. They are found by their names without folders, and with folders where
        two are alike. A file about one micrograph is about the only one there is.

    Returns
    -------
    dict of str to (n, 2) float array
        Positions ``(y, x)`` in unbinned pixels, of those micrographs that have any truth.

    Raises
    ------
    InputFileError
        When a file cannot be used, or is about none of the micrographs.
    """
    paths = {name: bare_path(name) for name in names}
    truth = read_coordinate_set(source)
    if len(paths) == len(truth) == 1 and not source.is_dir():
        (name,), (coordinates,) = paths, truth.values()
        return {name: coordinates.centers_yx}
    key = pairing_key(set(paths.values()), truth)
    centers = {key(path): coordinates.centers_yx for path, coordinates in truth.items()}
    found = {name: centers[key(path)] for name, path in paths.items() if key(path) in centers}
    if not found:
        reason = f"no truth fits these micrographs: it is about {min(truth)} …"
        remedy = "Name the files after the micrographs, or put those names into the file"
        raise InputFileError(source, reason, remedy)
    return found
