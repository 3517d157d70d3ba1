"""Training of the segmenter on the strokes of a project, from the micrographs to the outcome."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.class_maps import resample_classes
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.segmentation import UNKNOWN
from napari_drpnet.images.preprocess import stack_channels
from napari_drpnet.picking.networks.card import SegmenterCard, SegmenterNetwork
from napari_drpnet.picking.segmentation.segment import segment
from napari_drpnet.project.learning.outcome import save_as_new, with_weights
from napari_drpnet.project.stages.cache import StageCache
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.strokes import Shape, Strokes
from napari_drpnet.training.from_strokes.recipe import StrokeRecipe

if TYPE_CHECKING:
    from napari_drpnet.training.from_strokes.painted import PaintedImage
    from napari_drpnet.training.from_strokes.tune import TunedSegmenter

#: Micrograph with its strokes.
Painted = tuple[MicrographRecord, Strokes]


@dataclass(frozen=True, eq=False)
class ChangedClasses:
    """Classes of the shown micrograph that a trained segmenter would change.

    Parameters
    ----------
    micrograph : str
        Id of the micrograph.
    frame : Frame
        Relation of the pixels to those of the micrograph.
    classes : (h, w) uint8 array
        New class of each pixel that would change; 0 elsewhere.
    """

    micrograph: str
    frame: Frame
    classes: NDArray[np.uint8]

    @property
    def share(self) -> float:
        """Share of the area that would change."""
        return float((self.classes != UNKNOWN).mean())


@dataclass(frozen=True, eq=False)
class SegmenterOutcome:
    """Outcome of training on strokes, to be kept or discarded.

    Parameters
    ----------
    tuned : TunedSegmenter
        New weights, with the scores of the old and the new ones.
    card : SegmenterCard
        Card of the new weights.
    changes : ChangedClasses or None
        What would change on the micrograph that was shown when training began.
    """

    tuned: "TunedSegmenter"
    card: SegmenterCard
    changes: ChangedClasses | None

    def save(self, folder: Path) -> Path:
        """Save the weights to a new file in a folder, and return its path.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        return save_as_new(folder, "segmenter", self.tuned.state, self.card)


@dataclass(frozen=True, eq=False)
class StrokeTraining:
    """Training on strokes, to be run as the work of a job.

    Parameters
    ----------
    painted : sequence of tuple
        Micrographs with their strokes.
    shown : MicrographRecord or None
        Micrograph that is shown, to find what would change.
    plan : Plan
        Plan that segments, as from `plan_segmenting`.
    recipe : StrokeRecipe
        Recipe of the training.
    """

    painted: Sequence[Painted]
    shown: MicrographRecord | None
    plan: Plan
    recipe: StrokeRecipe

    def run(self, cache: StageCache, job: Job) -> SegmenterOutcome:
        """Train a copy of the segmenter.

        Parameters
        ----------
        cache : StageCache
            Cache that preprocesses the micrographs.
        job : Job
            Progress callback; it may cancel the work.

        Raises
        ------
        InputFileError
            If a micrograph or the weights cannot be used.
        ValueError
            If there are strokes of fewer than two classes.
        Cancelled
            If the work was cancelled.
        """
        from napari_drpnet.training.from_strokes.cards import tuned_card
        from napari_drpnet.training.from_strokes.tune import tune_segmenter

        segmenter = self._segmenter(cache)
        images = [self._read(cache, segmenter.card, *each, job) for each in self.painted]
        tuned = tune_segmenter(segmenter, images, self.recipe, job)
        card = tuned_card(segmenter, tuned, self.recipe, len(images))
        return SegmenterOutcome(tuned, card, self._find_changes(cache, segmenter, tuned, job))

    def _segmenter(self, cache: StageCache) -> SegmenterNetwork:
        detector = cache.networks(self.plan).detector
        assert isinstance(detector.card, SegmenterCard)
        return cast(SegmenterNetwork, detector)

    def _read(
        self,
        cache: StageCache,
        card: SegmenterCard,
        record: MicrographRecord,
        strokes: Strokes,
        job: Job,
    ) -> "PaintedImage":
        """Preprocess a micrograph, and convert its strokes to the scale of the segmenter."""
        from napari_drpnet.training.from_strokes.painted import PaintedImage

        view = cache.analyse(record, self.plan, job).detection.view
        require_painted_shape(record, strokes, view.frame.full_shape)
        classes = resample_classes(strokes.classes, view.frame.network_shape)
        return PaintedImage(stack_channels(view, card.inputs), classes, view.valid)

    def _find_changes(
        self, cache: StageCache, segmenter: SegmenterNetwork, tuned: "TunedSegmenter", job: Job
    ) -> ChangedClasses | None:
        if self.shown is None:
            return None
        detection = cache.analyse(self.shown, self.plan, job).detection
        old = detection.segmentation
        assert old is not None
        module = with_weights(segmenter.module, tuned.state)
        new = segment(detection.view, replace(segmenter, module=module), job=job)
        is_changed = old.class_map != new.class_map
        classes = np.where(is_changed, new.class_map, np.uint8(UNKNOWN))
        return ChangedClasses(self.shown.id, new.frame, classes)


def require_painted_shape(record: MicrographRecord, strokes: Strokes, shape: Shape) -> None:
    """Check that a micrograph has the shape ``(ny, nx)`` of the one that was painted.

    Raises
    ------
    InputFileError
        If the file has been replaced by one of another shape.
    """
    if strokes.full_shape != shape:
        problem = f"its shape {shape} is not {strokes.full_shape}, that of its strokes"
        raise InputFileError(record.path, problem, "Restore the file, or clear its strokes")
