"""Reading and writing of coordinates, masks and class maps in the formats of other programs."""

from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.masks.class_maps import read_class_map, write_class_map
from napari_drpnet.formats.masks.filtering import Filtered, MaskSource, filter_by_masks
from napari_drpnet.formats.masks.finding import find_mask, locate_mask
from napari_drpnet.formats.masks.masks import (
    read_mask,
    write_full_mask_mrc,
    write_mask_mrc,
    write_warp_mask,
)
from napari_drpnet.formats.masks.segmentations import read_segmentation, write_segmentation
from napari_drpnet.formats.table import (
    FORMATS,
    READ_SUFFIXES,
    RELION_FORMATS,
    WRITTEN,
    Format,
    Shape,
    fitting_formats,
    readable_formats,
)

__all__ = [
    "FORMATS",
    "READ_SUFFIXES",
    "RELION_FORMATS",
    "WRITTEN",
    "Coordinates",
    "Filtered",
    "Format",
    "MaskSource",
    "filter_by_masks",
    "find_mask",
    "fitting_formats",
    "locate_mask",
    "read_class_map",
    "read_coordinates",
    "read_mask",
    "read_segmentation",
    "write_class_map",
    "write_coordinates",
    "write_full_mask_mrc",
    "write_mask_mrc",
    "write_segmentation",
    "write_warp_mask",
]


def read_coordinates(
    path: AnyPath, format_name: str | None = None, rows: int | None = None, scale: float = 1.0
) -> Coordinates:
    """Read a coordinate file of any known format.

    Parameters
    ----------
    path : path-like
        Path of the file. Its suffix, in lower or upper case, determines the format. Where several
        formats share a suffix, the first line does.
    format_name : str, optional
        Name of a format in `FORMATS`, for files whose format cannot be recognised.
    rows : int, optional
        Number of rows of the unbinned micrograph. Formats that count rows from the last one need
        it.
    scale : float
        Unbinned pixels per pixel of the file, for coordinates in binned micrographs.

    Returns
    -------
    Coordinates
        Coordinates in unbinned pixels.

    Raises
    ------
    InputFileError
        If the suffix is unknown, the file could have several formats, or the file is unreadable
        or malformed; if `rows` is needed but missing, or too small.
    ValueError
        If there is no such format, or it can only be written.
    """
    chosen = _format_of(path) if format_name is None else _named(format_name)
    if chosen.read is None:
        raise ValueError(f"{chosen.name} is only written, not read")
    coordinates = chosen.read(path)
    if scale != 1:
        coordinates = coordinates.scaled(scale)
    if not chosen.from_last_row:
        return coordinates
    if rows is None:
        reason = "counts y from the last row, so the number of rows must be known"
        command = f"drpnet convert --from {chosen.name} --flip-rows"
        remedy = f"Convert it with {command}, followed by that number or by the micrograph"
        raise InputFileError(path, reason, remedy)
    try:
        return coordinates.flipped(rows)
    except ValueError as error:
        remedy = "Give the number of rows of its micrograph"
        raise InputFileError(path, str(error), remedy) from error


def write_coordinates(
    path: AnyPath,
    coordinates: Coordinates,
    shape: Shape | None = None,
    format_name: str | None = None,
    *,
    micrograph_name: str | None = None,
    rows: int | None = None,
) -> None:
    """Write a coordinate file of any known format atomically.

    Parameters
    ----------
    path : path-like
        File to create or replace. Its suffix determines the format.
    coordinates : Coordinates
        Coordinates to write. ``.box`` and ``.cbox`` files need its `box_size_px`.
    shape : tuple of int, optional
        Shape ``(ny, nx)`` of the micrograph in unbinned pixels. In ``.star``, ``.box`` and
        ``.txt`` files, centres are rounded to whole pixels, and those outside are dropped.
    format_name : str, optional
        Name of a format in `FORMATS`, if it differs from the default for the suffix.
    micrograph_name : str, optional
        Name of the micrograph of all rows, for formats with a name in each row. Used only if
        `coordinates` has no names.
    rows : int, optional
        Number of rows of the micrograph, if `shape` is not given. Formats that count rows from
        the last one need it.

    Raises
    ------
    InputFileError
        If the suffix is unknown.
    ValueError
        If there is no such format, or it can only be read; if the format needs an argument that
        is missing.
    OSError
        If the file cannot be written.
    """
    chosen = _written_by(path) if format_name is None else _named(format_name)
    if chosen.write is None:
        raise ValueError(f"{chosen.name} is only read, not written")
    if chosen.names == "always" and coordinates.micrograph_names is None and micrograph_name:
        coordinates = coordinates.named(micrograph_name)
    if chosen.from_last_row:
        count = rows if shape is None else shape[0]
        if count is None:
            raise ValueError(f"{chosen.name} counts from the last row: give shape or rows")
        coordinates = coordinates.flipped(count)
    chosen.write(path, coordinates, shape)


def _format_of(path: AnyPath) -> Format:
    readable = readable_formats(path)
    if not readable:
        raise _unknown_suffix(path, READ_SUFFIXES)
    fitting = fitting_formats(path)
    if len(fitting) > 1:
        choices = ", ".join(f"{each.name} ({each.title})" for each in fitting)
        raise InputFileError(
            path,
            f"may be read in several ways: {choices}",
            "Convert it with drpnet convert --from, and check with --preview which way fits",
        )
    return (fitting or readable)[0]  # if none fits, the reader raises the error


def _written_by(path: AnyPath) -> Format:
    suffix = Path(path).suffix.lower()
    if suffix not in WRITTEN:
        raise _unknown_suffix(path, tuple(WRITTEN))
    return WRITTEN[suffix]


def _named(name: str) -> Format:
    if name not in FORMATS:
        raise ValueError(f"there is no format {name!r}; choose one of {', '.join(FORMATS)}")
    return FORMATS[name]


def _unknown_suffix(path: AnyPath, known: tuple[str, ...]) -> InputFileError:
    suffix = Path(path).suffix
    reason = f"has the unknown suffix {suffix!r}" if suffix else "has no suffix"
    return InputFileError(path, reason, f"Use one of {', '.join(known)}")
