"""DRPnet particle picking for cryo-EM micrographs.

Importing this package loads neither torch nor Qt; each public name is loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_drpnet.base.picks import Picks
    from napari_drpnet.evaluation.scores import evaluate_picks
    from napari_drpnet.formats import read_coordinates, write_coordinates
    from napari_drpnet.images.micrograph import Micrograph, read_micrograph
    from napari_drpnet.picking.loading import load_networks
    from napari_drpnet.picking.parameters import PickParameters
    from napari_drpnet.picking.pick import pick
    from napari_drpnet.simulation import simulate_micrograph

__version__ = "0.1.0"

__all__ = [
    "Micrograph",
    "PickParameters",
    "Picks",
    "evaluate_picks",
    "load_networks",
    "pick",
    "read_coordinates",
    "read_micrograph",
    "simulate_micrograph",
    "write_coordinates",
]

_HOMES = {
    "Micrograph": "images.micrograph",
    "PickParameters": "picking.parameters",
    "Picks": "base.picks",
    "evaluate_picks": "evaluation.scores",
    "load_networks": "picking.loading",
    "pick": "picking.pick",
    "read_coordinates": "formats",
    "read_micrograph": "images.micrograph",
    "simulate_micrograph": "simulation",
    "write_coordinates": "formats",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
