"""Style of the figures of docs/accuracy.md."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from napari_drpnet.base.atomic_file import atomic_file

#: Colour of each set: those of Okabe and Ito, which are safe for the colour blind, and two more.
COLOURS = {
    "clean": "#0072B2",
    "crowded": "#56B4E9",
    "faint": "#009E73",
    "carbon + ice": "#CC79A7",
    "negative stain": "#E69F00",
    "all simulated": "#0072B2",
    "ribosome 10028": "#3C3C3C",
    "apoferritin 10146": "#D55E00",
    "EMPIAR-10017 (denoised)": "#7B4FA3",
}
GREY = "#8C8C8C"


def panels(rows: int, columns: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """Return a figure of a size in inches and its axes, row by row, without boxes."""
    figure = Figure(figsize=(width, height), dpi=130, layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
        each.tick_params(labelsize=9)
    return figure, axes


def save(figure: Figure, page: Path, name: str) -> None:
    """Write a figure to the folder of images beside the page."""
    with atomic_file(page.parent / "images" / f"{name}.png") as temporary:
        figure.savefig(temporary, format="png")
