"""Numbers of labels by source."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from napari_drpnet.base.wording import counted
from napari_drpnet.project.points.review import Review
from napari_drpnet.project.state.labels import Label, decided, given_by


@dataclass(frozen=True)
class LabelCounts:
    """Numbers of points that the user has labelled.

    Parameters
    ----------
    accepted, rejected : int
        Number of labelled candidates on the micrograph that is shown.
    added : int
        Number of particles on it that were added by hand.
    in_project, micrographs : int
        Number of labels in the project, and of micrographs with labels.
    """

    accepted: int
    rejected: int
    added: int
    in_project: int
    micrographs: int

    @property
    def text(self) -> str:
        """Text with the counts, on two lines."""
        return (
            f"On this micrograph: {self.accepted:,} accepted, {self.rejected:,} rejected by hand,"
            f" {self.added:,} added\n"
            f"In the project: {self.in_project:,} on {counted(self.micrographs, 'micrograph')}"
        )


@dataclass(frozen=True)
class LabelTotals:
    """Numbers of labels from one source on several micrographs.

    Parameters
    ----------
    accepted, rejected : int
        Number of labels that accept or reject a point.
    micrographs : int
        Number of micrographs with labels.
    """

    accepted: int
    rejected: int
    micrographs: int

    @property
    def text(self) -> str:
        """Text with the totals."""
        if not self.micrographs:
            return "none yet"
        micrographs = counted(self.micrographs, "micrograph")
        return f"{self.accepted:,} accepted, {self.rejected:,} rejected on {micrographs}"


@dataclass(frozen=True)
class MicrographTotals:
    """Numbers of labels on one micrograph, by source.

    Parameters
    ----------
    name : str
        Name of the file.
    person, model : LabelTotals
        Labels of the user and of a model.
    """

    name: str
    person: LabelTotals
    model: LabelTotals


def total_labels(labels: Iterable[tuple[Label, ...]], *, automatic: bool = False) -> LabelTotals:
    """Add up the labels of the user, or the automatic ones, over micrographs."""
    chosen = (given_by("model", given) if automatic else decided(given) for given in labels)
    accepts = [[label.accepted for label in given] for given in chosen]
    accepted = sum(map(sum, accepts))
    count = sum(map(len, accepts))
    return LabelTotals(accepted, count - accepted, sum(map(bool, accepts)))


def count_labels(review: Review | None, project: Iterable[tuple[Label, ...]]) -> LabelCounts:
    """Count the labels of the user; those of a model are ignored.

    Parameters
    ----------
    review : Review or None
        Points of the micrograph that is shown; None if there are no candidates.
    project : iterable of tuple of Label
        Labels of each micrograph.
    """
    given = [len(decided(labels)) for labels in project]
    accepted = rejected = added = 0
    if review is not None:
        rows = np.flatnonzero(review.labelled)
        accepts = np.array([label.accepted for label in review.labels], bool)
        good, new = accepts[review.label_rows[rows]], review.added[rows]
        accepted, rejected, added = (int(n.sum()) for n in (good & ~new, ~good, good & new))
    return LabelCounts(accepted, rejected, added, sum(given), sum(count > 0 for count in given))
