"""Parameters with nothing left open, for tests that need no networks."""

from napari_drpnet.picking.networks.card import ClassifierCard, DetectorCard
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.resolve import ResolvedParameters, resolve

_ABOUT = {"particle_px": 11.0, "licence": "none", "trained_on": "nothing"}


def resolved(**stages) -> ResolvedParameters:
    """Fill in what stages leave open by cards of plain defaults; the cut is automatic."""
    given = PickParameters.model_validate({"particle": {"diameter_angstrom": 80.0}} | stages)
    return resolve(given, DetectorCard(**_ABOUT), ClassifierCard(accept=None, **_ABOUT))
