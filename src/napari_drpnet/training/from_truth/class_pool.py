"""Fields of a training run of a segmenter: simulated, and views of real micrographs."""

from dataclasses import dataclass
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
from napari_drpnet.training.from_truth.label_images import LabelImages
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
    description : str
        Description of the fields for the card.
    spectrum : tuple of float or None
        Spectrum that the background of the fields was equalised to; see `preprocess`.
    """

    fields: list[ClassField]
    validation: list[ClassField]
    description: str
    spectrum: tuple[float, ...] | None = None


def make_class_pool(
    recipe: SegmenterRecipe,
    particle_px: float,
    spectrum: tuple[float, ...] | None = None,
    workers: int = 1,
    job: Job | None = None,
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

    Returns
    -------
    ClassPool
        Fields for training and for validation. The same recipe gives the same fields with any
        number of workers.

    Raises
    ------
    InputFileError
        If a structure, a real micrograph or a label image cannot be found or used.
    ValueError
        If a structure is named both for training and for validation, or there is nothing to train
        on.
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
    images = LabelImages.find(data, particle_px, spectrum)
    labelled = find_pictures(data.labelled, data.labelled_names)
    empty = find_pictures(data.negatives, data.negative_names)
    sources = []
    fields: list[ClassField] = []
    validation: list[ClassField] = []
    if data.fields:
        fields, validation = simulate(makers, data, recipe.seed, workers, job or SilentJob())
        sources.append(describe(data))
    if images.pairs:
        more, held_out = images.fields(recipe.seed, not data.fields)
        fields, validation = fields + more, validation + held_out
        sources.append(images.description)
    if not fields:
        raise ValueError("there are neither simulated micrographs nor label images to train on")
    if labelled:
        fields += _labelled_fields(labelled, data, particle_px, len(fields), recipe.seed, spectrum)
        sources.append(f"{len(labelled)} real ones of {labelled[0].parent.name}")
    if empty:
        count = int(len(fields) * data.negative_share / (1 - data.negative_share))
        looks = empty_looks(empty, count, particle_px, recipe.seed, spectrum, grey=True)
        fields += [_without_particles(view) for view in looks]
        sources.append(f"{len(empty)} real ones without particles")
    return ClassPool(fields, validation, ", and ".join(sources), spectrum)


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
