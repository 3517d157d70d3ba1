"""Fields of a training run of a segmenter: simulated, and views of real micrographs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.images.preprocess import NetworkImage
from napari_drpnet.training.common.class_fields import (
    NO_PARTICLE,
    ClassField,
    classes_from_centers,
    random_class_fields,
)
from napari_drpnet.training.common.recipe import (
    VISIBLE,
    DirtMixture,
    SegmenterData,
    SegmenterRecipe,
)
from napari_drpnet.training.from_truth.label_images import (
    LabelledSet,
    LabelledViews,
    find_label_images,
)
from napari_drpnet.training.from_truth.pool import (
    empty_looks,
    find_pictures,
    labelled_looks,
)
from napari_drpnet.training.from_truth.simulated import describe, read_structures, simulate


@dataclass(frozen=True, eq=False)
class ClassPool:
    """Fields for training and for validation of a segmenter.

    Parameters
    ----------
    fields, validation : list of ClassField
        Fields for training and for validation; the simulated ones are of different structures.
        Validation fields from strokes are in `held_out`.
    description : str
        Description of the fields for the card.
    spectrum : tuple of float or None
        Spectrum that the background of the fields was equalised to; see `preprocess`.
    held_out : list of ClassField
        Micrographs with strokes that are not trained on, or the only one if there is nothing else
        to validate by.
    """

    fields: list[ClassField]
    validation: list[ClassField]
    description: str
    spectrum: tuple[float, ...] | None = None
    held_out: list[ClassField] = field(default_factory=list)


def make_class_pool(
    recipe: SegmenterRecipe,
    particle_px: float,
    spectrum: tuple[float, ...] | None = None,
    workers: int = 1,
    job: Job | None = None,
    painted: LabelledSet | None = None,
) -> ClassPool:
    """Make the fields of a recipe.

    Parameters
    ----------
    recipe : SegmenterRecipe
        Numbers and sources of the fields, shares of those with dirt, and the seed.
    particle_px : float
        Particle diameter, network pixels.
    spectrum : tuple of float, optional
        Background spectrum that the network expects; see `preprocess`.
    workers : int
        Number of processes that simulate; 1 to simulate in this process.
    job : Job, optional
        Progress callback, called after each simulated micrograph; it may cancel the work.
    painted : LabelledSet, optional
        Micrographs with strokes of the project that the recipe names.

    Returns
    -------
    ClassPool
        Fields for training and for validation. The same recipe gives the same fields with any
        number of workers. Of micrographs with label images every fifth is for validation, but only
        if nothing is simulated; of those with strokes always every fifth, or the last one.

    Raises
    ------
    InputFileError
        If a structure, a real micrograph or a label image cannot be found or used.
    ValueError
        If a structure is named both for training and for validation, there is nothing to train
        on, or the recipe names a project and `painted` is missing.
    Cancelled
        If the work was cancelled.
    """
    data = recipe.data
    learned, others = read_structures(data)
    make = partial(random_class_fields, particle_px=particle_px, spectrum=spectrum)
    makers = (
        partial(make, structures=learned, looks=data.looks, mixture=recipe.mixture),
        partial(make, structures=others, looks=1, mixture=DirtMixture(), hard=VISIBLE),
    )
    if data.project is not None and painted is None:
        raise ValueError(f"the strokes of {data.project} are missing")
    views = LabelledViews(data.label_views, particle_px, spectrum, recipe.seed)
    images = find_label_images(data)
    labelled = find_pictures(data.labelled, data.labelled_names)
    empty = find_pictures(data.negatives, data.negative_names)
    sources = []
    fields: list[ClassField] = []
    validation: list[ClassField] = []
    held_out: list[ClassField] = []
    if data.fields:
        fields, validation = simulate(makers, data, recipe.seed, workers, job or SilentJob())
        sources.append(describe(data))
    if images is not None:
        more, unseen = views.make(images, *_split_images(images, is_alone=not data.fields))
        fields, validation = fields + more, validation + unseen
        sources.append(images.description)
    if painted is not None:
        more, held_out = views.make(painted, *_split_painted(painted, is_alone=not validation))
        fields += more
        sources.append(painted.description)
    if not fields:
        raise ValueError("there are no simulated micrographs, label images or strokes to train on")
    if labelled:
        fields += _labelled_fields(labelled, data, particle_px, len(fields), recipe.seed, spectrum)
        sources.append(f"{len(labelled)} real ones of {labelled[0].parent.name}")
    if empty:
        count = int(len(fields) * data.negative_share / (1 - data.negative_share))
        looks = empty_looks(empty, count, particle_px, recipe.seed, spectrum, grey=True)
        fields += [_without_particles(view) for view in looks]
        sources.append(f"{len(empty)} real ones without particles")
    return ClassPool(fields, validation, ", and ".join(sources), spectrum, held_out)


def _split_images(images: LabelledSet, is_alone: bool) -> tuple[Sequence[int], Sequence[int]]:
    """Return the numbers of the micrographs for training, and of those for validation.

    If nothing is simulated, every fifth is for validation; fewer than five serve for both.
    """
    every = range(len(images.readers))
    if not is_alone:
        return every, ()
    held_out = images.held_out
    return [number for number in every if number not in held_out], held_out or every


def _split_painted(painted: LabelledSet, is_alone: bool) -> tuple[Sequence[int], Sequence[int]]:
    """Return the numbers of the micrographs for training, and of those that are held out.

    Every fifth is held out, or the last one of two to four. A single one is trained on; it serves
    for both if there is nothing else to validate by.
    """
    every = range(len(painted.readers))
    if len(every) == 1:
        return every, every if is_alone else ()
    held_out = painted.held_out or [every[-1]]
    return [number for number in every if number not in held_out], held_out


def _labelled_fields(
    pictures: list[Path],
    data: SegmenterData,
    particle_px: float,
    others: int,
    seed: int,
    spectrum: tuple[float, ...] | None,
) -> list[ClassField]:
    """Make views of real micrographs with known particles, in a share beside other views."""
    count = int(others * data.labelled_share / (1 - data.labelled_share))
    diameter = data.labelled_diameter_px
    looks = labelled_looks(pictures, diameter, count, particle_px, seed, spectrum, grey=True)
    fields = []
    for view, centers in looks:
        classes = classes_from_centers(view.frame.full_shape, centers, diameter)
        # The labels leave particles out: no centres, so that no values are chosen by them.
        fields.append(ClassField.of(view, classes))
    return fields


def _without_particles(view: NetworkImage) -> ClassField:
    """Return a field of which only is known that it shows no particles."""
    return ClassField.of(view, np.full(view.image.shape, NO_PARTICLE, np.uint8))
