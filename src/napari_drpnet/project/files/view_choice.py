"""Display settings of the user, saved with the project."""

from pydantic import Field

from napari_drpnet.images.display import DisplayParameters
from napari_drpnet.project.files.kept_choice import KeptChoice


class ViewChoice(KeptChoice):
    """Fields of `ViewState` that are saved with the project."""

    display: DisplayParameters = DisplayParameters()
    contrast_deviations: float | None = Field(
        None,
        ge=0.5,
        le=20,
        title="Contrast: standard deviations of the shown image from grey to black and to white; "
        "default: fits the image",
    )
    show_rejected: bool = Field(True, title="Whether rejected picks are drawn")
    show_map: bool = Field(True, title="Whether the distance map is drawn")
    show_boxes: bool = Field(False, title="Whether the box of the pick under the mouse is drawn")
    show_marks: bool = Field(True, title="Whether the comparison with truth is drawn")
    show_other_picks: bool = Field(True, title="Whether picks of another program are drawn")
    map_opacity: float = Field(0.5, ge=0, le=1, title="Opacity of the distance map")
    show_classes: bool = Field(True, title="Whether the classes of the segmenter are drawn")
    classes_opacity: float = Field(0.5, ge=0, le=1, title="Opacity of the classes")
    classes_as_lines: bool = Field(False, title="Whether the classes are drawn as lines")
