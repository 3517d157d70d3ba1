"""How a person looks at the micrograph and works on it; nothing here is saved or undone."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from psygnal import SignalGroupDescriptor

from napari_drpnet.images.display import DisplayParameters

#: Least and greatest diameter of the brush, in particle diameters.
BRUSH_LIMITS = 0.5, 50.0

Tool = Literal["look", "click", "reject", "accept", "box"]


@dataclass
class ViewState:
    """How a person looks at the micrograph; setting a field signals ``events.<field>``.

    Parameters
    ----------
    tool : {'look', 'click', 'reject', 'accept', 'box'}
        What the mouse does: move the view; flip, add and move points; paint with a brush that
        rejects or accepts; select by a box.
    brush_diameters : float
        Diameter of the brush in particle diameters.
    show_points, show_rejected, show_map : bool
        What is drawn.
    map_opacity : float
        Of the distance map over the micrograph, 0 to 1.
    display : DisplayParameters
        How the micrograph is drawn; never what is picked.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    tool: Tool = "look"
    brush_diameters: float = 3.0
    show_points: bool = True
    show_rejected: bool = True
    show_map: bool = True
    map_opacity: float = 0.5
    display: DisplayParameters = field(default_factory=DisplayParameters)

    def scale_brush(self, factor: float) -> None:
        """Make the brush larger or smaller, within reason."""
        low, high = BRUSH_LIMITS
        self.brush_diameters = min(max(self.brush_diameters * factor, low), high)
