"""Output of an evaluation of class maps as JSON and as text table."""

from dataclasses import asdict
from typing import Any

from napari_drpnet.base.segmentation import CLASSES
from napari_drpnet.evaluation.class_scores import ClassEvaluation, pool_classes
from napari_drpnet.evaluation.report import align_columns, format_number

Evaluations = dict[str, ClassEvaluation]


def classes_to_json(evaluations: Evaluations) -> dict[str, Any]:
    """Convert evaluations of class maps, by micrograph, to JSON-compatible values."""
    return {
        "classes": list(CLASSES),
        "pooled": _to_json(pool_classes([*evaluations.values()])),
        "micrographs": [{"name": name, **_to_json(each)} for name, each in evaluations.items()],
    }


def _to_json(evaluation: ClassEvaluation) -> dict[str, Any]:
    return {
        "mean_iou": evaluation.mean_iou,
        "accuracy": evaluation.accuracy,
        "scored_share": evaluation.scored_share,
        "scores": {name: asdict(score) for name, score in evaluation.scores.items()},
        "confusion": evaluation.confusion.tolist(),
        "strict": {
            "mean_iou": evaluation.strict_mean_iou,
            "scores": {name: asdict(score) for name, score in evaluation.strict_scores.items()},
            "confusion": evaluation.strict.tolist(),
        },
    }


def format_classes(evaluations: Evaluations) -> str:
    """Format evaluations of class maps as a text table for a terminal.

    Parameters
    ----------
    evaluations : dict of str to ClassEvaluation
        Evaluation of each micrograph.

    Returns
    -------
    str
        Mean IoU of each micrograph, the scores of each class over all pixels, and the confusion
        matrix in percent of the pixels of each true class; ``-`` stands for an absent class.
    """
    pooled = pool_classes([*evaluations.values()])
    return "\n".join(
        [
            f"Scored: {pooled.scored_share:.1%} of the pixels; the others are mixed, or of a class "
            "that is unknown",
            "Strict: mixed pixels count as the class that covers most of them",
            "",
            *align_columns(_micrograph_rows(evaluations, pooled)),
            "",
            *align_columns(_class_rows(pooled)),
            "",
            *align_columns(_confusion_rows(pooled)),
            "",
        ]
    )


def _micrograph_rows(evaluations: Evaluations, pooled: ClassEvaluation) -> list[list[str]]:
    def row(name: str, each: ClassEvaluation) -> list[str]:
        ious = (score.iou for score in each.scores.values())
        return [name, *map(format_number, (*ious, each.mean_iou, each.strict_mean_iou))]

    heading = ["IoU", *CLASSES, "mean", "strict mean"]
    return [heading, *(row(*item) for item in evaluations.items()), row("all pixels", pooled)]


def _class_rows(pooled: ClassEvaluation) -> list[list[str]]:
    rows = [["class", "IoU", "F1", "accuracy", "strict IoU", "strict F1", "true pixels"]]
    for name in CLASSES:
        score, strict = pooled.scores[name], pooled.strict_scores[name]
        numbers = (score.iou, score.f1, score.accuracy, strict.iou, strict.f1)
        rows.append([name, *map(format_number, numbers), str(score.true_pixels)])
    return rows


def _confusion_rows(pooled: ClassEvaluation) -> list[list[str]]:
    rows = [["found % of true", *CLASSES]]
    for name, counts in zip(CLASSES, pooled.confusion.tolist(), strict=True):
        total = sum(counts)
        shares = (100 * count / total if total else None for count in counts)
        rows.append([name, *(format_number(share, 1) for share in shares)])
    return rows
