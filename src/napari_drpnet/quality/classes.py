"""2D classes: which are good, which are selected, how many particles and what scores they have."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath
from napari_drpnet.quality.job_folders import RefinementFiles, require_folder
from napari_drpnet.quality.particles import Particles, count_particles
from napari_drpnet.quality.tables import finite_number, finite_numbers, read_block, require_rows
from napari_drpnet.quality.truth import ClassTruth
from napari_drpnet.relion.star_tables import Table, numbers

Floats = NDArray[np.float64]

AVERAGES, SELECTED, RANKED = "class_averages.star", "particles.star", "rank_model.star"
_REFERENCE = "rlnReferenceImage"
_SHARE, _RESOLUTION, _ROTATIONS = (
    "rlnClassDistribution",
    "rlnEstimatedResolution",
    "rlnAccuracyRotations",
)
_DIGITS = 9
_CLASSES, _SCORE = "rlnNrClasses", "rlnClassScore"
#: The rule for good classes: least share of the mean share, greatest ratio to the best resolution,
#: and the accuracy that RELION states for classes without alignment.
_LEAST_SHARE, _WORST_RESOLUTION, _UNALIGNED = 0.25, 1.5, 999.0
#: Relative rounding of the resolutions, which are those of shells and often at that ratio exactly.
_ROUNDING = 1e-5


@dataclass(frozen=True)
class Selection:
    """What a Select job kept.

    Parameters
    ----------
    particles : int
        Number of selected particles.
    classes : frozenset of int or None
        Numbers of the selected 2D classes; None if the job selected by something else.
    scores : dict of int to float
        Score of RELION's automatic selection (4 and 5) by the number of the class, from 0 to 1.
    """

    particles: int
    classes: frozenset[int] | None
    scores: dict[int, float]


@dataclass(frozen=True)
class ClassAverage:
    """One 2D class.

    Parameters
    ----------
    number : int
        Number of the class, counted from 1.
    particles : int
        Number of particles that are most probable in it.
    share : float
        Share of the class among all particles, by probability.
    resolution_angstrom : float or None
        Estimated resolution in Å; None for an empty class.
    accuracy_degrees : float
        Accuracy of rotations in degrees; 999 if nothing can be aligned to the class.
    follows_rule : bool
        Whether the class is good by the rule of `read_classes`.
    is_selected : bool or None
        Whether the user has selected it; None if unknown.
    relion_score : float or None
        Score of RELION's automatic selection.
    score_quartiles : tuple of float or None
        Lower quartile, median and upper quartile of the scores of the picker.
    right, wrong : int or None
        Number of particles at a true particle, and elsewhere, if the truth is known.
    """

    number: int
    particles: int
    share: float
    resolution_angstrom: float | None
    accuracy_degrees: float
    follows_rule: bool
    is_selected: bool | None
    relion_score: float | None
    score_quartiles: tuple[float, float, float] | None
    right: int | None
    wrong: int | None

    @property
    def is_good(self) -> bool:
        """Whether the class is selected or, without a selection, good by the rule."""
        return self.follows_rule if self.is_selected is None else self.is_selected

    @property
    def precision(self) -> float | None:
        """Share of true particles; None without truth or particles."""
        if self.right is None or self.wrong is None or not self.right + self.wrong:
            return None
        return self.right / (self.right + self.wrong)


def read_selection(job: AnyPath) -> Selection:
    """Read what a Select job kept.

    Parameters
    ----------
    job : path-like
        Folder of the job, such as ``Select/job020``.

    Raises
    ------
    InputFileError
        If the folder has no ``particles.star``, or a file is damaged.
    """
    folder = require_folder(job)
    particles, averages, ranked = (folder / name for name in (SELECTED, AVERAGES, RANKED))
    if not particles.exists():
        raise InputFileError(particles, "is missing", "Give the folder of a finished Select job")
    scores = dict[int, float]()
    if ranked.exists():
        table = read_block(ranked, {"model_classes"}, _REFERENCE, _SCORE)
        values = finite_numbers(ranked, table, _SCORE).tolist()
        scores = dict(zip(_class_numbers(ranked, table), values, strict=True))
    classes = None
    if averages.exists():
        table = read_block(averages, {"", "model_classes", "class_averages"}, _REFERENCE)
        classes = frozenset(_class_numbers(averages, table))
    return Selection(count_particles(particles), classes, scores)


def _class_numbers(path: Path, table: Table) -> list[int]:
    words = [name.partition("@")[0] for name in table[_REFERENCE]]
    if not all(word.isdecimal() and len(word) <= _DIGITS for word in words):
        remedy = "Give a Select job of 2D classes"
        raise InputFileError(path, f"has names in _{_REFERENCE} without a number", remedy)
    return [int(word) for word in words]


def read_classes(
    files: RefinementFiles,
    particles: Particles,
    selection: Selection | None = None,
    truth: ClassTruth | None = None,
) -> tuple[ClassAverage, ...]:
    """Read the classes of a 2D classification.

    Parameters
    ----------
    files : RefinementFiles
        Files of the classification.
    particles : Particles
        Its particles.
    selection : Selection, optional
        What the user has selected of it.
    truth : ClassTruth, optional
        Numbers of true and false particles by class.

    Returns
    -------
    tuple of ClassAverage
        Classes in the order of their numbers. One is good by the rule if its rotations have an
        accuracy, its share is more than a quarter of the mean share, and its resolution is within
        1.5 times the best among the classes for which both hold.

    Raises
    ------
    InputFileError
        If the model is missing or damaged, or the particles have no classes.
    """
    model = files.model
    if model is None or particles.class_numbers is None:
        remedy = "Give the folder of a Class2D job that has run"
        raise InputFileError(files.folder, "has no classes of particles", remedy)
    general = read_block(model, {"model_general"}, _CLASSES)
    table = read_block(model, {"model_classes"}, _SHARE, _RESOLUTION, _ROTATIONS)
    require_rows(model, table, int(finite_number(model, general, _CLASSES)), "its classes")
    share, accuracy = (finite_numbers(model, table, column) for column in (_SHARE, _ROTATIONS))
    resolution = numbers(model, table, _RESOLUTION)  # infinite for empty classes
    rule = _follow_rule(share, resolution, accuracy)
    averages = []
    for row in range(len(table)):
        number, members = row + 1, particles.class_numbers == row + 1
        averages.append(
            ClassAverage(
                number=number,
                particles=int(members.sum()),
                share=float(share[row]),
                resolution_angstrom=_known(resolution[row]),
                accuracy_degrees=float(accuracy[row]),
                follows_rule=bool(rule[row]),
                is_selected=_is_selected(number, selection),
                relion_score=selection.scores.get(number) if selection else None,
                score_quartiles=_quartiles(particles.score, members),
                right=truth.right.get(number, 0) if truth else None,
                wrong=truth.wrong.get(number, 0) if truth else None,
            )
        )
    return tuple(averages)


def _follow_rule(share: Floats, resolution: Floats, accuracy: Floats) -> NDArray[np.bool_]:
    is_used = (accuracy < _UNALIGNED) & (share > _LEAST_SHARE / len(share)) & (resolution > 0)
    is_used &= np.isfinite(resolution)
    best = resolution[is_used].min(initial=np.inf)
    return np.asarray(is_used & (resolution <= _WORST_RESOLUTION * best * (1 + _ROUNDING)))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _is_selected(number: int, selection: Selection | None) -> bool | None:
    return None if selection is None or selection.classes is None else number in selection.classes


def _quartiles(
    score: Floats | None, members: NDArray[np.bool_]
) -> tuple[float, float, float] | None:
    known = np.empty(0) if score is None else score[members & np.isfinite(score)]
    if not len(known):
        return None
    low, median, high = np.quantile(known, (0.25, 0.5, 0.75))
    return float(low), float(median), float(high)
