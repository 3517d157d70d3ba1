"""The quality of picks as files: an HTML page, JSON and figures."""

import json
from collections.abc import Sequence
from pathlib import Path

from napari_drpnet import __version__
from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.pages import data_url, render_page
from napari_drpnet.base.text import AnyPath, write_text
from napari_drpnet.quality.figures import draw_figures
from napari_drpnet.quality.results import Quality
from napari_drpnet.quality.summary import quality_to_json, summary_rows

PAGE, NUMBERS = "quality.html", "quality.json"
_TEMPLATE = Path(__file__).with_name("quality.html.j2")
#: Title and explanation of each figure.
_CAPTIONS = {
    "views": (
        "Views",
        "Directions from which particles are seen, in Hammer's projection, as RELION stores them. "
        "One dot for each of 12,288 directions that occurs.",
    ),
    "fsc": (
        "Fourier shell correlation",
        "Correlation of the two half maps. The thick curve gives the resolution, at 0.143.",
    ),
    "rosenthal_henderson": (
        "Resolution against number of particles",
        "After Rosenthal and Henderson: the steeper the line, the lower the B factor. Points with "
        "the angles of the full set are better than refinements of as many particles would be.",
    ),
    "local_resolution": ("Local resolution", "Voxels inside the mask; the line is the median."),
    "classes": (
        "2D classes",
        "Good classes are coloured, the others grey. Below: scores of the picker, median and "
        "quartiles of the particles of each class.",
    ),
}


def write_quality(qualities: Sequence[Quality], folder: AnyPath) -> list[Path]:
    """Write the quality of picks as an HTML page, as JSON and as PNG files.

    Parameters
    ----------
    qualities : sequence of Quality
        One set of picks, or two that are compared.
    folder : path-like
        Folder for the files, which is created if it is missing.

    Returns
    -------
    list of pathlib.Path
        Files that were written, the self-contained page first.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    folder, figures = Path(folder), draw_figures(qualities)
    page = render_page(
        _TEMPLATE,
        version=__version__,
        qualities=qualities,
        rows=summary_rows(qualities),
        figures=[
            (*_CAPTIONS[name], data_url("image/png", content)) for name, content in figures.items()
        ],
    )
    paths = [folder / PAGE, folder / NUMBERS, *(folder / f"{name}.png" for name in figures)]
    write_text(paths[0], page)
    write_text(paths[1], f"{json.dumps(quality_to_json(qualities), indent=1)}\n")
    for path, content in zip(paths[2:], figures.values(), strict=True):
        with atomic_file(path) as temporary:
            temporary.write_bytes(content)
    return paths
