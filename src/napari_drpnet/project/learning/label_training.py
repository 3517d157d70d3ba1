"""Training on labels of micrographs that no window has open."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from napari_drpnet.base.geometry import pixels_from_angstrom
from napari_drpnet.base.jobs import Job
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.picking.detection import particle_diameter_px
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.project.learning.example_sets import Asked
from napari_drpnet.project.learning.outcome import TrainedNetwork
from napari_drpnet.project.learning.training import LabelTraining
from napari_drpnet.project.points.review import LABEL_REACH
from napari_drpnet.project.stages.cache import StageCache
from napari_drpnet.project.stages.plan import make_plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.training.from_labels.replay import AdaptRecipe


def learn_from_labels(
    asked: Sequence[Asked],
    parameters: PickParameters,
    subject: Literal["classifier", "detector"],
    job: Job,
    most: int,
) -> TrainedNetwork:
    """Train a copy of a network on labels.

    Parameters
    ----------
    asked : sequence of tuple
        Micrographs with their labels.
    parameters : PickParameters
        Parameters for picking them, with the networks to start from.
    subject : {'classifier', 'detector'}
        Network to train.
    job : Job
        Progress callback; it may cancel the work.
    most : int
        Greatest number of micrographs to learn from; they are spread evenly.

    Raises
    ------
    InputFileError
        If a micrograph or the weights cannot be used.
    ValueError
        If there is no network to train, there are too few labels, or all are of one kind.
    Cancelled
        If the work was cancelled.
    """
    plan = make_plan(parameters)
    if isinstance(plan, str):
        raise ValueError(plan)
    if subject == "classifier" and plan.weights.classifier is None:
        raise ValueError("there is no classifier to train: name one")
    if subject == "detector" and plan.picks_by_segmentation:
        raise ValueError("labels of particles do not train a segmenter: train a classifier")
    rows = np.linspace(0, len(asked) - 1, min(most, len(asked))).round().astype(int)
    chosen = [asked[row] for row in rows]
    training = LabelTraining(chosen, None, parameters, plan, subject, AdaptRecipe())
    outcome = training.run(StageCache(), lambda kind, report: None, job)
    return outcome.networks[0]


def label_reach(record: MicrographRecord, parameters: PickParameters) -> float:
    """Return the reach of labels on a micrograph in unbinned pixels; see `LABEL_REACH`.

    Raises
    ------
    InputFileError
        If its pixel size is unknown, or has to be read from a file that cannot be used.
    """
    size = parameters.particle.pixel_size_angstrom or record.pixel_size_angstrom
    if size is None:
        micrograph = read_micrograph(record.path)
        return LABEL_REACH * particle_diameter_px(micrograph, parameters)
    return LABEL_REACH * pixels_from_angstrom(parameters.particle.diameter_angstrom, size)
