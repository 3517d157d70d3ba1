"""`drpnet train strokes`: train a segmenter on the strokes of a project, as the window does."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.cli.output import echo
from napari_drpnet.cli.progress import StageBar

if TYPE_CHECKING:
    from napari_drpnet.project.learning.stroke_training import SegmenterOutcome, StrokeTraining

#: Memory for what is known of the painted micrographs, bytes.
_CACHE_BYTES = 2**30


def train_strokes(folder: Path, path: Path, overwrite: bool, device: str, as_json: bool) -> None:
    """Train on the strokes of a project, save the weights, and print the scores.

    Raises
    ------
    InputFileError
        If there is no such project, it is open in a window, or it lacks strokes or settings.
    click.UsageError
        If the weights exist, or the strokes show fewer than two classes.
    """
    from napari_drpnet.picking.networks.weights import save_network
    from napari_drpnet.project.stages.cache import StageCache

    if path.exists() and not overwrite:
        raise click.UsageError(f"{path} exists: choose another name, or give --overwrite")
    training = _read_project(folder, device)
    with StageBar() as bar:
        try:
            outcome = training.run(StageCache(_CACHE_BYTES), bar)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    save_network(path, outcome.tuned.state, outcome.card)
    echo(_to_json(outcome, path) if as_json else _summarize(outcome, path))


def _read_project(folder: Path, device: str) -> "StrokeTraining":
    """Read the strokes and settings of a project."""
    from napari_drpnet.project.learning.stroke_training import ReplayFields, StrokeTraining
    from napari_drpnet.project.stages.plan import make_plan
    from napari_drpnet.project.stages.segmenting import plan_segmenting
    from napari_drpnet.project.storage.store import ProjectStore
    from napari_drpnet.training.from_strokes.recipe import StrokeRecipe

    if not ProjectStore.is_project(folder):
        raise InputFileError(folder, "it is not a project", "Give a folder that the window made")
    store, project = ProjectStore.open(folder)
    store.close(project)
    painted = project.painted
    if not painted:
        advice = "Paint on the panel Segment of the window"
        raise InputFileError(folder, "no included micrograph has strokes", advice)
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
    return StrokeTraining(painted, None, plan, ReplayFields(), StrokeRecipe())


def _summarize(outcome: "SegmenterOutcome", path: Path) -> str:
    tuned = outcome.tuned
    before, after = tuned.before.shown_iou, tuned.after.shown_iou
    scores = "\n".join(f"  {name}: {before[name]:.3f} -> {after[name]:.3f}" for name in before)
    verdict = "better" if tuned.improved else "not clearly better than the old ones"
    return f"Wrote {path}\nIoU on held-out strokes:\n{scores}\nThe new weights are {verdict}"


def _to_json(outcome: "SegmenterOutcome", path: Path) -> str:
    tuned = outcome.tuned
    content = {
        "weights": str(path),
        "improved": tuned.improved,
        "before": tuned.before.shown_iou,
        "after": tuned.after.shown_iou,
        "card": outcome.card.model_dump(mode="json"),
    }
    return json.dumps(content)
