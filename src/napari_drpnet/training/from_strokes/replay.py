"""Simulated micrographs on which a segmenter should not change."""

from collections.abc import Sequence

import numpy as np

from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.picking.networks.card import SegmenterCard
from napari_drpnet.training.common.class_fields import INPUTS, ClassField, random_class_fields
from napari_drpnet.training.common.recipe import DirtMixture
from napari_drpnet.training.from_strokes.painted import Floats
from napari_drpnet.training.from_strokes.recipe import StrokeRecipe

#: Seed of the first simulated field.
_FIRST_SEED = 500


def simulate_replay(
    card: SegmenterCard, recipe: StrokeRecipe, job: Job | None = None
) -> list[ClassField]:
    """Simulate micrographs of simple shapes with dirt, at the scale of a segmenter.

    Parameters
    ----------
    card : SegmenterCard
        Card of the segmenter. The fields are the same for all cards of equal preprocessing.
    recipe : StrokeRecipe
        Recipe with the number of the fields.
    job : Job, optional
        Progress callback, called after each field; it may cancel the work.

    Returns
    -------
    list of ClassField

    Raises
    ------
    Cancelled
        If the work was cancelled.
    """
    job, count = job or SilentJob(), recipe.simulated
    fields: list[ClassField] = []
    for number in range(count):
        seed = _FIRST_SEED + number
        fields += random_class_fields(
            seed, [], card.particle_px, 1, DirtMixture(), spectrum=card.spectrum
        )
        job.advance(number + 1, count, "simulating")
    return fields


def inputs_of(field: ClassField, card: SegmenterCard) -> Floats:
    """Return the channels ``(c, h, w)`` of a field that a segmenter expects."""
    channels: Sequence[int] = [INPUTS.index(name) for name in card.inputs]
    return field.inputs[channels].astype(np.float32)
