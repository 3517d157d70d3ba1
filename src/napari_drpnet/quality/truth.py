"""Precision of the particles of each class, where true centres are known."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath
from napari_drpnet.evaluation.comparison import read_positions
from napari_drpnet.evaluation.matching import match_one_to_one
from napari_drpnet.evaluation.scores import RADII
from napari_drpnet.formats.coordinates import rows_by_name
from napari_drpnet.quality.particles import Particles


@dataclass(frozen=True)
class ClassTruth:
    """True and false particles by class.

    Parameters
    ----------
    right, wrong : dict of int to int
        Number of particles at a true particle, and elsewhere, by the number of the class.
    unlabelled : int
        Number of particles on micrographs without truth, which are left out.
    """

    right: dict[int, int]
    wrong: dict[int, int]
    unlabelled: int


def compare_with_truth(
    data: Path, particles: Particles, truth: AnyPath, diameter_px: float
) -> ClassTruth:
    """Count true and false particles of each class.

    Parameters
    ----------
    data : pathlib.Path
        File of the particles, for error messages.
    particles : Particles
        Particles with classes, coordinates and names of micrographs.
    truth : path-like
        Folder or file of true centres, as `pair_coordinates` reads them.
    diameter_px : float
        Particle diameter in pixels of the micrograph. A particle is true if it can be paired
        one-to-one with a true centre within the main radius of `drpnet evaluate`.

    Raises
    ------
    InputFileError
        If a file cannot be used, or no micrograph of the particles has truth.
    """
    names, centers, classes = (
        particles.micrograph_names,
        particles.centers_yx,
        particles.class_numbers,
    )
    if names is None or centers is None or classes is None:
        reason = "has no classes, coordinates or names of micrographs to compare with the truth"
        raise InputFileError(data, reason, "Give particles that RELION has extracted")
    rows = rows_by_name(names)
    true_yx = read_positions(Path(truth), rows, "truth")
    right, wrong, unlabelled = Counter[int](), Counter[int](), 0
    for name, its in rows.items():
        if name not in true_yx:
            unlabelled += len(its)
            continue
        reach_px = RADII[0] * diameter_px
        matched = match_one_to_one(centers[its], true_yx[name], reach_px).pick_index
        is_right = np.zeros(len(its), bool)
        is_right[matched] = True
        right.update(classes[its][is_right].tolist())
        wrong.update(classes[its][~is_right].tolist())
    return ClassTruth(dict(right), dict(wrong), unlabelled)
