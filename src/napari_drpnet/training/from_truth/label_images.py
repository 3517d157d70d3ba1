"""Training fields of a segmenter from real micrographs, the classes of whose pixels are given."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.wording import counted
from napari_drpnet.formats.masks.class_maps import read_class_map
from napari_drpnet.formats.masks.finding import CLASS_MAP_ENDINGS, find_mask
from napari_drpnet.formats.masks.pixels import require_aspect
from napari_drpnet.images.micrograph import find_micrographs, read_micrograph
from napari_drpnet.images.preprocess import Polarity, preprocess
from napari_drpnet.training.common.class_fields import ClassField
from napari_drpnet.training.common.fields import augment
from napari_drpnet.training.common.recipe import SegmenterData

#: Relative variation of the particle diameter in views for training.
_SIZE_JITTER = 0.18
#: One of this many micrographs is held out for validation.
_HELD_OUT = 5


@dataclass(frozen=True, eq=False)
class LabelledMicrograph:
    """Real micrograph with the classes of some or all of its pixels.

    Parameters
    ----------
    pixels : (ny, nx) array
        Micrograph, unbinned.
    classes : (h, w) uint8 array
        Class map, edge to edge with the micrograph but of any size; `UNKNOWN` where the class is
        not given.
    diameter_px : float
        Particle diameter, unbinned pixels.
    polarity : {'dark', 'bright'}
        Whether particles are dark or bright.
    """

    pixels: NDArray[np.generic]
    classes: NDArray[np.uint8]
    diameter_px: float
    polarity: Polarity = "dark"


@dataclass(frozen=True)
class LabelledSet:
    """Real micrographs of one kind, with classes of pixels.

    Parameters
    ----------
    description : str
        Description of the micrographs for a card.
    readers : sequence of callable
        Functions that read one micrograph each. They raise `InputFileError` if it cannot be used.
    """

    description: str
    readers: Sequence[Callable[[], LabelledMicrograph]]

    @property
    def held_out(self) -> list[int]:
        """Numbers of the micrographs that are held out: every fifth."""
        return list(range(_HELD_OUT - 1, len(self.readers), _HELD_OUT))


@dataclass(frozen=True)
class LabelledViews:
    """Maker of the views of real micrographs for a network.

    Parameters
    ----------
    count : int
        Number of augmented views of each micrograph for training.
    particle_px : float
        Particle diameter, network pixels.
    spectrum : sequence of float or None
        Background spectrum that the network expects; see `preprocess`.
    seed : int
        Seed of the random numbers.
    """

    count: int
    particle_px: float
    spectrum: Sequence[float] | None
    seed: int

    def make(
        self, labelled: LabelledSet, learned: Collection[int], validated: Collection[int]
    ) -> tuple[list[ClassField], list[ClassField]]:
        """Make the views of micrographs, which are read one by one.

        Parameters
        ----------
        labelled : LabelledSet
            Micrographs.
        learned, validated : collection of int
            Numbers of the micrographs for training and for validation, which may be the same.

        Returns
        -------
        fields, validation : list of ClassField
            Augmented views for training, and one plain view of each micrograph for validation.

        Raises
        ------
        InputFileError
            If a micrograph or its classes cannot be read.
        """
        rng = np.random.default_rng([self.seed, len(labelled.readers), 2])
        fields: list[ClassField] = []
        validation: list[ClassField] = []
        for number, read in enumerate(labelled.readers):
            micrograph = read()
            if number in validated:
                validation.append(self._view(micrograph, micrograph.pixels, 1.0))
            if number in learned:
                fields += (self._augmented(micrograph, rng) for _ in range(self.count))
        return fields, validation

    def _augmented(self, micrograph: LabelledMicrograph, rng: np.random.Generator) -> ClassField:
        jitter = float(np.exp(rng.uniform(-_SIZE_JITTER, _SIZE_JITTER)))
        return self._view(micrograph, augment(micrograph.pixels.astype(np.float32), rng), jitter)

    def _view(
        self, micrograph: LabelledMicrograph, pixels: NDArray[np.generic], size: float
    ) -> ClassField:
        view = preprocess(
            pixels,
            micrograph.diameter_px * size,
            self.particle_px,
            micrograph.polarity,
            spectrum=self.spectrum,
            grey=True,
        )
        return ClassField.of(view, micrograph.classes)


def find_label_images(data: SegmenterData) -> LabelledSet | None:
    """Find the micrographs with label images of a recipe; None if it names no folder of labels.

    Raises
    ------
    InputFileError
        If no micrograph has a label image.
    ValueError
        If only one of the two folders is given.
    """
    if data.labels is None and (data.micrographs is None or data.project is not None):
        return None
    if data.labels is None or data.micrographs is None:
        raise ValueError("give both a folder of label images and one of their micrographs")
    pairs = _find_pairs(data.labels, data.micrographs)
    return LabelledSet(
        f"{counted(len(pairs), 'real micrograph')} with label images",
        [partial(_read_pair, *pair, data.diameter_px) for pair in pairs],
    )


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


def _read_pair(micrograph: Path, label: Path, diameter_px: float) -> LabelledMicrograph:
    """Read a micrograph and its label image, which must have the same aspect ratio."""
    pixels, classes = read_micrograph(micrograph).pixels, read_class_map(label)
    require_aspect(label, classes.shape, pixels.shape)
    return LabelledMicrograph(pixels, classes, diameter_px)
