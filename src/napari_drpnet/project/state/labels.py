"""What a person, or a model on a person's behalf, has said about a place in a micrograph."""

from collections.abc import Iterable
from typing import Literal

from numpy.typing import ArrayLike
from pydantic import Field

from napari_drpnet.base.frozen import Stored
from napari_drpnet.base.geometry import far_from

Source = Literal["person", "model"]


class Label(Stored):
    """A verdict on a place.

    Parameters
    ----------
    id : int
        Stable within the micrograph, and never given twice.
    center_yx : tuple of float
        Where the particle is, ``(y, x)`` in unbinned pixels.
    anchor_yx : tuple of float
        Where it was when the label was given: the candidate that the label holds to. The same as
        the centre unless the point was moved.
    accepted : bool
        Whether it is a particle.
    source : {'person', 'model'}
        Who said so.
    """

    id: int = Field(ge=0)
    center_yx: tuple[float, float]
    anchor_yx: tuple[float, float]
    accepted: bool
    source: Source = "person"


def given_by(source: Source, labels: Iterable[Label]) -> tuple[Label, ...]:
    """Return the labels that a person has given, or a model."""
    return tuple(label for label in labels if label.source == source)


def labels_near(
    labels: Iterable[Label], centers_yx: ArrayLike, reach_px: float
) -> tuple[Label, ...]:
    """Return the labels about these places.

    Parameters
    ----------
    labels : iterable of Label
        Of one micrograph.
    centers_yx : (k, 2) array_like
        Places ``(y, x)`` in unbinned pixels.
    reach_px : float
        What lies no farther from the anchor of a label is what it is about, unbinned pixels.
    """
    given = tuple(labels)
    far = far_from([label.anchor_yx for label in given], centers_yx, reach_px)
    return tuple(label for label, is_far in zip(given, far, strict=True) if not is_far)
