"""Descriptions of cuts, counts and advice for the terminal, reports and captions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from napari_drpnet.base.wording import counted
from napari_drpnet.picking.advice import Advice, Topic
from napari_drpnet.picking.loading import Networks
from napari_drpnet.picking.networks.card import AnyNetwork
from napari_drpnet.picking.resolve import ResolvedPeakParameters


class Advised(Protocol):
    """A micrograph that may have advice."""

    @property
    def name(self) -> str:
        """Name of the micrograph, as in the index."""

    @property
    def advice(self) -> tuple[Advice, ...]:
        """Advice about anything unusual in the micrograph."""


class Classified(Protocol):
    """A micrograph whose picks may have been classified."""

    @property
    def accept(self) -> float | None:
        """Minimum P(particle) of an accepted pick; None if no such cut was made."""

    @property
    def automatic(self) -> bool:
        """Whether `accept` was determined automatically for this micrograph."""


@dataclass(frozen=True)
class AdviceCount:
    """Number of micrographs with advice about a topic.

    Parameters
    ----------
    topic : str
        Topic of the advice; see `Advice`.
    micrographs : int
        Number of micrographs with such advice.
    first : str
        Name of the first of these micrographs.
    text : str
        Advice about the first micrograph. For the others the numbers in it differ.
    """

    topic: Topic
    micrographs: int
    first: str
    text: str

    def __str__(self) -> str:
        if self.micrographs == 1:
            return f"{self.first}: {self.text}"
        return f"{counted(self.micrographs, 'micrograph')}, first {self.first}: {self.text}"


def count_advice(micrographs: Iterable[Advised]) -> list[AdviceCount]:
    """Count the micrographs with advice, by topic.

    Parameters
    ----------
    micrographs : iterable of Advised
        Micrographs in any order.

    Returns
    -------
    list of AdviceCount
        Counts of the topics, the most frequent one first.
    """
    by_topic: dict[Topic, list[tuple[str, str]]] = {}
    for micrograph in micrographs:
        for advice in micrograph.advice:
            by_topic.setdefault(advice.topic, []).append((micrograph.name, advice.text))
    counts = [AdviceCount(topic, len(given), *given[0]) for topic, given in by_topic.items()]
    return sorted(counts, key=lambda counted: -counted.micrographs)


def list_weights(networks: Networks) -> list[AnyNetwork]:
    """Return detector, classifier and segmenter, as far as there are any, each file once."""
    loaded = (networks.detector, networks.classifier, networks.segmenter)
    return list({network.sha256: network for network in loaded if network}.values())


def describe_shares(shares: Mapping[str, float]) -> str:
    """Return the shares of classes as text, such as ``particle 8.1%, ice 2.0%``."""
    return ", ".join(f"{name} {share:.1%}" for name, share in shares.items())


def describe_threshold(peaks: ResolvedPeakParameters) -> str:
    """Return the threshold of the detector as text, such as ``height ≥ 0.08``."""
    return f"{peaks.score} ≥ {peaks.least_score:.4g}"


def describe_accept(accept: float | None, automatic: bool) -> str:
    """Return the minimum P(particle) of one micrograph as text, such as ``0.31, automatic``.

    Parameters
    ----------
    accept : float or None
        Minimum P(particle) of an accepted pick; None if no such cut was made.
    automatic : bool
        Whether `accept` was determined automatically for this micrograph.
    """
    if automatic:
        return "nothing, automatic" if accept is None else f"{accept:.2f}, automatic"
    return "–" if accept is None else f"{accept:.4g}, fixed"


def describe_accepts(micrographs: Sequence[Classified], accept: float | None) -> str:
    """Return the cuts of micrographs as text, such as ``P(particle) ≥ 0.25 to 0.41, automatic``.

    Parameters
    ----------
    micrographs : sequence of Classified
        Micrographs that were picked.
    accept : float or None
        Minimum P(particle) in the resolved parameters; None if it is automatic.
    """
    if accept is not None:
        return f"P(particle) ≥ {describe_accept(accept, automatic=False)}"
    cuts = [each.accept for each in micrographs if each.automatic and each.accept is not None]
    if not cuts:
        return "nothing accepted, automatic"
    ends = dict.fromkeys(f"{cut:.2f}" for cut in (min(cuts), max(cuts)))
    return f"P(particle) ≥ {' to '.join(ends)}, automatic"
