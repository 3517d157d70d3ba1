"""`drpnet train`: train a network from a recipe."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from napari_drpnet.base.devices import choose_device
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.cli.group import INTERRUPTED
from napari_drpnet.cli.options import build_model, model_options
from napari_drpnet.cli.output import echo
from napari_drpnet.cli.progress import StageBar
from napari_drpnet.cli.train_labels import labels
from napari_drpnet.cli.train_options import device_option, json_option, out_option
from napari_drpnet.cli.train_strokes import strokes
from napari_drpnet.picking.networks.card import ClassifierCard, SegmenterCard
from napari_drpnet.training.common.recipe import (
    ClassifierRecipe,
    DataRecipe,
    DetectorRecipe,
    SegmenterRecipe,
)

if TYPE_CHECKING:
    from napari_drpnet.training.common.trained import Trained
    from napari_drpnet.training.from_truth.fit import Report

Function = TypeVar("Function", bound=Callable[..., Any])
#: Trains a network on a device, with a progress bar and a callback for the reports of the fit.
Work = Callable[[str, StageBar, Callable[["Report"], None]], "Trained"]

#: Number of batches after which a report is printed.
_PRINT_EVERY = 500


def read_config(path: Path | None) -> dict[str, Any]:
    """Read the recipe of ``--config``; return an empty one without.

    Raises
    ------
    InputFileError
        If the file is not a JSON object.
    """
    if path is None:
        return {}
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputFileError(
            path, f"not a file with a recipe ({error})", "Give one written by drpnet train"
        ) from error
    if not isinstance(config, dict):
        raise InputFileError(path, "it contains no recipe", "Give one written by drpnet train")
    return config


def _run_options(function: Function) -> Function:
    """Add the options that are not part of the recipe to a command."""
    options = (
        out_option("pick --weights"),
        click.option(
            "--config",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Recipe, as it is written beside weights; options override it",
        ),
        click.option(
            "--overwrite", is_flag=True, help="Replace existing weights, even if they are better"
        ),
        device_option,
        click.option(
            "--workers",
            type=click.IntRange(1, 256),
            default=2,
            show_default=True,
            help="Number of processes that simulate",
        ),
        json_option,
    )
    for option in reversed(options):
        option(function)
    return function


@click.group()
def command() -> None:
    """Train networks on simulated micrographs, and segmenters also on label images and strokes.

    The parameters of the run, its recipe, are written beside the weights and into them.
    Existing weights are replaced only by better ones. Ctrl-C keeps the best weights so far.
    """


@command.command()
@_run_options
@model_options(DetectorRecipe)
def detector(
    path: Path,
    config: Path | None,
    overwrite: bool,
    device: str,
    workers: int,
    as_json: bool,
    **values: Any,
) -> None:
    """Train a detector."""
    recipe = build_model(DetectorRecipe, values, read_config(config))

    def work(device: str, bar: StageBar, listen: Callable[["Report"], None]) -> "Trained":
        from napari_drpnet.training.from_truth.pool import make_pool, measure_reference
        from napari_drpnet.training.from_truth.runs import load_start
        from napari_drpnet.training.from_truth.train import train_detector

        start = load_start(recipe, device)
        data, scale = recipe.data, recipe.particle_px
        spectrum = None
        if not recipe.raw_spectrum:
            own = start.card.spectrum if start else None
            spectrum = own or measure_reference(data, scale, workers)
        pool = make_pool(data, recipe.hard, scale, recipe.seed, workers, bar, spectrum)
        return train_detector(recipe, pool, start, device, bar, listen)

    _train("detector", recipe.data, path, overwrite, device, as_json, work)


@command.command()
@_run_options
@model_options(ClassifierRecipe)
def classifier(
    path: Path,
    config: Path | None,
    overwrite: bool,
    device: str,
    workers: int,
    as_json: bool,
    **values: Any,
) -> None:
    """Train a classifier for the picks of a detector."""
    recipe = build_model(ClassifierRecipe, values, read_config(config))

    def work(device: str, bar: StageBar, listen: Callable[["Report"], None]) -> "Trained":
        from napari_drpnet.training.from_truth.pool import make_pool
        from napari_drpnet.training.from_truth.runs import load_map_detector, load_start
        from napari_drpnet.training.from_truth.train import train_classifier

        start = load_start(recipe, device)
        picker = load_map_detector(recipe.detector, device)
        scale, spectrum = picker.card.particle_px, picker.card.spectrum
        pool = make_pool(recipe.data, recipe.hard, scale, recipe.seed, workers, bar, spectrum)
        return train_classifier(recipe, pool, picker, start, device, bar, listen)

    _train("classifier", recipe.data, path, overwrite, device, as_json, work)


@command.command()
@_run_options
@model_options(SegmenterRecipe)
def segmenter(
    path: Path,
    config: Path | None,
    overwrite: bool,
    device: str,
    workers: int,
    as_json: bool,
    **values: Any,
) -> None:
    """Train a segmenter: background, particle, ice or carbon for each pixel.

    Micrographs are simulated, have label images, or were painted in the window. All layers are
    trained. The command strokes trains only the last one, in seconds.
    """
    recipe = build_model(SegmenterRecipe, values, read_config(config))

    def work(device: str, bar: StageBar, listen: Callable[["Report"], None]) -> "Trained":
        from napari_drpnet.project.learning.project_strokes import label_by_strokes
        from napari_drpnet.training.from_truth.class_pool import make_class_pool
        from napari_drpnet.training.from_truth.runs import load_map_detector, load_start
        from napari_drpnet.training.from_truth.train_segmenter import train_segmenter

        start = load_start(recipe, device)
        picker = load_map_detector(recipe.detector, device)
        scale, spectrum = picker.card.particle_px, picker.card.spectrum
        project = recipe.data.project
        painted = label_by_strokes(project, recipe.data.micrographs) if project else None
        pool = make_class_pool(recipe, scale, spectrum, workers, bar, painted)
        return train_segmenter(recipe, pool, picker, start, device, bar, listen)

    _train("segmenter", recipe.data, path, overwrite, device, as_json, work)


command.add_command(labels)
command.add_command(strokes)


def _train(
    kind: str,
    data: DataRecipe,
    path: Path,
    overwrite: bool,
    device: str,
    as_json: bool,
    work: Work,
) -> None:
    """Train a network, save the weights, and print the results."""
    from napari_drpnet.training.common.trained import NotBetterError, check_target, save_trained
    from napari_drpnet.training.from_truth.pool import require_pictures

    check_target(path, kind, overwrite)
    require_pictures(data)
    start = time.perf_counter()
    with StageBar() as bar:

        def listen(report: "Report") -> None:
            if report.score is not None or report.step % _PRINT_EVERY == 0:
                bar.write(_line(report, bar.seconds_left))

        try:
            trained = work(choose_device(device).name, bar, listen)
            save_trained(trained, path, overwrite)
        except NotBetterError as error:
            raise click.ClickException(str(error)) from error
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    seconds = time.perf_counter() - start
    echo(_to_json(trained, path, seconds) if as_json else _summarize(trained, path, seconds))
    if trained.interrupted:
        echo("Interrupted: these are the best weights so far", err=True)
        click.get_current_context().exit(INTERRUPTED)


def _line(report: "Report", seconds_left: float) -> str:
    score = "" if report.score is None else f", validation score {report.score:.4f}"
    left = f"{seconds_left / 60:.0f} min" if seconds_left >= 60 else f"{seconds_left:.0f} s"
    return f"batch {report.step} of {report.steps}: loss {report.loss:.4f}{score}, {left} left"


def _summarize(trained: "Trained", path: Path, seconds: float) -> str:
    card = trained.card
    if isinstance(card, ClassifierCard):
        other = "accept automatic" if card.accept is None else f"accept {card.accept:g}"
    else:
        other = f"sigma {card.sigma_px:g} px"
    if isinstance(card, SegmenterCard):
        other += (
            f", P(particle) {card.particle_probability:g}, least area {card.least_area:g}, "
            f"erosion {card.erosion:g}; P(dirt) {card.dirt_probability:g}, "
            f"least speck {card.least_speck:g}, clearance {card.clearance:g}"
        )
    held_out = card.recipe.get("held_out_strokes", {}).items()
    if scores := ", ".join(f"{name} {iou:.3f}" for name, iou in held_out):
        other += f"\nIoU on held-out strokes: {scores}"
    return (
        f"Wrote {path} and its recipe after {seconds:.0f} s\n"
        f"Validation score {trained.score:.4f}; threshold {card.threshold:g}, {other}\n"
        f"Licence: {card.licence}"
    )


def _to_json(trained: "Trained", path: Path, seconds: float) -> str:
    from napari_drpnet.training.common.trained import recipe_file

    content = {
        "weights": str(path),
        "recipe": str(recipe_file(path)),
        "interrupted": trained.interrupted,
        "seconds": round(seconds, 1),
        "card": trained.card.model_dump(mode="json"),
    }
    return json.dumps(content)
