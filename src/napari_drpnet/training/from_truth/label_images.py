"""Training fields of a segmenter from real micrographs with label images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.wording import counted
from napari_drpnet.formats.masks.class_maps import read_class_map
from napari_drpnet.formats.masks.finding import CLASS_MAP_ENDINGS, find_mask
from napari_drpnet.images.micrograph import find_micrographs, read_micrograph
from napari_drpnet.images.preprocess import preprocess
from napari_drpnet.training.common.class_fields import ClassField
from napari_drpnet.training.common.fields import augment
from napari_drpnet.training.common.recipe import SegmenterData

#: Relative variation of the particle diameter in views for training.
_SIZE_JITTER = 0.18
#: One of this many micrographs is held out for validation.
_HELD_OUT = 5
#: Greatest relative difference of the aspect ratios of a label image and its micrograph.
_ASPECT_TOLERANCE = 0.01


@dataclass(frozen=True)
class LabelImages:
    """Micrographs of a recipe with label images.

    Parameters
    ----------
    data : SegmenterData
        Folders, particle diameter and number of views.
    particle_px : float
        Particle diameter, network pixels.
    spectrum : tuple of float or None
        Background spectrum that the network expects; see `preprocess`.
    pairs : list of (path, path)
        Micrographs and their label images.
    """

    data: SegmenterData
    particle_px: float
    spectrum: tuple[float, ...] | None
    pairs: list[tuple[Path, Path]]

    @classmethod
    def find(
        cls, data: SegmenterData, particle_px: float, spectrum: tuple[float, ...] | None
    ) -> "LabelImages":
        """Find the files of a recipe; there are none if it names no folder of labels.

        Raises
        ------
        InputFileError
            If no micrograph has a label image.
        ValueError
            If only one of the two folders is given.
        """
        if data.labels is None and data.micrographs is None:
            return cls(data, particle_px, spectrum, [])
        if data.labels is None or data.micrographs is None:
            raise ValueError("give both a folder of label images and one of their micrographs")
        return cls(data, particle_px, spectrum, _find_pairs(data.labels, data.micrographs))

    @property
    def description(self) -> str:
        """Description of the micrographs for a card."""
        return f"{counted(len(self.pairs), 'real micrograph')} with label images"

    def fields(self, seed: int, hold_out: bool) -> tuple[list[ClassField], list[ClassField]]:
        """Make the fields for training and for validation.

        Parameters
        ----------
        seed : int
            Seed of the random numbers.
        hold_out : bool
            Whether every fifth micrograph is for validation, and not for training. If there are
            fewer than five, the micrographs for training also serve for validation.

        Raises
        ------
        InputFileError
            If a micrograph or a label image cannot be read, or their aspect ratios differ.
        """
        rng = np.random.default_rng([seed, len(self.pairs), 2])
        fields: list[ClassField] = []
        validation: list[ClassField] = []
        for number, (micrograph, label) in enumerate(self.pairs):
            pixels, classes = _read_pair(micrograph, label)
            held_out = hold_out and number % _HELD_OUT == _HELD_OUT - 1
            if held_out or (hold_out and len(self.pairs) < _HELD_OUT):
                validation.append(self._view(pixels, classes, self.data.diameter_px))
            if not held_out:
                fields += self._views(pixels, classes, rng)
        return fields, validation

    def _views(
        self, pixels: NDArray[np.generic], classes: NDArray[np.uint8], rng: np.random.Generator
    ) -> list[ClassField]:
        """Return augmented views of one micrograph."""
        views = []
        for _ in range(self.data.label_views):
            jitter = float(np.exp(rng.uniform(-_SIZE_JITTER, _SIZE_JITTER)))
            image = augment(pixels.astype(np.float32), rng)
            views.append(self._view(image, classes, self.data.diameter_px * jitter))
        return views

    def _view(
        self, pixels: NDArray[np.generic], classes: NDArray[np.uint8], diameter_px: float
    ) -> ClassField:
        view = preprocess(
            pixels, diameter_px, self.particle_px, "dark", spectrum=self.spectrum, grey=True
        )
        return ClassField.of(view, classes)


def _find_pairs(labels: Path, micrographs: Path) -> list[tuple[Path, Path]]:
    """Find the micrographs that have a label image of their name; others are left out."""
    pairs = []
    for micrograph in find_micrographs(micrographs):
        inside = micrographs.is_dir()
        name = str(micrograph.relative_to(micrographs)) if inside else micrograph.name
        try:
            pairs.append((micrograph, find_mask(labels, name, CLASS_MAP_ENDINGS)))
        except InputFileError:
            continue
    if not pairs:
        raise InputFileError(
            labels,
            f"has no label image of a micrograph in {micrographs}",
            "Give label images the names of their micrographs",
        )
    return pairs


def _read_pair(micrograph: Path, label: Path) -> tuple[NDArray[np.generic], NDArray[np.uint8]]:
    """Read a micrograph and its label image, which must have the same aspect ratio."""
    pixels, classes = read_micrograph(micrograph).pixels, read_class_map(label)
    if abs(np.log(_aspect(pixels.shape) / _aspect(classes.shape))) > _ASPECT_TOLERANCE:
        raise InputFileError(
            label,
            f"its shape {classes.shape} has another aspect ratio than the micrograph "
            f"{pixels.shape}",
            "Give the label image of the whole micrograph",
        )
    return pixels, classes


def _aspect(shape: Sequence[int]) -> float:
    return shape[0] / shape[1]
