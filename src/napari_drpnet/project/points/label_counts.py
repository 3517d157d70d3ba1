"""How much is labelled, and by whom, in numbers."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from napari_drpnet.project.points.review import Review
from napari_drpnet.project.state.labels import Label, Source, given_by


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


@dataclass(frozen=True)
class LabelTotals:
    """What a person, or a model, has said on some micrographs.

    Parameters
    ----------
    accepted, rejected : int
        Labels.
    micrographs : int
        That have any.
    """

    accepted: int
    rejected: int
    micrographs: int

    @property
    def text(self) -> str:
        """The totals in words."""
        if not self.micrographs:
            return "none yet"
        what = "micrograph" if self.micrographs == 1 else "micrographs"
        return f"{self.accepted} accepted, {self.rejected} rejected on {self.micrographs} {what}"


@dataclass(frozen=True)
class MicrographTotals:
    """What was said of one micrograph, by a person and by a model.

    Parameters
    ----------
    name : str
        Of its file.
    person, model : LabelTotals
        Their labels.
    """

    name: str
    person: LabelTotals
    model: LabelTotals


def total_labels(labels: Iterable[tuple[Label, ...]], source: Source = "person") -> LabelTotals:
    """Add up the labels of micrographs that one of the sources has given."""
    verdicts = [[label.accepted for label in given_by(source, given)] for given in labels]
    accepted = sum(map(sum, verdicts))
    count = sum(map(len, verdicts))
    return LabelTotals(accepted, count - accepted, sum(map(bool, verdicts)))


def count_labels(review: Review | None, project: Iterable[tuple[Label, ...]]) -> LabelCounts:
    """Count what a person has decided; labels of a model are left out.

    Parameters
    ----------
    review : Review or None
        Of the micrograph that is shown; None where there are no candidates.
    project : iterable of tuple of Label
        The labels of each micrograph.
    """
    given = [len(given_by("person", labels)) for labels in project]
    accepted = rejected = added = 0
    if review is not None:
        rows = np.flatnonzero(review.labelled)
        verdicts = np.array([label.accepted for label in review.labels], bool)
        good, new = verdicts[review.label_rows[rows]], review.added[rows]
        accepted, rejected, added = (int(n.sum()) for n in (good & ~new, ~good, good & new))
    return LabelCounts(accepted, rejected, added, sum(given), sum(count > 0 for count in given))
