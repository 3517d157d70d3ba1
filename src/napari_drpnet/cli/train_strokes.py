"""`drpnet train strokes`: train a segmenter on the strokes of a project, as the window does."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from napari_drpnet.cli.output import echo
from napari_drpnet.cli.progress import StageBar
from napari_drpnet.cli.train_options import device_option, json_option, out_option, require_new

if TYPE_CHECKING:
    from napari_drpnet.project.learning.stroke_training import SegmenterOutcome


@click.command()
@click.argument("folder", metavar="PROJECT", type=click.Path(path_type=Path))
@out_option("--segmenter")
@click.option(
    "--micrographs",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder where the micrographs of the project are now, if they were moved",
)
@click.option("--overwrite", is_flag=True, help="Replace existing weights")
@device_option
@json_option
def strokes(
    folder: Path,
    path: Path,
    micrographs: Path | None,
    overwrite: bool,
    device: str,
    as_json: bool,
) -> None:
    """Train the segmenter of a project on its strokes, as the button Learn does.

    PROJECT is the folder of a project that is not open in a window. It is not changed. Only the
    last layer is trained; segmenter --project trains all of them.
    """
    from napari_drpnet.picking.networks.weights import save_network
    from napari_drpnet.project.learning.project_strokes import learn_from_project

    require_new(path, overwrite)
    with StageBar() as bar:
        outcome = learn_from_project(folder, device, bar, micrographs=micrographs)
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
