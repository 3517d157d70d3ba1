"""`drpnet train strokes`: train a segmenter on the strokes of a project, as the window does."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from napari_drpnet.cli.output import echo
from napari_drpnet.cli.progress import StageBar

if TYPE_CHECKING:
    from napari_drpnet.project.learning.stroke_training import SegmenterOutcome


def train_strokes(folder: Path, path: Path, overwrite: bool, device: str, as_json: bool) -> None:
    """Train on the strokes of a project, save the weights, and print the scores.

    Raises
    ------
    InputFileError
        If there is no such project, it is open in a window, or it lacks strokes or settings.
    click.UsageError
        If the weights exist.
    """
    from napari_drpnet.picking.networks.weights import save_network
    from napari_drpnet.project.learning.project_strokes import learn_from_project

    if path.exists() and not overwrite:
        raise click.UsageError(f"{path} exists: choose another name, or give --overwrite")
    with StageBar() as bar:
        outcome = learn_from_project(folder, device, bar)
    save_network(path, outcome.tuned.state, outcome.card)
    echo(_to_json(outcome, path) if as_json else _summarize(outcome, path))


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
