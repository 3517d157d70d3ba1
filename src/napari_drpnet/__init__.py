"""DRPnet particle picking for cryo-EM micrographs.

Importing this package loads neither torch nor Qt; each public name is loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Micrograph": "micrograph",
    "read_micrograph": "micrograph",
    "PickParameters": "parameters",
    "Picks": "picks",
    "pick": "pick",
    "load_detector": "networks.weights",
    "load_classifier": "networks.weights",
    "simulate_micrograph": "simulate",
    "score_picks": "evaluate",
}

__all__ = sorted(_HOMES)

if TYPE_CHECKING:
    from .evaluate import score_picks
    from .micrograph import Micrograph, read_micrograph
    from .networks.weights import load_classifier, load_detector
    from .parameters import PickParameters
    from .pick import pick
    from .picks import Picks
    from .simulate import simulate_micrograph


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
