"""Which kinds of detectors there are, by the architecture that their cards name."""

from napari_drpnet.picking.detectors.distance_map_family import DistanceMapFamily
from napari_drpnet.picking.detectors.protocol import DetectorFamily
from napari_drpnet.picking.networks.card import DetectorCard

_DISTANCE_MAP = DistanceMapFamily()

#: The family of each architecture in `networks.build.DETECTORS`.
FAMILIES: dict[str, DetectorFamily] = {"fcrn": _DISTANCE_MAP, "multiscale": _DISTANCE_MAP}


def family_of(card: DetectorCard) -> DetectorFamily:
    """Return the family of a detector."""
    return FAMILIES[card.architecture]
