"""Small pictures of micrographs with their accepted picks, to be put into a page."""

import io
from base64 import b64encode
from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.batch.entries import PICKS
from napari_drpnet.batch.results.statistics import MicrographStatistics
from napari_drpnet.formats import read_coordinates
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.images.preview import draw_picks

LONGEST_SIDE = 480
_JPEG_QUALITY = 75


def draw_thumbnail(folder: Path, micrograph: MicrographStatistics) -> str | None:
    """Draw a picked micrograph as a JPEG of a few kB.

    Parameters
    ----------
    folder : pathlib.Path
        The output folder, with its coordinate file.
    micrograph : MicrographStatistics
        Which one.

    Returns
    -------
    str or None
        A ``data:`` address; None where the micrograph or its coordinates cannot be read any more.
    """
    try:
        file = next(file for file in micrograph.files if PICKS in Path(file).name)
        picks = read_coordinates(folder / file).as_picks()
        pixels = read_micrograph(micrograph.path)
        picture = draw_picks(pixels, picks, micrograph.diameter_px, LONGEST_SIDE)
    except (InputFileError, OSError):
        return None
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{b64encode(jpeg.getvalue()).decode()}"
