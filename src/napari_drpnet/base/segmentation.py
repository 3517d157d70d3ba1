"""Classes of pixels, and the segmentation of one micrograph into them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import Frame

#: Names of the classes. The number of a class in a class map is its index here plus 1. Ice is all
#: dirt that is no film: crystals, drops, aggregates. Carbon is any support film, gold included.
CLASSES: Final = ("background", "particle", "ice", "carbon")
#: Numbers of the classes in a class map; 0 is a pixel whose class is unknown.
UNKNOWN, BACKGROUND, PARTICLE, ICE, CARBON = range(5)


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Probabilities of the classes of each pixel of a micrograph, at the scale of a network.

    Parameters
    ----------
    probability : (4, h, w) float32 array
        Probability of each class in the order of `CLASSES`; their sum is 1.
    frame : Frame
        Relation of the pixels to those of the micrograph.
    diameter_px : float
        Particle diameter in network pixels.
    sha256 : str
        Hash of the weights of the segmenter.
    valid : (h, w) bool array, optional
        Mask of the pixels that show an image; None if all do. The class of others is unknown.
    """

    probability: NDArray[np.float32]
    frame: Frame
    diameter_px: float
    sha256: str
    valid: NDArray[np.bool_] | None = None

    @property
    def nbytes(self) -> int:
        """Memory of the arrays, bytes; that of the class map is counted before it is made."""
        valid = 0 if self.valid is None else self.valid.nbytes
        return self.probability.nbytes + int(self.probability[0].size) + valid

    @property
    def particle(self) -> NDArray[np.float32]:
        """P(particle) of each pixel ``(h, w)``."""
        return np.asarray(self.probability[PARTICLE - 1])

    @property
    def dirt(self) -> NDArray[np.float32]:
        """P(ice) + P(carbon) of each pixel ``(h, w)``; 0 where the class is unknown."""
        dirt = self.probability[ICE - 1] + self.probability[CARBON - 1]
        return np.asarray(dirt if self.valid is None else np.where(self.valid, dirt, 0))

    @cached_property
    def class_map(self) -> NDArray[np.uint8]:
        """Number of the most probable class of each pixel ``(h, w)``; 0 where it is unknown."""
        classes = np.asarray(self.probability.argmax(axis=0) + 1, np.uint8)
        if self.valid is not None:
            classes = np.where(self.valid, classes, np.uint8(UNKNOWN))
        classes.flags.writeable = False  # it is shared
        return classes

    @cached_property
    def shares(self) -> dict[str, float]:
        """Share of each class in the known area, by the name of the class."""
        counts = np.bincount(self.class_map.ravel(), minlength=len(CLASSES) + 1)[1:]
        known = max(1, int(counts.sum()))
        return {name: count / known for name, count in zip(CLASSES, counts.tolist(), strict=True)}
