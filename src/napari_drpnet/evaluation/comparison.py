"""Comparison of the picks of one micrograph with true particles, as shown in the window."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.evaluation.pairing import read_coordinate_set
from napari_drpnet.evaluation.precision_recall import CurvePoint, PrecisionRecallCurve, Tally
from napari_drpnet.evaluation.scores import RADII, ScoredMicrograph, score_picks, trace_curve
from napari_drpnet.formats.micrograph_names import match_names

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Result of comparing the picks of one micrograph with its true particles.

    Parameters
    ----------
    tally : Tally
        Counts for the accepted picks; its rates are precision, recall and F1.
    curve : PrecisionRecallCurve
        Curve of all candidates over the threshold of their score.
    median_centring_error_px : float or None
        Median distance in unbinned pixels of accepted picks from their particles; None without
        pairs.
    is_right : (n,) bool array
        Whether each accepted pick is paired with a particle.
    is_found : (m,) bool array
        Whether each particle is paired with an accepted pick.
    """

    tally: Tally
    curve: PrecisionRecallCurve
    median_centring_error_px: float | None
    is_right: Mask
    is_found: Mask

    @property
    def best(self) -> CurvePoint | None:
        """Threshold with the greatest F1, and its rates; None if no candidate is correct."""
        return self.curve.best


def compare(
    accepted_yx: ArrayLike,
    candidates_yx: ArrayLike,
    candidate_scores: ArrayLike,
    truth_yx: ArrayLike,
    diameter_px: float,
) -> Comparison:
    """Compare the picks of one micrograph with its true particles.

    A pick and a particle can form a pair if they are at most half a diameter apart.

    Parameters
    ----------
    accepted_yx : (n, 2) array_like
        Positions ``(y, x)`` of the accepted picks in unbinned pixels.
    candidates_yx : (k, 2) array_like
        Positions ``(y, x)`` of all candidates in unbinned pixels.
    candidate_scores : (k,) array_like
        Scores of the candidates, to which the threshold applies.
    truth_yx : (m, 2) array_like
        Positions ``(y, x)`` of the true particles in unbinned pixels.
    diameter_px : float
        Particle diameter in unbinned pixels.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If shapes disagree, a number is not finite, or the diameter is not positive.
    """
    accepted, candidates, truth = (
        np.asarray(positions, float).reshape(-1, 2)
        for positions in (accepted_yx, candidates_yx, truth_yx)
    )
    score = score_picks(accepted, truth, diameter_px, RADII[0])
    scores = np.asarray(candidate_scores, float)
    micrograph = ScoredMicrograph("", candidates, scores, truth, diameter_px)
    curve = trace_curve([micrograph], RADII[0])
    matching = score.matching
    is_right, is_found = np.zeros(len(accepted), bool), np.zeros(len(truth), bool)
    is_right[matching.pick_index] = is_found[matching.truth_index] = True
    return Comparison(score.tally, curve, score.median_centring_error_px, is_right, is_found)


def read_positions(source: Path, names: Iterable[str], noun: str) -> dict[str, Floats]:
    """Read positions in micrographs, such as those of the true particles.

    Parameters
    ----------
    source : pathlib.Path
        Folder that is searched recursively for coordinate files, or one such file with one or
        many micrographs; see `pairing.pair_coordinates`.
    names : iterable of str
        Names of the micrographs, compared by `match_names`. If there is one micrograph, a file with
        one micrograph is taken for it, whatever its name.
    noun : str
        What the positions are, for messages: "truth" or "picks".

    Returns
    -------
    dict of str to (n, 2) float array
        Positions ``(y, x)`` in unbinned pixels for each micrograph that has some.

    Raises
    ------
    InputFileError
        If a file cannot be used, or none of the micrographs has positions.
    """
    wanted, given = tuple(dict.fromkeys(names)), read_coordinate_set(source)
    if len(wanted) == len(given) == 1 and not source.is_dir():
        (name,), (coordinates,) = wanted, given.values()
        return {name: coordinates.centers_yx}
    found = match_names(given, wanted).found
    if not found:
        reason = f"has no {noun} of these micrographs; the first in it is {min(given)}"
        remedy = "Name the files after the micrographs, or write those names into the file"
        raise InputFileError(source, reason, remedy)
    return {its: given[name].centers_yx for name, its in found.items()}
