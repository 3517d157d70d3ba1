"""The table of coordinate file formats that can be read or written."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_drpnet.base.text import AnyPath, read_head
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.programs.box import read_box, write_box
from napari_drpnet.formats.programs.cryolo import read_cbox, write_cbox
from napari_drpnet.formats.programs.cryoppp import is_cryoppp, read_cryoppp, write_cryoppp
from napari_drpnet.formats.programs.cryosparc import (
    read_cs_mirrored,
    read_cs_stored,
    write_cryosparc_star,
)
from napari_drpnet.formats.programs.csv import is_csv, read_csv, write_csv
from napari_drpnet.formats.programs.eman_info import is_info, read_eman_info, write_eman_info
from napari_drpnet.formats.programs.relion_index import is_index, read_indexed
from napari_drpnet.formats.programs.star import read_star, write_star, write_star_of_relion_3
from napari_drpnet.formats.programs.topaz import image_name, is_topaz, read_topaz, write_topaz
from napari_drpnet.formats.programs.xmipp import read_pos, write_pos
from napari_drpnet.relion.pipeline import RelionVersion

Shape = tuple[int, int]


@dataclass(frozen=True)
class Format:
    """One format of coordinate files.

    Parameters
    ----------
    name : str
        Name of the format, as given to `drpnet convert`.
    title : str
        Short description.
    suffix : str
        File suffix in lower case.
    read : callable, optional
        Reader ``read(path) -> Coordinates``; None if the format can only be written.
    write : callable, optional
        Writer ``write(path, coordinates, shape)``; None if the format can only be read.
    fits : callable, optional
        Test ``fits(head) -> bool`` that recognises the format by the beginning of a file; None if
        only the suffix identifies it.
    names : {'never', 'perhaps', 'always'}
        Whether rows have the name of their micrograph.
    stored_name : callable
        Function that returns the name of a micrograph as it is stored in the rows.
    has_boxes : bool
        Whether writing needs `Coordinates.box_size_px`.
    whole_pixels : bool
        Whether writing rounds centres to whole pixels and drops those outside the micrograph.
    from_last_row : bool
        Whether y counts from the last row, so that the number of rows must be known.
    """

    name: str
    title: str
    suffix: str
    read: Callable[[AnyPath], Coordinates] | None = None
    write: Callable[[AnyPath, Coordinates, Shape | None], None] | None = None
    fits: Callable[[str], bool] | None = None
    names: Literal["never", "perhaps", "always"] = "perhaps"
    stored_name: Callable[[str], str] = str
    has_boxes: bool = False
    whole_pixels: bool = False
    from_last_row: bool = False


_TABLE = (
    Format("relion", "RELION coordinates", ".star", read_star, write_star, whole_pixels=True),
    Format(
        "relion-3.1", "RELION 3.1 coordinates", ".star",
        write=write_star_of_relion_3, whole_pixels=True,
    ),
    Format(
        "eman", "EMAN boxes", ".box", read_box, write_box,
        names="never", has_boxes=True, whole_pixels=True,
    ),
    Format("csv", "table of x, y, score", ".csv", read_csv, write_csv, is_csv),
    Format(
        "cryolo", "crYOLO boxes", ".cbox", read_cbox, write_cbox, names="never", has_boxes=True
    ),
    Format(
        "topaz", "Topaz table", ".txt", read_topaz, write_topaz, is_topaz,
        names="always", stored_name=image_name, whole_pixels=True,
    ),
    Format(
        "eman2", "EMAN2 info file", ".json", read_eman_info, write_eman_info, is_info,
        names="never", whole_pixels=True,
    ),
    Format(
        "xmipp", "Xmipp particles", ".pos", read_pos, write_pos, names="never", whole_pixels=True
    ),
    Format(
        "relion-index", "RELION index of coordinate files", ".star", read_indexed, fits=is_index
    ),
    Format(
        "cryosparc", "STAR file for cryoSPARC's Import Particle Stack", ".star",
        write=write_cryosparc_star, names="always",
    ),
    Format("cryosparc-mirrored", "y from the last row", ".cs", read_cs_mirrored, names="always"),
    Format("cryosparc-stored", "y from the first row", ".cs", read_cs_stored, names="always"),
    Format(
        "cryoppp", "CryoPPP table", ".csv", read_cryoppp, write_cryoppp, is_cryoppp,
        from_last_row=True,
    ),
)  # fmt: skip
#: All formats, by name.
FORMATS = {each.name: each for each in _TABLE}
#: Default format of each suffix for writing: the first in the table.
WRITTEN: dict[str, Format] = {}
for _each in _TABLE:
    if _each.write:
        WRITTEN.setdefault(_each.suffix, _each)
#: Format of the coordinate files for each version of RELION.
RELION_FORMATS: dict[RelionVersion, str] = {"3.1": "relion-3.1", "4": "relion", "5": "relion"}
#: Suffixes of files that can be read.
READ_SUFFIXES = tuple(dict.fromkeys(each.suffix for each in _TABLE if each.read))


def fitting_formats(path: AnyPath) -> list[Format]:
    """Return the formats that a file may have, by its suffix and its first line.

    Parameters
    ----------
    path : path-like
        Path of the file.

    Returns
    -------
    list of Format
        Possible formats. Empty if the first line fits none of them. Several if the file does not
        determine its format, so that the user must choose.
    """
    readable, head = readable_formats(path), read_head(path)
    sure = [each for each in readable if each.fits and each.fits(head)]
    return sure or [each for each in readable if each.fits is None]


def readable_formats(path: AnyPath) -> list[Format]:
    """Return the readable formats with the suffix of a file, in lower or upper case."""
    suffix = Path(path).suffix.lower()
    return [each for each in _TABLE if each.read and each.suffix == suffix]
