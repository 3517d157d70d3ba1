"""How much a person has corrected, in numbers."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from napari_drpnet.project.labels import Label
from napari_drpnet.project.review import Review


@dataclass(frozen=True)
class LabelCounts:
    """Points that a person has decided.

    Parameters
    ----------
    accepted, rejected : int
        Candidates on the micrograph that is shown.
    added : int
        Particles on it where the model has none.
    in_project, micrographs : int
        Labels in the project, and how many micrographs have any.
    """

    accepted: int
    rejected: int
    added: int
    in_project: int
    micrographs: int

    @property
    def text(self) -> str:
        """The counts in words, on two lines."""
        what = "micrograph" if self.micrographs == 1 else "micrographs"
        return (
            f"On this micrograph: {self.accepted} accepted, {self.rejected} rejected by hand,"
            f" {self.added} added\n"
            f"In the project: {self.in_project} on {self.micrographs} {what}"
        )


def count_labels(review: Review | None, project: Iterable[tuple[Label, ...]]) -> LabelCounts:
    """Count what a person has decided; labels of a model are left out.

    Parameters
    ----------
    review : Review or None
        Of the micrograph that is shown; None where there are no candidates.
    project : iterable of tuple of Label
        The labels of each micrograph.
    """
    given = [sum(label.source == "person" for label in labels) for labels in project]
    accepted = rejected = added = 0
    if review is not None:
        rows = np.flatnonzero(review.labelled)
        verdicts = np.array([label.accepted for label in review.labels], bool)
        good, new = verdicts[review.label_rows[rows]], review.added[rows]
        accepted, rejected, added = (int(n.sum()) for n in (good & ~new, ~good, good & new))
    return LabelCounts(accepted, rejected, added, sum(given), sum(count > 0 for count in given))
