"""Small pictures of micrographs with their picks or classes, for a quick visual check of a run."""

from collections.abc import Iterable, Sequence
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.geometry import Frame, swap_xy
from napari_drpnet.base.picks import Picks
from napari_drpnet.base.wording import short_number
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.images.preprocess import preprocess

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

LONGEST_SIDE = 1024

Paint = tuple[int, ...]
Text = tuple[str, Paint]
Palette = Sequence[tuple[str, tuple[int, int, int]]]

_GREEN, _ORANGE = (70, 230, 120), (255, 120, 50)
_INK, _PAPER, _HALO = (235, 235, 235), (24, 24, 24), (0, 0, 0, 110)
#: Factor by which rings are drawn larger and then shrunk, because Pillow draws jagged edges.
_OVERSAMPLING = 3
_LINE_PX, _HALO_PX = 2.0, 3.7
_DASHES = [(start, start + 20) for start in range(0, 360, 36)]
_FONT_PX, _MARGIN_PX = 15, 10
#: Opacity of a class inside its areas and on their edges.
_INSIDE, _EDGE = 0.35, 0.9
#: Number of the first class that is painted: neither unknown nor background is.
_FIRST_PAINTED = 2


def write_preview(
    path: str | PathLike[str],
    micrograph: Micrograph,
    picks: Picks,
    diameter_px: float,
    note: str = "",
) -> None:
    """Write the picture of a micrograph with its picks to a file.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    micrograph, picks, diameter_px, note
        Arguments of `draw_preview`.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    picture = draw_preview(micrograph, picks, diameter_px, note)
    with atomic_file(path) as temporary:
        picture.quantize(256).save(temporary, optimize=True)


def draw_preview(
    micrograph: Micrograph, picks: Picks, diameter_px: float, note: str = ""
) -> "Image":
    """Draw a micrograph with its picks and a caption.

    Parameters
    ----------
    micrograph : Micrograph
        Micrograph to draw. It is shrunk to at most `LONGEST_SIDE` pixels and smoothed slightly,
        and its background is flattened.
    picks : Picks
        Picks to draw. Accepted picks become green rings of the particle diameter. Rejected picks
        become orange dashed rings with a cross, so that the difference does not depend on colour.
    diameter_px : float
        Particle diameter in unbinned pixels.
    note : str
        Text at the end of the caption below the picture.

    Returns
    -------
    PIL.Image.Image
        Picture in RGB.
    """
    picture = draw_picks(micrograph, picks, diameter_px)
    return _with_caption(picture, _caption(micrograph, picks, diameter_px, note))


def draw_picks(
    micrograph: Micrograph, picks: Picks, diameter_px: float, longest_side: int = LONGEST_SIDE
) -> "Image":
    """Draw a micrograph with its picks, without a caption.

    Parameters
    ----------
    micrograph, picks, diameter_px
        Arguments of `draw_preview`.
    longest_side : int
        Longest side of the picture in pixels.

    Returns
    -------
    PIL.Image.Image
        Picture in RGB.
    """
    from PIL import Image

    scale = max(1.0, max(micrograph.shape) / longest_side)
    frame = Frame.with_scale(micrograph.shape, scale)
    grey = _shade(micrograph, diameter_px, scale)
    picture = Image.fromarray(grey).convert("RGB")
    centers_xy = swap_xy(frame.to_network(picks.centers_yx)) + 0.5
    rings = _draw_rings(picture.size, centers_xy, picks.accepted, diameter_px / scale / 2)
    picture.paste(rings, mask=rings.getchannel("A"))
    return picture


def write_overlay(
    path: str | PathLike[str],
    micrograph: Micrograph,
    classes: NDArray[np.uint8],
    diameter_px: float,
    palette: Palette,
) -> None:
    """Write the picture of a micrograph with its classes and a legend to a file.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    micrograph, classes, diameter_px, palette
        Arguments of `draw_classes`.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    picture = draw_classes(micrograph, classes, diameter_px, palette)
    legend = _legend(classes, palette)
    framed = _with_caption(picture, [[(micrograph.name, _INK)], legend])
    with atomic_file(path) as temporary:
        framed.quantize(256).save(temporary, format="PNG", optimize=True)


def draw_classes(
    micrograph: Micrograph,
    classes: NDArray[np.uint8],
    diameter_px: float,
    palette: Palette,
    longest_side: int = LONGEST_SIDE,
) -> "Image":
    """Draw a micrograph with the classes of its pixels, without a legend.

    Parameters
    ----------
    micrograph : Micrograph
        Micrograph to draw; see `draw_preview`.
    classes : (h, w) uint8 array
        Class map of the whole micrograph at any scale.
    diameter_px : float
        Particle diameter in unbinned pixels.
    palette : sequence of (str, tuple of int)
        Name and RGB colour of each class, by its number: 0 for unknown, then background. Neither
        of the two is painted.
    longest_side : int
        Longest side of the picture in pixels.

    Returns
    -------
    PIL.Image.Image
        Picture in RGB.
    """
    from PIL import Image

    scale = max(1.0, max(micrograph.shape) / longest_side)
    grey = _shade(micrograph, diameter_px, scale)[..., None]
    rows, columns = grey.shape[:2]
    numbers = np.asarray(Image.fromarray(classes).resize((columns, rows), Image.Resampling.NEAREST))
    opacity = np.where(_is_edge(numbers), _EDGE, _INSIDE)
    opacity[numbers < _FIRST_PAINTED] = 0
    colours = np.array([colour for _, colour in palette], float)[numbers]
    blend = grey + opacity[..., None] * (colours - grey)
    return Image.fromarray(blend.astype(np.uint8))


def _is_edge(numbers: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which pixels have another class beside, above or below them."""
    from scipy.ndimage import maximum_filter, minimum_filter

    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)
    highest = maximum_filter(numbers, footprint=cross, mode="nearest")
    return np.asarray(highest != minimum_filter(numbers, footprint=cross, mode="nearest"))


def _legend(classes: NDArray[np.uint8], palette: Palette) -> list[Text]:
    """Return the classes with their shares of the known area; a square has the colour of each."""
    counts = np.bincount(classes.ravel(), minlength=len(palette))
    known = max(1, int(counts[1:].sum()))
    legend: list[Text] = []
    for number, (name, colour) in enumerate(palette[1:], 1):
        if number >= _FIRST_PAINTED:
            legend.append(("■ ", colour))
        legend.append((f"{name} {counts[number] / known:.1%}", _INK))
    return legend


def _shade(micrograph: Micrograph, diameter_px: float, scale: float) -> NDArray[np.uint8]:
    """Shrink a micrograph by `scale`, flatten its background, smooth and stretch it."""
    from scipy.ndimage import gaussian_filter

    # With bright particles, preprocessing keeps the polarity of the micrograph.
    view = preprocess(micrograph.pixels, diameter_px, diameter_px / scale, "bright")
    smooth = gaussian_filter(view.image, min(diameter_px / scale / 16, 3.0))
    low, high = np.percentile(smooth, [0.5, 99.5])
    return np.asarray(255 * np.clip((smooth - low) / max(high - low, 1e-12), 0, 1), np.uint8)


def _draw_rings(
    size: tuple[int, int],
    centers_xy: NDArray[np.float64],
    accepted: NDArray[np.bool_],
    radius: float,
) -> "Image":
    """Draw rings on a transparent image; centres ``(x, y)`` count from its corner."""
    from PIL import Image, ImageDraw

    sheet = Image.new("RGBA", (size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING))
    draw = ImageDraw.Draw(sheet)
    centers_xy, radius = centers_xy * _OVERSAMPLING, radius * _OVERSAMPLING
    for width, is_halo in ((_HALO_PX, True), (_LINE_PX, False)):
        stroke = round(width * _OVERSAMPLING)
        for x, y in centers_xy[~accepted]:
            paint = _HALO if is_halo else _ORANGE
            _draw_arcs(draw, (x, y), radius, _DASHES, paint, stroke)
            _draw_cross(draw, (x, y), max(0.2 * radius, 3 * _OVERSAMPLING), paint, stroke)
        for x, y in centers_xy[accepted]:
            _draw_arcs(draw, (x, y), radius, [(0, 360)], _HALO if is_halo else _GREEN, stroke)
    return sheet.resize(size, Image.Resampling.BOX)


def _draw_arcs(
    draw: "ImageDraw",
    center_xy: tuple[float, float],
    radius: float,
    arcs: Iterable[tuple[float, float]],
    paint: Paint,
    stroke: int,
) -> None:
    """Draw arcs of a circle, given in degrees.

    Pillow draws the stroke inside the bounding box, which is therefore enlarged.
    """
    x, y = center_xy
    reach = radius + stroke / 2
    for start, end in arcs:
        draw.arc((x - reach, y - reach, x + reach, y + reach), start, end, paint, stroke)


def _draw_cross(
    draw: "ImageDraw", center_xy: tuple[float, float], reach: float, paint: Paint, stroke: int
) -> None:
    x, y = center_xy
    for rise in (reach, -reach):
        draw.line((x - reach, y - rise, x + reach, y + rise), paint, stroke)


def _caption(
    micrograph: Micrograph, picks: Picks, diameter_px: float, note: str
) -> list[list[Text]]:
    """Return the lines of the caption, whose coloured parts also serve as the legend."""
    accepted = int(picks.accepted.sum())
    diameter = f"⌀ {short_number(diameter_px, 4)} px"
    if micrograph.pixel_size_angstrom:
        diameter += f" = {short_number(diameter_px * micrograph.pixel_size_angstrom, 4)} Å"
    facts: list[Text] = [
        (f"○ {accepted} accepted", _GREEN),
        (f"✕ {len(picks) - accepted} rejected", _ORANGE),
        (diameter, _INK),
        (note, _INK),
    ]
    return [[(micrograph.name, _INK)], facts]


def _with_caption(picture: "Image", caption: list[list[Text]]) -> "Image":
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    # The default font of Pillow has no Å.
    font = ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", _FONT_PX)
    gap, line_px = 1.5 * _FONT_PX, round(1.5 * _FONT_PX)
    # A text that ends with a space belongs to the next one.
    gaps = [[0 if text.endswith(" ") else gap for text, _ in line] for line in caption]
    lengths = [
        sum(font.getlength(text) for text, _ in line) + sum(after)
        for line, after in zip(caption, gaps, strict=True)
    ]
    width = max(picture.width, round(max(lengths) - gap) + 2 * _MARGIN_PX)
    height = picture.height + line_px * len(caption) + _MARGIN_PX
    sheet = Image.new("RGB", (width, height), _PAPER)
    sheet.paste(picture, ((width - picture.width) // 2, 0))
    draw = ImageDraw.Draw(sheet)
    for number, (line, after) in enumerate(zip(caption, gaps, strict=True)):
        x, y = float(_MARGIN_PX), picture.height + _MARGIN_PX / 2 + number * line_px
        for (text, colour), room in zip(line, after, strict=True):
            draw.text((x, y), text, colour, font)
            x += font.getlength(text) + room
    return sheet
