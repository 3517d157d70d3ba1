"""Files of the segmentation of each micrograph."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from napari_drpnet.base.dirt import Dirt
from napari_drpnet.base.segmentation import CLASSES, Segmentation
from napari_drpnet.batch.entries import CLASS_MAP, FULL_SIZE_MASK, MASK, OVERLAY, WARP_MASK
from napari_drpnet.formats import (
    write_class_map,
    write_full_mask_mrc,
    write_mask_mrc,
    write_segmentation,
    write_warp_mask,
)
from napari_drpnet.formats.masks.class_maps import CLASS_COLOURS
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.images.preview import Palette, write_overlay

#: Name and colour of each class, by its number.
PALETTE: Palette = tuple(zip(("unknown", *CLASSES), CLASS_COLOURS, strict=True))


@dataclass(frozen=True, eq=False)
class SegmentedMicrograph:
    """Micrograph with its classes and its dirt.

    Parameters
    ----------
    micrograph : Micrograph
        Micrograph with its pixel size.
    segmentation : Segmentation
        Classes of its pixels.
    dirt : Dirt
        Its dirt, from the segmenter and from given masks.
    diameter_px : float
        Particle diameter in unbinned pixels.
    """

    micrograph: Micrograph
    segmentation: Segmentation
    dirt: Dirt
    diameter_px: float


@dataclass(frozen=True)
class MaskFile:
    """Kind of file of a segmentation.

    Parameters
    ----------
    ending : str
        Ending of the name of the file.
    write : callable
        Function that writes the file atomically.
    """

    ending: str
    write: Callable[[Path, SegmentedMicrograph], None]


def _write_mask(path: Path, segmented: SegmentedMicrograph) -> None:
    dirt, pixel_size = segmented.dirt, segmented.micrograph.pixel_size_angstrom
    assert pixel_size is not None
    write_mask_mrc(path, dirt.mask, pixel_size * float(dirt.frame.scale_yx.mean()))


def _write_full_mask(path: Path, segmented: SegmentedMicrograph) -> None:
    micrograph = segmented.micrograph
    shape, pixel_size = micrograph.shape, micrograph.pixel_size_angstrom
    write_full_mask_mrc(path, segmented.dirt.mask, shape, pixel_size)


def _write_warp(path: Path, segmented: SegmentedMicrograph) -> None:
    dirt, pixel_size = segmented.dirt, segmented.micrograph.pixel_size_angstrom
    assert pixel_size is not None
    write_warp_mask(path, dirt.mask, dirt.frame, pixel_size)


def _write_classes(path: Path, segmented: SegmentedMicrograph) -> None:
    write_class_map(path, segmented.segmentation.class_map)


def _write_npz(path: Path, segmented: SegmentedMicrograph) -> None:
    write_segmentation(path, segmented.segmentation)


def _write_overlay(path: Path, segmented: SegmentedMicrograph) -> None:
    classes = segmented.segmentation.class_map
    write_overlay(path, segmented.micrograph, classes, segmented.diameter_px, PALETTE)


#: Name of the kind whose files have the shape and the name of the micrograph.
FULL_SIZE = "full-size"
#: Kinds of files by name. Those of programs that look for the name of the micrograph have no
#: ending but the suffix.
MASK_FILES: dict[str, MaskFile] = {
    "mrc": MaskFile(MASK, _write_mask),
    "tif": MaskFile(WARP_MASK, _write_warp),
    "png": MaskFile(CLASS_MAP, _write_classes),
    "npz": MaskFile("_segmentation.npz", _write_npz),
    "overlay": MaskFile(OVERLAY, _write_overlay),
    FULL_SIZE: MaskFile(FULL_SIZE_MASK, _write_full_mask),
}


def write_masks(stem: Path, masks: Iterable[str], segmented: SegmentedMicrograph) -> list[Path]:
    """Write files of the segmentation of one micrograph, each completely or not at all.

    Parameters
    ----------
    stem : pathlib.Path
        Path of the files without their endings.
    masks : iterable of str
        Kinds of files, from `MASK_FILES`.
    segmented : SegmentedMicrograph
        Classes and dirt of the micrograph.

    Returns
    -------
    list of pathlib.Path
        Files that were written.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    written = []
    for name in masks:
        written.append(Path(f"{stem}{MASK_FILES[name].ending}"))
        MASK_FILES[name].write(written[-1], segmented)
    return written


def mask_endings(masks: tuple[str, ...]) -> list[str]:
    """Return the endings of the files of a segmentation of one micrograph."""
    return [MASK_FILES[name].ending for name in masks]


def require_masks(masks: tuple[str, ...]) -> None:
    """Raise `ValueError` unless all kinds of files are known."""
    if not set(masks) <= set(MASK_FILES):
        raise ValueError(f"masks must be some of {', '.join(MASK_FILES)}, not {masks}")
