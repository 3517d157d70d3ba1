"""Families of detectors, by the kind and the architecture that their cards name."""

from napari_drpnet.picking.detectors.distance_map_family import DistanceMapFamily
from napari_drpnet.picking.detectors.protocol import DetectorFamily
from napari_drpnet.picking.detectors.segmentation_family import SegmentationFamily
from napari_drpnet.picking.networks.card import DetectorCard, SegmenterCard

_DISTANCE_MAP, _SEGMENTATION = DistanceMapFamily(), SegmentationFamily()

#: Family of each architecture in `networks.build.DETECTORS`.
FAMILIES: dict[str, DetectorFamily] = dict.fromkeys(
    ("fcrn", "multiscale", "examples-fcrn", "examples-multiscale"), _DISTANCE_MAP
)


def family_of(card: DetectorCard) -> DetectorFamily:
    """Return the family of a detector by its card."""
    return _SEGMENTATION if isinstance(card, SegmenterCard) else FAMILIES[card.architecture]
