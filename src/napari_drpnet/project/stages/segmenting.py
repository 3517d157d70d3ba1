"""Segmentation of a micrograph without picking, as `drpnet segment` does it, and its dirt."""

from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Literal, Self
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.base.dirt import Dirt
from napari_drpnet.base.geometry import inside, nearest_pixels
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.segmentation import CLASSES, Segmentation
from napari_drpnet.batch.folder.mask_files import SegmentedMicrograph
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.picking.dirt import find_dirt
from napari_drpnet.picking.loading import DEFAULT, NONE, segmenting_only
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.resolve import ResolvedSegmenterParameters
from napari_drpnet.picking.segmentation.dirt import dirt_mask
from napari_drpnet.project.stages.cache import StageCache
from napari_drpnet.project.stages.plan import Plan, make_plan
from napari_drpnet.project.state.edits import MicrographRecord

Polarity = Literal["dark", "bright"]

#: What `Segmented.of` has made and somebody still has.
_MADE: "WeakValueDictionary[tuple[int, ResolvedSegmenterParameters, bool], Segmented]"
_MADE, _MAKING = WeakValueDictionary(), Lock()


def segmenter_of(parameters: PickParameters, plan: Plan) -> str:
    """Return the name of the segmenter of a plan: of its dirt, its detector, or the default one."""
    if parameters.segmenter.segmenter != NONE:
        return parameters.segmenter.segmenter
    return parameters.detector.weights if plan.picks_by_segmentation else DEFAULT


def plan_segmenting(
    parameters: PickParameters, plan: Plan, found: Polarity | None = None
) -> Plan | str:
    """Make the plan that segments a micrograph without picking.

    Parameters
    ----------
    parameters : PickParameters
        Parameters given by the user.
    plan : Plan
        Plan of picking with these parameters.
    found : {'dark', 'bright'}, optional
        Polarity that picking has found in the micrograph, which automatic polarity then means.
        Default: automatic polarity is dark, as in `drpnet segment`.

    Returns
    -------
    Plan or str
        The plan, or a message for the user that says why there is none.
    """
    segmenter = {"segmenter": segmenter_of(parameters, plan)}
    particle = parameters.particle
    if particle.polarity == "auto" and found is not None:
        particle = particle.model_copy(update={"polarity": found})
    named = parameters.segmenter.model_copy(update=segmenter)
    update = {"particle": particle, "segmenter": named}
    return make_plan(segmenting_only(parameters.model_copy(update=update)))


def segment_micrograph(
    cache: StageCache, record: MicrographRecord, plan: Plan, job: Job
) -> SegmentedMicrograph:
    """Segment a micrograph for files of its masks, or take its classes from the cache.

    Parameters
    ----------
    cache : StageCache
        Cache of the results of the networks.
    record : MicrographRecord
        Micrograph.
    plan : Plan
        Plan from `plan_segmenting`.
    job : Job
        Progress callback; it may cancel the work.

    Raises
    ------
    InputFileError
        If the micrograph or the weights cannot be used.
    Cancelled
        If the work was cancelled.
    """
    detection = cache.analyse(record, plan, job).detection
    given = plan.parameters.particle.pixel_size_angstrom
    micrograph = read_micrograph(record.path, given, record.pixel_size_angstrom)
    segmentation, dirt = detection.segmentation, find_dirt(detection, plan.parameters)
    assert segmentation is not None
    assert dirt is not None
    return SegmentedMicrograph(micrograph, segmentation, dirt, detection.diameter_px)


@dataclass(frozen=True, eq=False)
class Segmented:
    """Classes of the pixels of a micrograph, its dirt, and where that rejects picks.

    Parameters
    ----------
    segmentation : Segmentation
        Probabilities of the classes.
    limits : ResolvedSegmenterParameters
        Limits of the dirt, and the clearance.
    rejects : bool
        Whether picks on dirt are rejected, since a segmenter was chosen for picking.
    """

    segmentation: Segmentation
    limits: ResolvedSegmenterParameters
    rejects: bool
    _drawing: Lock = field(default_factory=Lock, repr=False)

    @classmethod
    def of(
        cls, segmentation: Segmentation, limits: ResolvedSegmenterParameters, rejects: bool
    ) -> "Segmented":
        """Return the classes and dirt, the same object as long as somebody has it.

        After a step of a slider two jobs ask for them, one that picks and one that draws.
        """
        key = id(segmentation), limits, rejects  # whose number is not used again meanwhile
        with _MAKING:
            return _MADE.setdefault(key, cls(segmentation, limits, rejects))

    def drawn(self) -> Self:
        """Compute what is drawn now, in the thread that calls this, and return the same object."""
        with self._drawing:
            _ = self.class_map, self.shares, self.outline
        return self

    @cached_property
    def dirt(self) -> Dirt:
        """Dirt in the frame of the segmentation."""
        limits, segmentation = self.limits, self.segmentation
        mask = dirt_mask(segmentation, limits.dirt_probability, limits.least_speck)
        return Dirt.of(mask, segmentation.frame, segmentation.valid)

    @property
    def class_map(self) -> NDArray[np.uint8]:
        """Number of the class of each pixel ``(h, w)``; 0 where it is unknown."""
        return self.segmentation.class_map

    @property
    def shares(self) -> dict[str, float]:
        """Share of each class in the known area, by the name of the class."""
        return self.segmentation.shares

    @cached_property
    def zone(self) -> NDArray[np.uint8]:
        """Map ``(h, w)`` with 1 where picks are rejected; without that, where dirt is.

        It has no 1 if dirt rejects nothing since nearly the whole micrograph is dirty.
        """
        from scipy.ndimage import distance_transform_edt

        mask = self.dirt.mask
        if not self.dirt.rejects or not mask.any():
            return np.zeros(mask.shape, np.uint8)
        if not self.rejects:
            return mask.astype(np.uint8)
        reach_px = self.limits.clearance * self.segmentation.diameter_px
        distance_px = np.asarray(distance_transform_edt(~mask)) - 0.5  # to the area of a pixel
        return (distance_px <= reach_px).astype(np.uint8)

    @cached_property
    def outline(self) -> NDArray[np.uint8]:
        """Map ``(h, w)`` with 1 on the inner edge of `zone`, except at the edge of the image."""
        from scipy.ndimage import binary_erosion

        outline = self.zone.copy()
        outline[binary_erosion(outline, border_value=1)] = 0
        return outline

    def describe(self, position_yx: ArrayLike) -> str:
        """Return the class at a position ``(y, x)`` in unbinned pixels with its probability.

        It is "" outside the micrograph.
        """
        frame = self.segmentation.frame
        if not inside(position_yx, frame.full_shape)[0]:
            return ""
        row, column = nearest_pixels(frame.network_shape, frame.to_network(position_yx))
        number = int(self.class_map[row, column][0])
        if not number:
            return "class unknown"
        probability = float(self.segmentation.probability[number - 1, row, column][0])
        return f"{CLASSES[number - 1]} {probability:.2f}"
