"""Recipe of training a segmenter on strokes. This is the only place of its defaults."""

from pydantic import Field as Setting

from napari_drpnet.base.frozen import Parameters

#: Least number of painted classes for a training.
LEAST_CLASSES = 2


class StrokeRecipe(Parameters):
    """Recipe of training a segmenter on strokes; stored on its card."""

    penalty: float = Setting(
        2.0,
        gt=0,
        le=1000,
        title="Penalty of a change of the last layer; it counts less the more micrographs are "
        "painted",
    )
    area_power: float = Setting(
        0.25,
        ge=0,
        le=1,
        title="Weight of a class: its area on the painted micrographs to this power",
    )
    greatest_fall: float = Setting(
        0.01, ge=0, le=1, title="Greatest decrease of the IoU of a class that is tolerated"
    )
    seed: int = Setting(1, ge=0, title="Seed of the choice of pixels and of held-out strokes")
