"""Strokes of a project that no window has open, for training."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.wording import counted
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.picking.detection import particle_diameter_px
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.project.learning.stroke_training import (
    Painted,
    SegmenterOutcome,
    StrokeTraining,
    require_painted_shape,
)
from napari_drpnet.project.stages.cache import StageCache
from napari_drpnet.project.stages.plan import Plan, make_plan
from napari_drpnet.project.stages.segmenting import plan_segmenting
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.moved_micrographs import point_to, require_files
from napari_drpnet.project.state.strokes import Strokes, painted_classes
from napari_drpnet.project.storage.store import ProjectStore
from napari_drpnet.training.from_strokes.recipe import LEAST_CLASSES, StrokeRecipe
from napari_drpnet.training.from_truth.label_images import LabelledMicrograph, LabelledSet


def learn_from_project(
    folder: Path,
    device: str,
    job: Job,
    recipe: StrokeRecipe | None = None,
    micrographs: Path | None = None,
) -> SegmenterOutcome:
    """Train the last layer of the segmenter of a project on its strokes, as *Learn* does.

    The project is not changed.

    Parameters
    ----------
    folder : pathlib.Path
        Project folder.
    device : str
        Device of the networks.
    job : Job
        Progress callback; it may cancel the work.
    recipe : StrokeRecipe, optional
        Recipe of the training; default: the recommended one.
    micrographs : pathlib.Path, optional
        Folder with the micrographs of the project, if they were moved.

    Raises
    ------
    InputFileError
        If there is no such project, it is open in a window, it lacks strokes or settings, or a
        micrograph cannot be used.
    Cancelled
        If the work was cancelled.
    """
    project = _PaintedProject.read(folder, micrographs)
    plan, recipe = project.plan(device), recipe or StrokeRecipe()
    training = StrokeTraining(project.painted, None, plan, recipe)
    return training.run(StageCache(), job)


def label_by_strokes(folder: Path, micrographs: Path | None = None) -> LabelledSet:
    """Return the painted micrographs of a project with their strokes as labels.

    The project is not changed. Pixels without strokes have no class.

    Parameters
    ----------
    folder : pathlib.Path
        Project folder.
    micrographs : pathlib.Path, optional
        Folder where the micrographs are now, if they were moved.

    Raises
    ------
    InputFileError
        As for `learn_from_project`; if a micrograph cannot be used, when that is read.
    """
    project = _PaintedProject.read(folder, micrographs)
    return LabelledSet(
        f"strokes on {counted(len(project.painted), 'micrograph')}",
        [partial(_label, project.parameters, *painted) for painted in project.painted],
    )


@dataclass(frozen=True)
class _PaintedProject:
    """Strokes and settings of a project.

    Parameters
    ----------
    folder : pathlib.Path
        Project folder.
    painted : list of tuple
        Included micrographs with their strokes.
    parameters : PickParameters
        Parameters of picking.
    """

    folder: Path
    painted: list[Painted]
    parameters: PickParameters

    @classmethod
    def read(cls, folder: Path, micrographs: Path | None) -> Self:
        """Read a project.

        Raises
        ------
        InputFileError
            If there is no such project, it is open in a window, it lacks strokes or settings, or a
            painted micrograph is missing.
        """
        if not ProjectStore.is_project(folder):
            advice = "Give a folder that the window made"
            raise InputFileError(folder, "it is not a project", advice)
        store, project = ProjectStore.open(folder)
        store.close(project)
        if micrographs is not None:
            point_to(project, micrographs)
        if len(painted_classes(strokes for _, strokes in project.painted)) < LEAST_CLASSES:
            problem = f"its included micrographs lack strokes of at least {LEAST_CLASSES} classes"
            raise InputFileError(folder, problem, "Paint on the panel Segment of the window")
        require_files((record for record, _ in project.painted), "with --micrographs")
        given = project.settings.parameters
        if given is None:
            advice = "Give it in the window"
            raise InputFileError(folder, "its particle diameter is unknown", advice)
        return cls(folder, project.painted, given)

    def plan(self, device: str) -> Plan:
        """Make the plan that segments on a device.

        Raises
        ------
        InputFileError
            If the weights cannot be used.
        """
        detector = self.parameters.detector.model_copy(update={"device": device})
        given = self.parameters.model_copy(update={"detector": detector})
        plan = make_plan(given)
        plan = plan if isinstance(plan, str) else plan_segmenting(given, plan)
        if isinstance(plan, str):
            advice = "Change the settings in the window"
            raise InputFileError(self.folder, plan.rstrip("."), advice)
        return plan


def _label(
    parameters: PickParameters, record: MicrographRecord, strokes: Strokes
) -> LabelledMicrograph:
    """Read a micrograph; automatic polarity is dark, as in `drpnet segment`."""
    particle = parameters.particle
    given = particle.pixel_size_angstrom
    micrograph = read_micrograph(record.path, given, record.pixel_size_angstrom)
    require_painted_shape(record, strokes, micrograph.shape)
    return LabelledMicrograph(
        micrograph.pixels,
        strokes.classes,
        particle_diameter_px(micrograph, parameters),
        "bright" if particle.polarity == "bright" else "dark",
    )
