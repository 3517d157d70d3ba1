"""Output of an evaluation as JSON, text table and figure, with the matching rule."""

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.colours import BLUE, GREY, ORANGE
from napari_drpnet.base.wording import counted
from napari_drpnet.evaluation.precision_recall import Tally
from napari_drpnet.evaluation.scores import Evaluation, PickScore, RadiusEvaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def describe_rule(radius: float) -> str:
    """Describe the matching rule in one line; `radius` is a fraction of the diameter."""
    return f"one-to-one, distance ≤ {radius:g} diameter, most pairs first, then least distance"


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """Convert an evaluation to JSON-compatible dicts, lists, strings, finite numbers and None."""
    return {
        "threshold": evaluation.threshold,
        "radii": [_radius_to_json(at, evaluation.names) for at in evaluation.at],
    }


def _radius_to_json(at: RadiusEvaluation, names: tuple[str, ...]) -> dict[str, Any]:
    best = at.curve.best
    return {
        "radius_diameters": at.radius,
        "matching": describe_rule(at.radius),
        "micro": _tally_to_json(at.pooled),
        "macro": at.macro._asdict(),
        "average_precision": at.curve.average_precision,
        "best": best and {"threshold": best.threshold, **best.rates._asdict()},
        "median_centring_error_px": at.median_centring_error_px,
        "median_centring_error_diameters": at.median_centring_error_diameters,
        "micrographs": [
            {"name": name, **_score_to_json(score)}
            for name, score in zip(names, at.scores, strict=True)
        ],
        "curve": {
            "threshold": at.curve.thresholds.tolist(),
            "precision": at.curve.precision.tolist(),
            "recall": at.curve.recall.tolist(),
        },
    }


def _score_to_json(score: PickScore) -> dict[str, Any]:
    return {
        **_tally_to_json(score.tally),
        "median_centring_error_px": score.median_centring_error_px,
        "diameter_px": float(score.diameter_px),
    }


def _tally_to_json(tally: Tally) -> dict[str, Any]:
    return {
        "true_positives": tally.true_positives,
        "false_positives": tally.false_positives,
        "false_negatives": tally.false_negatives,
        **tally.rates._asdict(),
    }


def format_table(evaluation: Evaluation) -> str:
    """Format an evaluation as a text table for a terminal.

    Parameters
    ----------
    evaluation : Evaluation
        Evaluation to format.

    Returns
    -------
    str
        Matching rule, a row for each micrograph, and the micro and macro averages at each radius.
        Errors are median distances of the pairs; ``-`` stands for undefined values.
    """
    cut = "all picks" if evaluation.threshold is None else f"score ≥ {evaluation.threshold:.4g}"
    return "\n".join(
        [
            f"Matching: {describe_rule(evaluation.main.radius)}",
            f"Operating point: {cut}",
            "",
            *align_columns(_micrograph_rows(evaluation)),
            "",
            *align_columns(_summary_rows(evaluation)),
            "",
        ]
    )


def _micrograph_rows(evaluation: Evaluation) -> list[list[str]]:
    main = evaluation.main
    return [
        ["micrograph", "right", "wrong", "missed", "precision", "recall", "F1", "error px"],
        *(
            _tally_row(name, score.tally, score.median_centring_error_px)
            for name, score in zip(evaluation.names, main.scores, strict=True)
        ),
        _tally_row("micro (pooled)", main.pooled, main.median_centring_error_px),
        ["macro (mean)", "", "", "", *map(format_number, main.macro), ""],
    ]


def _tally_row(name: str, tally: Tally, error_px: float | None) -> list[str]:
    counts = (tally.true_positives, tally.false_positives, tally.false_negatives)
    return [name, *map(str, counts), *map(format_number, tally.rates), format_number(error_px, 2)]


def _summary_rows(evaluation: Evaluation) -> list[list[str]]:
    heading = ["distance ≤", "micro F1", "macro F1", "error/diameter"]
    rows = [[*heading, "average precision", "best F1", "at score ≥"]]
    for at in evaluation.at:
        best = at.curve.best
        rows.append(
            [
                f"{at.radius:g} diameter",
                format_number(at.micro.f1),
                format_number(at.macro.f1),
                format_number(at.median_centring_error_diameters),
                format_number(at.curve.average_precision),
                format_number(best.rates.f1 if best else None),
                f"{best.threshold:.4g}" if best else "-",
            ]
        )
    return rows


def format_number(value: float | None, digits: int = 3) -> str:
    """Format a number; ``-`` stands for an undefined value."""
    return "-" if value is None else f"{value:.{digits}f}"


def align_columns(rows: list[list[str]]) -> list[str]:
    """Align the first column left and the others right, and add a rule below the heading."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if k else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [lines[0], "─" * (sum(widths) + 2 * (len(widths) - 1)), *lines[1:]]


def plot_evaluation(evaluation: Evaluation, path: str | PathLike[str]) -> None:
    """Plot the precision-recall curves with the operating point and the best threshold.

    Parameters
    ----------
    evaluation : Evaluation
        Evaluation to plot. The curve of the main radius is solid and has the points, the others
        are dashed.
    path : path-like
        File to create or replace. Its suffix determines the format (``.png``, ``.svg``, ``.pdf``).

    Raises
    ------
    OSError
        If the file cannot be written.
    ValueError
        If matplotlib cannot write the format.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 5.6), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    draw_f1_contours(axes)
    for at in evaluation.at:
        _draw_curve(axes, at, "-" if at is evaluation.main else "--")
    _draw_points(axes, evaluation)
    axes.set(xlim=(0, 1.005), ylim=(0, 1.005), aspect="equal")
    axes.set_xlabel("recall (share of the particles that are found)")
    axes.set_ylabel("precision (share of the picks that are right)")
    axes.spines[["top", "right"]].set_visible(False)
    micrographs = counted(len(evaluation.names), "micrograph")
    axes.set_title(
        f"Picks against truth, {micrographs}, one-to-one matching",
        loc="left",
        fontsize=10,
        pad=10,
    )
    axes.legend(loc="lower left", fontsize=8, framealpha=0.9, edgecolor="none")
    with atomic_file(path) as temporary:
        figure.savefig(temporary)


def _draw_curve(axes: "Axes", at: RadiusEvaluation, style: str) -> None:
    """Draw the curve as steps; the area below them is the average precision."""
    curve = at.curve
    ap = format_number(curve.average_precision)
    axes.plot(
        [0.0, *curve.recall],
        [*curve.precision[:1], *curve.precision] or [0.0],
        style,
        drawstyle="steps-pre",
        color=BLUE,
        linewidth=1.8 if style == "-" else 1.2,
        label=f"distance ≤ {at.radius:g} diameter: average precision {ap}",
    )


def _draw_points(axes: "Axes", evaluation: Evaluation) -> None:
    main = evaluation.main
    cut = "all picks" if evaluation.threshold is None else f"score ≥ {evaluation.threshold:.4g}"
    looks: dict[str, Any] = {"linestyle": "none", "markeredgecolor": "white", "clip_on": False}
    axes.plot(
        main.micro.recall,
        main.micro.precision,
        "o",
        color=BLUE,
        markersize=9,
        label=f"{cut}: F1 {main.micro.f1:.3f} (macro {main.macro.f1:.3f})",
        **looks,
    )
    best = main.curve.best
    if best:
        axes.plot(
            best.rates.recall,
            best.rates.precision,
            "D",
            color=ORANGE,
            markersize=8,
            label=f"best, score ≥ {best.threshold:.4g}: F1 {best.rates.f1:.3f}",
            **looks,
        )


def draw_f1_contours(axes: "Axes", levels: Sequence[float] = (0.2, 0.4, 0.6, 0.8)) -> None:
    """Draw contours of equal F1, along which precision = F1 · recall / (2 · recall − F1).

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes with recall to the right and precision upwards, both ending at 1.
    levels : sequence of float
        Values of F1, between 0 and 1.
    """
    import numpy as np

    for f1 in levels:
        recall = np.linspace(f1 / (2 - f1), 1, 200)
        precision = f1 * recall / (2 * recall - f1)
        axes.plot(recall, precision, color=GREY, linewidth=0.6, alpha=0.6, zorder=0)
        axes.annotate(
            f"F1 {f1:g}",
            (1, precision[-1]),
            xytext=(3, 0),
            textcoords="offset points",
            color=GREY,
            fontsize=7,
            verticalalignment="center",
            annotation_clip=False,
        )
