"""Training on the strokes of a project that is not open in a window."""

from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job
from napari_drpnet.project.learning.stroke_training import (
    ReplayFields,
    SegmenterOutcome,
    StrokeTraining,
)
from napari_drpnet.project.stages.cache import StageCache
from napari_drpnet.project.stages.plan import make_plan
from napari_drpnet.project.stages.segmenting import plan_segmenting
from napari_drpnet.project.state.moved_micrographs import point_to, require_files
from napari_drpnet.project.storage.store import ProjectStore
from napari_drpnet.training.from_strokes.recipe import StrokeRecipe

#: Memory for what is known of the painted micrographs, bytes.
_CACHE_BYTES = 2**30


def learn_from_project(
    folder: Path,
    device: str,
    job: Job,
    recipe: StrokeRecipe | None = None,
    micrographs: Path | None = None,
) -> SegmenterOutcome:
    """Train the segmenter of a project on its strokes; the project is not changed.

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
        painted micrograph is missing.
    ValueError
        If the strokes show fewer than two classes.
    Cancelled
        If the work was cancelled.
    """
    training = _read_training(folder, device, recipe or StrokeRecipe(), micrographs)
    return training.run(StageCache(_CACHE_BYTES), job)


def _read_training(
    folder: Path, device: str, recipe: StrokeRecipe, micrographs: Path | None
) -> StrokeTraining:
    """Read the strokes and settings of a project."""
    if not ProjectStore.is_project(folder):
        raise InputFileError(folder, "it is not a project", "Give a folder that the window made")
    store, project = ProjectStore.open(folder)
    store.close(project)
    if micrographs is not None:
        point_to(project, micrographs)
    painted = project.painted
    if not painted:
        advice = "Paint on the panel Segment of the window"
        raise InputFileError(folder, "no included micrograph has strokes", advice)
    require_files((record for record, _ in painted), "with --micrographs")
    given = project.settings.parameters
    if given is None:
        advice = "Give it in the window"
        raise InputFileError(folder, "its particle diameter is unknown", advice)
    detector = given.detector.model_copy(update={"device": device})
    given = given.model_copy(update={"detector": detector})
    plan = make_plan(given)
    plan = plan if isinstance(plan, str) else plan_segmenting(given, plan)
    if isinstance(plan, str):
        raise InputFileError(folder, plan.rstrip("."), "Change the settings in the window")
    return StrokeTraining(painted, None, plan, ReplayFields(), recipe)
