"""Files of masks and label pictures, read as strokes."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_drpnet.base.class_maps import MIXED, resample_classes
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.segmentation import UNKNOWN
from napari_drpnet.formats import find_mask, read_class_map, read_mask
from napari_drpnet.formats.masks.finding import CLASS_MAP_ENDINGS
from napari_drpnet.formats.masks.masks import CLASS_MAP_ENDING
from napari_drpnet.formats.masks.pixels import (
    is_npz,
    read_arrays,
    read_pixels,
    require_aspect,
)
from napari_drpnet.formats.masks.segmentations import is_segmentation
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.strokes import Classes, Shape, strokes_frame
from napari_drpnet.project.storage.store import ProjectStore

#: Endings of the names of the files that a folder is searched for, the first preferred.
_ENDINGS = (*CLASS_MAP_ENDINGS[:4], "_mask.mrc", *CLASS_MAP_ENDINGS[4:])


@dataclass(frozen=True, eq=False)
class ReadStrokes:
    """Classes that a file says, for one micrograph.

    Parameters
    ----------
    micrograph : str
        Id of the micrograph.
    full_shape : tuple of int
        Shape ``(ny, nx)`` of the micrograph in unbinned pixels.
    classes : (h, w) uint8 array
        Classes on the grid of strokes; 0 where the file says nothing, or several at once.
    """

    micrograph: str
    full_shape: Shape
    classes: Classes


def read_strokes(path: Path, full_shape: Shape, mask_class: int) -> Classes:
    """Read a label picture or a mask onto the grid of strokes of a micrograph.

    Parameters
    ----------
    path : pathlib.Path
        Class map or mask in any format that `read_class_map` or `read_mask` reads.
    full_shape : tuple of int
        Shape ``(ny, nx)`` of the micrograph in unbinned pixels.
    mask_class : int
        Class of the pixels that a mask marks. Its other pixels have no class.

    Returns
    -------
    (h, w) uint8 array
        Classes on the grid; pixels that show several classes have none.

    Raises
    ------
    InputFileError
        If the file is unusable, or has another aspect ratio than the micrograph.
    """
    classes = _read(path, mask_class)
    require_aspect(path, (len(classes), classes.shape[1]), full_shape)
    resampled = resample_classes(classes, strokes_frame(full_shape).network_shape)
    resampled[resampled == MIXED] = UNKNOWN
    return resampled


def read_all_strokes(
    source: Path,
    records: Iterable[MicrographRecord],
    shapes: dict[str, Shape],
    store: ProjectStore,
    mask_class: int,
    job: Job,
) -> tuple[list[ReadStrokes], list[InputFileError]]:
    """Read the label pictures or masks of micrographs, found by the names of these.

    Parameters
    ----------
    source : pathlib.Path
        Folder with the files, or one file for the only micrograph.
    records : iterable of MicrographRecord
        Micrographs. Those without a file are left out.
    shapes : dict of str to tuple of int
        Shapes of micrographs that are known, by id.
    store : ProjectStore
        Store that knows the shapes of picked micrographs. The files of the others are read.
    mask_class : int
        See `read_strokes`.
    job : Job
        Job that is told how far it is.

    Returns
    -------
    list of ReadStrokes
        What was read.
    list of InputFileError
        Why files could not be used.
    """
    read, errors = list[ReadStrokes](), list[InputFileError]()
    given = list(records)
    for number, record in enumerate(given):
        job.advance(number, len(given), "Read label pictures")
        try:
            path = _file_of(source, record)
            if path is None:
                continue
            shape = shapes.get(record.id) or _shape(record, store)
            classes = read_strokes(path, shape, mask_class)
            read.append(ReadStrokes(record.id, shape, classes))
        except InputFileError as error:
            errors.append(error)
    return read, errors


def _shape(record: MicrographRecord, store: ProjectStore) -> Shape:
    stored = store.load_candidates(record.id)
    return read_micrograph(record.path).shape if stored is None else stored.shape


def _file_of(source: Path, record: MicrographRecord) -> Path | None:
    """Return the file of a micrograph, which is not the micrograph itself; None without one."""
    if not source.is_dir():
        return source
    endings: tuple[str, ...] = _ENDINGS
    while endings:
        try:
            path = find_mask(source, record.name, endings)
        except InputFileError:
            return None
        if path != record.path:
            return path
        endings = tuple(end for end in endings if not path.name.endswith(end))
    return None


def _read(path: Path, mask_class: int) -> Classes:
    try:
        classes = read_class_map(path)
    except InputFileError as error:
        return _marked(path, mask_class, error)
    is_map = classes.max() > 1 or path.stem.endswith(CLASS_MAP_ENDING) or _has_colours(path)
    return classes if is_map else np.where(classes == 1, np.uint8(mask_class), np.uint8(UNKNOWN))


def _marked(path: Path, mask_class: int, error: InputFileError) -> Classes:
    """Return a mask as a class map; raise the error of the class map if it is no mask either."""
    try:
        mask = read_mask(path, None)
    except InputFileError:
        raise error from None
    return np.where(mask >= 0.5, np.uint8(mask_class), np.uint8(UNKNOWN))


def _has_colours(path: Path) -> bool:
    """Return whether a file names its classes, as a mask of zeros and ones does not."""
    if is_npz(path):
        return is_segmentation(read_arrays(path))
    return read_pixels(path).ndim == 3
