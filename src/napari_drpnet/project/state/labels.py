"""Labels of positions in a micrograph, given by the user or by a model."""

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from napari_drpnet.base.frozen import Stored
from napari_drpnet.base.geometry import far_from

Source = Literal["person", "classes", "model"]
SOURCES: tuple[Source, ...] = ("person", "classes", "model")
"""Sources of labels, the strongest first: single points, whole 2D classes, a model."""


class Label(Stored):
    """Label of one position, which says whether there is a particle.

    Parameters
    ----------
    id : int
        Id, stable within the micrograph and never reused.
    center_yx : tuple of float
        Position of the particle, ``(y, x)`` in unbinned pixels.
    anchor_yx : tuple of float
        Position of the labelled candidate, ``(y, x)`` in unbinned pixels. It equals the centre
        unless the point was moved.
    accepted : bool
        Whether there is a particle.
    source : {'person', 'classes', 'model'}
        Source of the label: the user, for this point or for a whole 2D class; or a model.
    """

    id: int = Field(ge=0)
    center_yx: tuple[float, float]
    anchor_yx: tuple[float, float]
    accepted: bool
    source: Source = "person"


Labels = tuple[Label, ...]


def labels_at(centers_yx: ArrayLike, accepted: ArrayLike, source: Source) -> Labels:
    """Return labels of positions, with ids from 0.

    Parameters
    ----------
    centers_yx : (n, 2) array_like
        Positions ``(y, x)`` in unbinned pixels.
    accepted : bool or (n,) bool array_like
        Whether there are particles.
    source : {'person', 'classes', 'model'}
        Source of the labels.
    """
    centers = np.asarray(centers_yx, float).reshape(-1, 2).tolist()
    verdicts = np.broadcast_to(accepted, len(centers)).tolist()
    return tuple(
        Label(id=k, center_yx=(y, x), anchor_yx=(y, x), accepted=verdict, source=source)
        for k, ((y, x), verdict) in enumerate(zip(centers, verdicts, strict=True))
    )


def given_by(source: Source, labels: Iterable[Label]) -> Labels:
    """Return the labels from one source."""
    return tuple(label for label in labels if label.source == source)


def decided(labels: Iterable[Label]) -> Labels:
    """Return the labels that the user decided, for single points or for whole 2D classes."""
    return tuple(label for label in labels if label.source != "model")


def weaker(labels: Iterable[Label], source: Source) -> Labels:
    """Return the labels from sources that are weaker than the given one."""
    less = SOURCES[SOURCES.index(source) + 1 :]
    return tuple(label for label in labels if label.source in less)


def labels_near(
    labels: Iterable[Label], centers_yx: ArrayLike, reach_px: float
) -> tuple[Label, ...]:
    """Return the labels whose anchors are close to any of the given positions.

    Parameters
    ----------
    labels : iterable of Label
        Labels of one micrograph.
    centers_yx : (k, 2) array_like
        Positions ``(y, x)`` in unbinned pixels.
    reach_px : float
        Largest distance between an anchor and a position, in unbinned pixels.
    """
    given = tuple(labels)
    far = far_from([label.anchor_yx for label in given], centers_yx, reach_px)
    return tuple(label for label, is_far in zip(given, far, strict=True) if not is_far)


def merge_labels(here: Labels, given: Labels, reach_px: float) -> tuple[Labels, Labels]:
    """Merge new labels of a micrograph with its existing labels.

    Parameters
    ----------
    here : tuple of Label
        Existing labels.
    given : tuple of Label
        New labels.
    reach_px : float
        Largest distance at which two anchors count as the same position, in unbinned pixels.

    Returns
    -------
    removed, added : tuple of Label
        Existing labels to remove and new labels to add. Labels replace those from a weaker source
        (see `SOURCES`); otherwise a new label of a position that has a label already is left out.
    """
    removed: Labels = ()
    added: Labels = ()
    for source in SOURCES:
        less = weaker(here, source)
        as_strong = tuple(label for label in here if label not in less)
        new = _without(given_by(source, given), as_strong + added, reach_px)
        near = labels_near(less, _anchors(new), reach_px)
        removed += tuple(label for label in near if label not in removed)
        added += new
    return removed, added


def contradictions(here: Labels, given: Labels, reach_px: float) -> int:
    """Count the new labels of the user that contradict existing labels of the user."""
    return len(contrary(given_by("person", given), given_by("person", here), reach_px))


def contrary(labels: Labels, others: Labels, reach_px: float) -> Labels:
    """Return the labels that have one of the others, with the other verdict, within `reach_px`."""
    found: Labels = ()
    for accepted in (True, False):
        there = tuple(label for label in others if label.accepted == accepted)
        here = (label for label in labels if label.accepted != accepted)
        found += labels_near(here, _anchors(there), reach_px)
    return found


def _without(labels: Labels, others: Labels, reach_px: float) -> Labels:
    known = {label.id for label in labels_near(labels, _anchors(others), reach_px)}
    return tuple(label for label in labels if label.id not in known)


def _anchors(labels: Labels) -> list[tuple[float, float]]:
    return [label.anchor_yx for label in labels]
