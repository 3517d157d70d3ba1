"""`drpnet evaluate`: compare picks with true particles."""

import json
from pathlib import Path
from typing import Any

import click

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.geometry import flip_rows, pixels_from_angstrom
from napari_drpnet.cli.evaluate_classes import compare_classes
from napari_drpnet.cli.numbers import count_rows, finite, not_negative, positive
from napari_drpnet.cli.output import echo
from napari_drpnet.evaluation.pairing import Pairing, finite_scores, pair_coordinates
from napari_drpnet.evaluation.report import format_table, plot_evaluation, to_json
from napari_drpnet.evaluation.scores import (
    RADII,
    Evaluation,
    ScoredMicrograph,
    evaluate_picks,
    leave_out_border,
)

#: Default of ``--border``, in particle diameters.
BORDER = 0.5


@click.command()
@click.argument("picks", type=click.Path(path_type=Path))
@click.argument("truth", type=click.Path(path_type=Path))
@click.option(
    "--diameter",
    type=positive,
    metavar="NUMBER",
    help="Particle diameter in pixels of the micrograph, or in Å with --pixel-size; required "
    "without --classes",
)
@click.option("--pixel-size", type=positive, metavar="Å", help="Pixel size in Å")
@click.option(
    "--threshold",
    type=finite,
    metavar="NUMBER",
    help="Count only picks with at least this score [default: all]",
)
@click.option(
    "--radius",
    "radii",
    type=positive,
    metavar="NUMBER",
    multiple=True,
    default=RADII,
    show_default=True,
    help="Maximum distance of a pair, in diameters; may be repeated, the main one first",
)
@click.option(
    "--scale",
    type=positive,
    metavar="FACTOR",
    default=1.0,
    help="Unbinned pixels per pixel of PICKS, if these were made on binned micrographs",
)
@click.option(
    "--truth-scale",
    type=positive,
    metavar="FACTOR",
    default=1.0,
    help="Unbinned pixels per pixel of TRUTH",
)
@click.option(
    "--flip-truth-rows",
    type=count_rows,
    metavar="NY|MICROGRAPH",
    help="Mirror the truth top to bottom: number of unbinned rows, or a micrograph to take it from",
)
@click.option(
    "--frame",
    type=click.IntRange(min=1),
    nargs=2,
    metavar="NX NY",
    help="Columns and rows of the micrographs: ignore the truth near their edges, see --border",
)
@click.option(
    "--border",
    type=not_negative,
    metavar="NUMBER",
    help="With --frame: ignore true particles closer to the edge than this, in diameters, and "
    "their picks [default: 0.5]",
)
@click.option(
    "--classes",
    is_flag=True,
    help="Compare class maps in place of picks: files or folders, matched by name",
)
@click.option("--ignore-unlabelled", is_flag=True, help="Ignore picks of micrographs without truth")
@click.option(
    "--json",
    "json_file",
    is_flag=False,
    flag_value="-",
    metavar="[FILE|-]",
    help="Write all results as JSON to a file, or print them as JSON instead of the table",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    help="Plot precision against recall (.png, .svg, .pdf)",
)
def command(
    picks: Path,
    truth: Path,
    diameter: float | None,
    pixel_size: float | None,
    threshold: float | None,
    radii: tuple[float, ...],
    scale: float,
    truth_scale: float,
    flip_truth_rows: int | None,
    frame: tuple[int, int] | None,
    border: float | None,
    classes: bool,
    ignore_unlabelled: bool,
    json_file: str | None,
    plot: Path | None,
) -> None:
    """Compare PICKS with TRUTH: precision, recall, F1, average precision.

    Each argument is a coordinate file (.star, .box, .csv, .cbox, .txt, .json, .pos) or a folder of
    them. Files are matched by the name of the micrograph, without "_autopick" at its end; by its
    last folders too, where these tell equal names apart. A file that names the micrograph of each
    row, such as candidates.csv, may hold many micrographs. True particles of a micrograph without
    picks count as missed.

    A pick is correct if it can be paired one-to-one with a true particle within the radius.

    With --classes, both are class maps or folders of them, and the result is IoU, F1 and accuracy
    of each class.
    """
    if classes:
        _write(*compare_classes(picks, truth, flip_truth_rows), json_file)
        return
    if diameter is None:
        raise click.UsageError("Missing option '--diameter'.")
    pairing = pair_coordinates(picks, truth, scale, truth_scale)
    if pairing.unlabelled and not ignore_unlabelled:
        names = ", ".join(pairing.unlabelled)
        raise click.ClickException(f"no truth for {names}: add it, or give --ignore-unlabelled")
    diameter_px = pixels_from_angstrom(diameter, pixel_size) if pixel_size else diameter
    scored = _scored(pairing, diameter_px, flip_truth_rows)
    if border is not None and not frame:
        raise click.UsageError("--border needs --frame")
    if frame:
        columns, rows = frame
        border_px = diameter_px * (BORDER if border is None else border)
        shape = (rows, columns)
        scored = [leave_out_border(record, shape, border_px) for record in scored]
    try:
        evaluation = evaluate_picks(scored, radii, threshold)
    except ValueError as error:
        raise click.ClickException(f"{picks}: {error}") from error
    if plot:
        _plot(evaluation, plot)
    _write(to_json(evaluation), format_table(evaluation), json_file)


def _scored(pairing: Pairing, diameter_px: float, flip: int | None) -> list[ScoredMicrograph]:
    return [
        ScoredMicrograph(
            name,
            picks.centers_yx,
            finite_scores(picks),
            truth.centers_yx if flip is None else flip_rows(truth.centers_yx, flip),
            diameter_px,
        )
        for name, (picks, truth) in pairing.pairs.items()
    ]


def _plot(evaluation: Evaluation, path: Path) -> None:
    try:
        plot_evaluation(evaluation, path)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--plot") from error


def _write(content: dict[str, Any], table: str, json_file: str | None) -> None:
    """Write JSON if asked to, and print the table, or JSON in its place."""
    text = json.dumps(content)
    if json_file == "-":
        echo(text)
        return
    if json_file:
        with atomic_file(json_file) as temporary:
            temporary.write_text(f"{text}\n", encoding="utf-8")
    echo(table, nl=False)
