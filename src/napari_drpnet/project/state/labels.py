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


Labels = tuple[Label, ...]


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


def merge_labels(here: Labels, given: Labels, reach_px: float) -> tuple[Labels, Labels]:
    """Bring new labels of a micrograph together with those that are there.

    Parameters
    ----------
    here : tuple of Label
        There already. What a person has said stays.
    given : tuple of Label
        New ones.
    reach_px : float
        How far from its anchor a label holds, unbinned pixels.

    Returns
    -------
    removed, added : tuple of Label
        Labels of a model give way to those of a person; what is about a place that has a label
        is left out otherwise.
    """
    own, automatic = _split(here)
    new, found = _split(given)
    new = _without(new, own, reach_px)
    removed = labels_near(automatic, _anchors(new), reach_px)
    return removed, new + _without(found, own + new + automatic, reach_px)


def contradictions(here: Labels, given: Labels, reach_px: float) -> int:
    """Count the labels of a person among new ones that say the contrary of those there."""
    (own, _), (new, _) = _split(here), _split(given)
    return sum(
        len(
            labels_near(
                (label for label in new if label.accepted != verdict),
                _anchors(tuple(label for label in own if label.accepted == verdict)),
                reach_px,
            )
        )
        for verdict in (True, False)
    )


def _split(labels: Labels) -> tuple[Labels, Labels]:
    """Return what a person has said, and what a model has."""
    return given_by("person", labels), given_by("model", labels)


def _without(labels: Labels, others: Labels, reach_px: float) -> Labels:
    known = {label.id for label in labels_near(labels, _anchors(others), reach_px)}
    return tuple(label for label in labels if label.id not in known)


def _anchors(labels: Labels) -> list[tuple[float, float]]:
    return [label.anchor_yx for label in labels]
