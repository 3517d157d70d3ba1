"""State of the view: tool, brush and what is drawn. It is never undone; some of it is saved."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from psygnal import SignalGroupDescriptor

from napari_drpnet.images.display import DisplayParameters

#: Least and greatest diameter of the brush, in particle diameters.
BRUSH_LIMITS = 0.5, 50.0

Tool = Literal["look", "click", "reject", "accept", "box", "lasso"]


@dataclass
class ViewState:
    """State of the view of the micrograph; setting a field emits ``events.<field>``.

    Parameters
    ----------
    tool : {'look', 'click', 'reject', 'accept', 'box', 'lasso'}
        Action of the mouse: move the view; flip, add and move points; paint with a brush that
        rejects or accepts; select by a box, or by an outline.
    brush_diameters : float
        Diameter of the brush in particle diameters.
    show_points, show_rejected, show_map : bool
        Whether picks, rejected picks and the distance map are drawn.
    show_boxes : bool
        Whether the box of the pick under the mouse, and of selected picks, is drawn.
    map_opacity : float
        Opacity of the distance map over the micrograph, from 0 to 1.
    display : DisplayParameters
        Parameters for drawing the micrograph; they do not affect picking.
    contrast_deviations : float or None
        Standard deviations from the median of the image to black and to white; None for limits
        that fit the image.
    magnification : float or None
        Screen pixels per unbinned pixel; None while no micrograph is on the screen.
    canvas_only : bool
        Whether everything around the canvas is hidden.
    show_keys, show_tutorial : bool
        Whether the list of keys and the tutorial are shown.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    tool: Tool = "look"
    brush_diameters: float = 3.0
    show_points: bool = True
    show_rejected: bool = True
    show_map: bool = True
    show_boxes: bool = False
    map_opacity: float = 0.5
    display: DisplayParameters = field(default_factory=DisplayParameters)
    contrast_deviations: float | None = None
    magnification: float | None = None
    canvas_only: bool = False
    show_keys: bool = False
    show_tutorial: bool = False

    def scale_brush(self, factor: float) -> None:
        """Multiply the diameter of the brush by a factor, within `BRUSH_LIMITS`."""
        low, high = BRUSH_LIMITS
        self.brush_diameters = min(max(self.brush_diameters * factor, low), high)
