"""State of the view: tool, brush and what is drawn. It is never undone; some of it is saved."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from psygnal import SignalGroupDescriptor
from pydantic import Field

from napari_drpnet.base.frozen import Parameters
from napari_drpnet.base.segmentation import PARTICLE
from napari_drpnet.images.display import DisplayParameters

#: Least and greatest diameter of the brush, in particle diameters.
BRUSH_LIMITS = 0.5, 50.0
#: Least and greatest diameter of the brush for strokes, in pixels of their grid.
STROKE_BRUSH_LIMITS = 1, 200

Tool = Literal["look", "click", "reject", "accept", "box", "lasso"]
#: Tools that paint strokes, as napari calls them.
StrokeTool = Literal["paint", "fill", "polygon"]


class StrokeParameters(Parameters):
    """Settings of the brush for strokes."""

    brush: float = Field(16.0, gt=0, title="Diameter of the brush for strokes")
    dark_cut: float = Field(
        -1.0,
        ge=-6,
        le=2,
        title="Brightest grey that a dark brush takes, in standard deviations from the median",
    )


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
    show_marks : bool
        Whether right and wrong picks and missed particles are marked, if the truth is known.
    show_other_picks : bool
        Whether the picks of another program are drawn, if there are any.
    map_opacity : float
        Opacity of the distance map over the micrograph, from 0 to 1.
    show_classes : bool
        Whether the classes of the segmenter are drawn.
    classes_opacity : float
        Opacity of the classes over the micrograph, from 0 to 1.
    classes_as_lines : bool
        Whether the classes are drawn as lines around their areas.
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
    show_strokes : bool
        Whether the strokes are drawn.
    paints : bool
        Whether the mouse paints strokes.
    stroke_class : int
        Class that strokes give to pixels; 0 takes classes away.
    stroke_tool : {'paint', 'fill', 'polygon'}
        Tool that paints strokes.
    stroke_brush : int
        Diameter of the brush for strokes, in pixels of their grid.
    is_brush_dark : bool
        Whether strokes change only pixels that are darker than `dark_cut`.
    dark_cut : float
        Brightest grey value that a dark brush takes, in standard deviations from the median of
        the image as it is shown.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    tool: Tool = "look"
    brush_diameters: float = 3.0
    show_points: bool = True
    show_rejected: bool = True
    show_map: bool = True
    show_boxes: bool = False
    show_marks: bool = True
    show_other_picks: bool = True
    map_opacity: float = 0.5
    show_classes: bool = True
    classes_opacity: float = 0.5
    classes_as_lines: bool = False
    display: DisplayParameters = field(default_factory=DisplayParameters)
    contrast_deviations: float | None = None
    magnification: float | None = None
    canvas_only: bool = False
    show_keys: bool = False
    show_tutorial: bool = False
    show_strokes: bool = False
    paints: bool = False
    stroke_class: int = PARTICLE
    stroke_tool: StrokeTool = "paint"
    stroke_brush: int = int(StrokeParameters().brush)
    is_brush_dark: bool = False
    dark_cut: float = StrokeParameters().dark_cut

    def scale_brush(self, factor: float) -> None:
        """Multiply the diameter of the brush by a factor, within `BRUSH_LIMITS`."""
        low, high = BRUSH_LIMITS
        self.brush_diameters = min(max(self.brush_diameters * factor, low), high)
