"""Cuts, counts and advice in words, the same on the terminal, in reports and in captions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from napari_drpnet.picking.advice import Advice, Topic
from napari_drpnet.picking.resolve import ResolvedPeakParameters


class Advised(Protocol):
    """A micrograph that there may be advice about."""

    @property
    def name(self) -> str:
        """Return its name, as the index has it."""

    @property
    def advice(self) -> tuple[Advice, ...]:
        """Return what is odd about it."""


class Judged(Protocol):
    """A micrograph whose picks the classifier may have judged."""

    @property
    def accept(self) -> float | None:
        """Return the least P(particle) of its accepted picks."""

    @property
    def automatic(self) -> bool:
        """Return whether that was found for this micrograph."""


@dataclass(frozen=True)
class AdviceCount:
    """Advice about one topic.

    Parameters
    ----------
    topic : str
        See `Advice`.
    micrographs : int
        How many there is such advice about.
    first : str
        The name of the first of them.
    text : str
        The advice about that one. Of others the numbers differ.
    """

    topic: Topic
    micrographs: int
    first: str
    text: str

    def __str__(self) -> str:
        if self.micrographs == 1:
            return f"{self.first}: {self.text}"
        return f"{count(self.micrographs)}, first {self.first}: {self.text}"


def count(micrographs: int) -> str:
    """Return the number with its noun."""
    return f"{micrographs} micrograph{'s' * (micrographs != 1)}"


def count_advice(micrographs: Iterable[Advised]) -> list[AdviceCount]:
    """Count the micrographs that there is advice about, by topic.

    Parameters
    ----------
    micrographs : iterable of Advised
        In any order.

    Returns
    -------
    list of AdviceCount
        The most frequent topic first.
    """
    by_topic: dict[Topic, list[tuple[str, str]]] = {}
    for micrograph in micrographs:
        for advice in micrograph.advice:
            by_topic.setdefault(advice.topic, []).append((micrograph.name, advice.text))
    counts = [AdviceCount(topic, len(told), *told[0]) for topic, told in by_topic.items()]
    return sorted(counts, key=lambda counted: -counted.micrographs)


def describe_threshold(peaks: ResolvedPeakParameters) -> str:
    """Return the cut of the detector, such as ``height ≥ 0.08``."""
    return f"{peaks.score} ≥ {peaks.least_score:.4g}"


def describe_accept(accept: float | None, automatic: bool) -> str:
    """Return the least P(particle) of one micrograph, such as ``0.31, automatic``.

    Parameters
    ----------
    accept : float or None
        None where there was no such cut.
    automatic : bool
        Whether it was found for this micrograph.
    """
    if automatic:
        return "nothing, automatic" if accept is None else f"{accept:.2f}, automatic"
    return "–" if accept is None else f"{accept:.4g}, fixed"


def describe_accepts(micrographs: Sequence[Judged], accept: float | None) -> str:
    """Return the cut of many micrographs, such as ``P(particle) ≥ 0.25 to 0.41, automatic``.

    Parameters
    ----------
    micrographs : sequence of Judged
        That were picked.
    accept : float or None
        Of the resolved parameters; None: automatic.
    """
    if accept is not None:
        return f"P(particle) ≥ {describe_accept(accept, automatic=False)}"
    cuts = [each.accept for each in micrographs if each.automatic and each.accept is not None]
    if not cuts:
        return "nothing accepted, automatic"
    ends = dict.fromkeys(f"{cut:.2f}" for cut in (min(cuts), max(cuts)))
    return f"P(particle) ≥ {' to '.join(ends)}, automatic"
