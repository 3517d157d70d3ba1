"""Choice of the values that the card of a segmenter recommends, on validation fields."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.dirt import Dirt
from napari_drpnet.base.geometry import Frame, far_from
from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.base.segmentation import CARBON, ICE, PARTICLE, Segmentation
from napari_drpnet.images.preprocess import NetworkImage
from napari_drpnet.picking.detectors.components import component_candidates, find_components
from napari_drpnet.picking.networks.card import DetectorNetwork, SegmenterNetwork
from napari_drpnet.picking.resolve import NO_SEGMENTER
from napari_drpnet.picking.segmentation.dirt import dirt_mask
from napari_drpnet.picking.segmentation.segment import segment
from napari_drpnet.training.common.class_fields import ClassField
from napari_drpnet.training.common.labels import LabelledCandidates, label_candidates, label_found
from napari_drpnet.training.from_truth.cuts import SIGMAS_PX, choose_threshold

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Values that are compared: P(dirt), areas in particle areas, distances in particle diameters.
DIRT_PROBABILITIES = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97)
SPECKS = (0.05, 0.1, 0.2, 0.4)
CLEARANCES = (0.0, 0.1, 0.25, 0.4)
PARTICLE_PROBABILITIES = (0.3, 0.5, 0.7)
LEAST_AREAS = (0.1, 0.2, 0.3)

#: Number of false candidates whose rejection makes up for that of a true one.
_TRUE_COST = 5
#: Greatest share of the true candidates that are rejected on clean fields, and greatest mean area
#: of dirt there.
_MOST_REJECTED, _MOST_AREA = 0.005, 0.003
#: Relative loss of benefit for which a higher P(dirt) and a smaller clearance are chosen.
_CAUTION = 0.01
#: Values without fields on which they could be chosen.
_UNCHOSEN: Final[dict[str, float]] = {"least_area": 0.2, "threshold": 0.3}


@dataclass(frozen=True)
class Veto:
    """Rejection of candidates on dirt with given values, and what it does on validation fields.

    Parameters
    ----------
    dirt_probability, least_speck, clearance : float
        Values as on a `SegmenterCard`.
    benefit : float
        Number of rejected false candidates less five times that of rejected true ones.
    rejected : float
        Share of the true candidates on clean fields that are rejected.
    area : float
        Mean share of dirt in clean fields.
    """

    dirt_probability: float
    least_speck: float
    clearance: float
    benefit: float
    rejected: float
    area: float

    @property
    def violation(self) -> float:
        """Greater one of the limited shares in units of its limit, at least 1."""
        return max(self.rejected / _MOST_REJECTED, self.area / _MOST_AREA, 1.0)

    def dirt(self, field: ClassField, segmentation: Segmentation) -> Dirt:
        """Return the dirt of a field."""
        return _dirt(field, segmentation, self.dirt_probability, self.least_speck)


@dataclass(frozen=True)
class Route:
    """Picking of components with given values, and its score on validation fields.

    Parameters
    ----------
    score : float
        Score as for `choose_threshold`.
    particle_probability, least_area, sigma_px, threshold : float
        Values as on a `SegmenterCard`.
    """

    score: float
    particle_probability: float
    least_area: float
    sigma_px: float
    threshold: float


def predict(field: ClassField, segmenter: SegmenterNetwork) -> Segmentation:
    """Segment a field."""
    image, grey = field.inputs.astype(np.float32)
    shape = (image.shape[0], image.shape[1])
    view = NetworkImage(image, Frame(shape, shape), "dark", "robust", field.valid, grey=grey)
    return segment(view, segmenter)


def choose_values(
    fields: Sequence[ClassField],
    segmenter: SegmenterNetwork,
    detector: DetectorNetwork,
    job: Job | None = None,
) -> dict[str, Any]:
    """Choose the values that a segmenter recommends.

    Parameters
    ----------
    fields : sequence of ClassField
        Validation fields; each is predicted once.
    segmenter : SegmenterNetwork
        Trained segmenter.
    detector : DetectorNetwork
        Detector with a distance map, whose candidates on dirt are rejected.
    job : Job, optional
        Progress callback, called after each field and each comparison; it may cancel the work.

    Returns
    -------
    dict
        Fields of a `SegmenterCard`: those of the best veto and of the best picking of components
        that is subject to it. If no field has particles at known positions, as with label images
        only, nothing is compared, and a usual threshold and area are returned.
    """
    known = with_known_particles(fields)
    if not any(len(field.centers_yx) for field in known):
        return dict(_UNCHOSEN)
    job = job or SilentJob()
    segmentations = []
    for field in known:
        segmentations.append(predict(field, segmenter))
        job.advance(len(segmentations), len(known), "segmentation of validation fields")
    veto = choose_veto(compare_vetoes(known, segmentations, detector, job))
    return card_values(veto, choose_route(compare_routes(known, segmentations, veto, job)))


def card_values(veto: Veto, route: Route) -> dict[str, Any]:
    """Return the fields of a `SegmenterCard` that recommend a veto and a picking of components."""
    return {
        "dirt_probability": veto.dirt_probability,
        "least_speck": veto.least_speck,
        "clearance": veto.clearance,
        "particle_probability": route.particle_probability,
        "least_area": route.least_area,
        "erosion": NO_SEGMENTER.erosion,
        "sigma_px": route.sigma_px,
        "threshold": route.threshold,
    }


def with_known_particles(fields: Sequence[ClassField]) -> list[ClassField]:
    """Return the fields without particles of unknown position, such as those of label images."""
    return [
        field
        for field in fields
        if len(field.centers_yx) or len(field.on_dirt_yx) or not (field.classes == PARTICLE).any()
    ]


def compare_vetoes(
    fields: Sequence[ClassField],
    segmentations: Sequence[Segmentation],
    detector: DetectorNetwork,
    job: Job | None = None,
) -> list[Veto]:
    """Return what the rejection of a detector's candidates on dirt does, for all values.

    Parameters
    ----------
    fields : sequence of ClassField
        Fields with known particles.
    segmentations : sequence of Segmentation
        Segmentation of each field.
    detector : DetectorNetwork
        Detector whose candidates above its own threshold are considered. Those on particles that
        lie on dirt count neither as true nor as false.
    job : Job, optional
        Progress callback, called after each field; it may cancel the work.

    Returns
    -------
    list of Veto
    """
    card, shape = detector.card, (len(DIRT_PROBABILITIES), len(SPECKS), len(CLEARANCES))
    false, true, clean_true = (np.zeros(shape, int) for _ in range(3))
    areas, found_clean, clean_fields = np.zeros(shape[:2]), 0, 0
    job = job or SilentJob()
    for done, (field, segmentation) in enumerate(zip(fields, segmentations, strict=True), 1):
        found = label_candidates(field.detected, detector, card.sigma_px, card.threshold)
        rejected, area = _rejections(field, segmentation, found.centers_yx)
        right, wrong = (
            found.right,
            ~found.right & ~_on_dirty_particles(field, found, card.particle_px),
        )
        true += (rejected & right).sum(axis=-1)
        false += (rejected & wrong).sum(axis=-1)
        if _is_clean(field):
            clean_true += (rejected & right).sum(axis=-1)
            areas += area
            found_clean += int(right.sum())
            clean_fields += 1
        job.advance(done, len(fields), "choice of the veto")
    benefit, share = false - _TRUE_COST * true, clean_true / max(1, found_clean)
    area = areas / max(1, clean_fields)
    return [
        Veto(p, speck, clearance, float(benefit[i, j, k]), float(share[i, j, k]), float(area[i, j]))
        for i, p in enumerate(DIRT_PROBABILITIES)
        for j, speck in enumerate(SPECKS)
        for k, clearance in enumerate(CLEARANCES)
    ]


def choose_veto(vetoes: Sequence[Veto]) -> Veto:
    """Return the veto with the greatest benefit of those that spare clean fields.

    Those that violate the limits on clean fields are left out, or if all do, all but the least
    violation. Of vetoes within 1 % of the greatest benefit, the one with the highest P(dirt), then
    with the smallest clearance, is chosen, since real micrographs differ from simulated ones.
    """
    least = min(veto.violation for veto in vetoes)
    allowed = [veto for veto in vetoes if veto.violation <= least]
    best = max(veto.benefit for veto in allowed)
    good = [veto for veto in allowed if veto.benefit >= best - _CAUTION * abs(best)]
    return max(good, key=lambda veto: (veto.dirt_probability, -veto.clearance, veto.benefit))


def compare_routes(
    fields: Sequence[ClassField],
    segmentations: Sequence[Segmentation],
    veto: Veto,
    job: Job | None = None,
) -> list[Route]:
    """Return the scores of the picking of components, with the best threshold for all values.

    Parameters
    ----------
    fields : sequence of ClassField
        Fields with known particles.
    segmentations : sequence of Segmentation
        Segmentation of each field.
    veto : Veto
        Rejection of candidates on dirt.
    job : Job, optional
        Progress callback, called after each comparison; it may cancel the work.

    Returns
    -------
    list of Route
    """
    dirt = [veto.dirt(*each) for each in zip(fields, segmentations, strict=True)]
    routes, job = [], job or SilentJob()
    limits = list(product(PARTICLE_PROBABILITIES, LEAST_AREAS))
    for probability, area in limits:
        update = {"particle_probability": probability, "least_area": area}
        values = NO_SEGMENTER.model_copy(update=update)
        components = [find_components(each, values) for each in segmentations]
        for sigma in SIGMAS_PX:
            found = []
            for field, each, own in zip(fields, components, dirt, strict=True):
                diameter = segmentations[0].diameter_px
                candidates = component_candidates(each, sigma)
                labelled = label_found(field.detected, candidates, diameter)
                clear = ~(own.clearance(labelled.centers_yx, diameter) <= veto.clearance)
                found.append(replace(labelled, height=labelled.height * clear))
            threshold, score = choose_threshold(found)
            routes.append(Route(score, probability, area, sigma, threshold))
            job.advance(len(routes), len(limits) * len(SIGMAS_PX), "choice of components")
    return routes


def choose_route(routes: Sequence[Route]) -> Route:
    """Return the route with the best score; of equal ones the first."""
    return max(routes, key=lambda route: route.score)


def _rejections(
    field: ClassField, segmentation: Segmentation, centers_yx: Floats
) -> tuple[Mask, Floats]:
    """Return which centres are rejected, for all values, and the share of dirt.

    The shapes are ``(probabilities, specks, clearances, n)`` and ``(probabilities, specks)``.
    """
    dirt = [[_dirt(field, segmentation, p, speck) for speck in SPECKS] for p in DIRT_PROBABILITIES]
    diameter = segmentation.diameter_px
    clearance = np.array([[each.clearance(centers_yx, diameter) for each in row] for row in dirt])
    limits = np.array(CLEARANCES)[:, None]
    areas = np.array([[each.area for each in row] for row in dirt])
    return clearance[:, :, None] <= limits, areas


def _dirt(
    field: ClassField, segmentation: Segmentation, dirt_probability: float, least_speck: float
) -> Dirt:
    mask = dirt_mask(segmentation, dirt_probability, least_speck)
    return Dirt.of(mask, segmentation.frame, field.valid)


def _on_dirty_particles(field: ClassField, found: LabelledCandidates, diameter_px: float) -> Mask:
    """Return which candidates ``(n,)`` lie on particles on dirt, and on no other particles."""
    reach = diameter_px / 2
    near = ~far_from(found.centers_yx, field.on_dirt_yx, reach)
    return near & far_from(found.centers_yx, field.centers_yx, reach)


def _is_clean(field: ClassField) -> bool:
    return not np.isin(field.classes, (ICE, CARBON)).any()
