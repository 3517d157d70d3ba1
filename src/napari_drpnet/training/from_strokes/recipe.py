"""Recipe of training a segmenter on strokes. This is the only place of its defaults."""

from pydantic import Field as Setting

from napari_drpnet.base.frozen import Parameters

#: Least number of painted classes for a training.
LEAST_CLASSES = 2


class StrokeRecipe(Parameters):
    """Recipe of training a segmenter on strokes; stored on its card."""

    steps: int = Setting(25, ge=1, le=20_000, title="Number of batches")
    learning_rate: float = Setting(
        2e-3, gt=0, le=0.1, title="Learning rate at the start: Adam, cosine schedule"
    )
    batch: int = Setting(
        2, ge=1, le=256, title="Number of windows with strokes per batch; one more is replayed"
    )
    window_px: int = Setting(128, ge=48, le=1024, title="Side of a window, network pixels")
    area_power: float = Setting(
        0.25,
        ge=0,
        le=1,
        title="Weight of a class: its area on the painted micrographs to this power",
    )
    unpainted_weight: float = Setting(
        6.0, ge=0, le=100, title="Weight of the pixels without strokes, which should not change"
    )
    replay_weight: float = Setting(
        24.0, ge=0, le=1000, title="Weight of simulated micrographs, which should not change"
    )
    simulated: int = Setting(
        12, ge=0, le=100, title="Number of simulated micrographs that are replayed"
    )
    greatest_fall: float = Setting(
        0.01, ge=0, le=1, title="Greatest decrease of the IoU of a class that is tolerated"
    )
    seed: int = Setting(1, ge=0, title="Seed of the windows and of the simulated micrographs")
