"""Cards of segmenters that were trained on strokes."""

from napari_drpnet.base.wording import counted
from napari_drpnet.evaluation.class_scores import ClassEvaluation
from napari_drpnet.picking.networks.card import SegmenterCard, SegmenterNetwork
from napari_drpnet.training.from_strokes.recipe import StrokeRecipe
from napari_drpnet.training.from_strokes.tune import TunedSegmenter


def tuned_card(
    segmenter: SegmenterNetwork, tuned: TunedSegmenter, recipe: StrokeRecipe, micrographs: int
) -> SegmenterCard:
    """Return the card of a segmenter that was trained on strokes.

    Parameters
    ----------
    segmenter : SegmenterNetwork
        Segmenter with the old weights, whose recommended values are kept.
    tuned : TunedSegmenter
        Result of `tune_segmenter`.
    recipe : StrokeRecipe
        Recipe of the training.
    micrographs : int
        Number of painted micrographs.
    """
    about = {
        "trained_on": f"{segmenter.card.trained_on}; then strokes on "
        f"{counted(micrographs, 'micrograph')}",
        "recipe": {
            **recipe.model_dump(),
            "before": _figures(tuned.before),
            "after": _figures(tuned.after),
            "parent_sha256": segmenter.sha256,
            "parent_recipe": segmenter.card.recipe,
        },
    }
    return segmenter.card.model_copy(update=about)


def _figures(evaluation: ClassEvaluation) -> dict[str, float]:
    """Return the IoU of each class that strokes show."""
    return {name: round(iou, 4) for name, iou in evaluation.shown_iou.items()}
