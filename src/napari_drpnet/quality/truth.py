"""Precision of the particles of each class, where true centres are known."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath
from napari_drpnet.evaluation.matching import match_one_to_one
from napari_drpnet.evaluation.pairing import bare_path, pairing_key, read_coordinate_set
from napari_drpnet.evaluation.scores import RADII
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
        If a file cannot be used, or no micrograph has both particles and truth.
    """
    names, centers, classes = (
        particles.micrograph_names,
        particles.centers_yx,
        particles.class_numbers,
    )
    if names is None or centers is None or classes is None:
        reason = "has no classes, coordinates or names of micrographs to compare with the truth"
        raise InputFileError(data, reason, "Give particles that RELION has extracted")
    true = read_coordinate_set(Path(truth))
    rows = _rows_by_micrograph(names)
    key = pairing_key(rows, true)
    true = {key(path): each for path, each in true.items()}
    right, wrong, unlabelled = Counter[int](), Counter[int](), 0
    for path, its in rows.items():
        if key(path) not in true:
            unlabelled += len(its)
            continue
        centers_true = true[key(path)].centers_yx
        matched = match_one_to_one(centers[its], centers_true, RADII[0] * diameter_px).pick_index
        is_right = np.zeros(len(its), bool)
        is_right[matched] = True
        right.update(classes[its][is_right].tolist())
        wrong.update(classes[its][~is_right].tolist())
    if unlabelled == particles.count:
        reason = f"has no truth for the micrographs of {data.name}, such as {names[0]}"
        raise InputFileError(truth, reason, "Name the files after their micrographs")
    return ClassTruth(dict(right), dict(wrong), unlabelled)


def _rows_by_micrograph(names: Sequence[str]) -> dict[PurePosixPath, NDArray[np.intp]]:
    rows = dict[str, list[int]]()
    for row, name in enumerate(names):
        rows.setdefault(name, []).append(row)
    return {bare_path(name): np.array(its, np.intp) for name, its in rows.items()}
