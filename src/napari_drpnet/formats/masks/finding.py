"""Masks of any program, found by the name of their micrograph."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePath

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath
from napari_drpnet.images.micrograph import SUFFIXES

#: Endings of the names of masks, the first of which is preferred.
MASK_ENDINGS = (
    *("_mask.mrc", ".mrc", ".tif", ".tiff", "_classes.png", ".png"),
    *("_segmentation.npz", ".npz"),
)
#: Endings of the names of class maps; a mask of zeros and ones is none.
CLASS_MAP_ENDINGS = (
    *("_classes.png", ".png", "_segmentation.npz", ".npz"),
    *("_classes.tif", ".tif", ".tiff", ".mrc"),
)


def find_mask(folder: AnyPath, micrograph_name: str, endings: Sequence[str] = MASK_ENDINGS) -> Path:
    """Find the mask of a micrograph in a folder.

    Parameters
    ----------
    folder : path-like
        Folder of masks. If the name of the micrograph has folders, its mask may lie in
        sub-folders of the same names, or of the last few of them.
    micrograph_name : str
        Name of the micrograph, with or without folders and suffix.
    endings : sequence of str
        Endings of the names, the first of which is preferred.

    Returns
    -------
    pathlib.Path
        Path of the mask: the name of the micrograph without suffix, and one of `endings`.
        The place with the most folders in common is preferred, then the first of the endings.

    Raises
    ------
    InputFileError
        If there is no such mask, or the name leads out of the folder.
    """
    names = re.split(r"[/\\]", PurePath(micrograph_name).as_posix())
    if ".." in names or "\0" in micrograph_name:
        reason = f"the name {micrograph_name!r} of a micrograph leads out of this folder"
        raise InputFileError(folder, reason, "Correct the name")
    path = PurePath(micrograph_name)
    stem = _without_suffix(path.name)
    folders = path.relative_to(path.anchor).parts[:-1]
    for first in range(len(folders) + 1):
        place = Path(folder, *folders[first:])
        for ending in endings:
            if stem and (place / f"{stem}{ending}").is_file():
                return place / f"{stem}{ending}"
    reason = f"has no mask of the micrograph {micrograph_name}"
    remedy = f"Name it {stem}{endings[0]}, or with one of {', '.join(endings[1:])}"
    raise InputFileError(folder, reason, remedy)


def locate_mask(path: Path, micrograph_name: str) -> Path:
    """Return the mask of a micrograph: the file that is given, or that in the folder.

    Raises
    ------
    InputFileError
        If there is none in the folder; see `find_mask`.
    """
    return find_mask(path, micrograph_name) if path.is_dir() else path


def _without_suffix(name: str) -> str:
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name
