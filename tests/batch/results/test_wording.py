from types import SimpleNamespace

import pytest

from napari_drpnet.batch.results.wording import (
    count_advice,
    describe_accept,
    describe_accepts,
    describe_threshold,
)
from napari_drpnet.picking.advice import Advice
from resolving import resolved


def named(name, *topics):
    return SimpleNamespace(name=name, advice=tuple(Advice(t, f"{t} of {name}.") for t in topics))


def cut(accept, automatic=True):
    return SimpleNamespace(accept=accept, automatic=automatic)


def test_advice_is_counted_by_topic():
    topics = {"a": ["scale"], "b": [], "c": ["polarity", "scale"], "d": ["polarity"]}
    topics["e"] = ["polarity"]
    counts = count_advice(named(name, *topics[name]) for name in topics)
    assert [str(counted) for counted in counts] == [
        "3 micrographs, first c: polarity of c.",
        "2 micrographs, first a: scale of a.",
    ]
    assert [str(counted) for counted in count_advice([named("a", "picks")])] == ["a: picks of a."]
    assert count_advice([]) == []


@pytest.mark.parametrize(
    ("accept", "automatic", "words"),
    [
        (0.3123, True, "0.31, automatic"),
        (0.35, False, "0.35, fixed"),
        (None, True, "nothing, automatic"),
        (None, False, "–"),
    ],
)
def test_the_cut_of_one_micrograph(accept, automatic, words):
    assert describe_accept(accept, automatic) == words


@pytest.mark.parametrize(
    ("cuts", "accept", "words"),
    [
        ([cut(0.35, False)], 0.35, "P(particle) ≥ 0.35, fixed"),
        ([], 0.0, "P(particle) ≥ 0, fixed"),
        ([cut(0.41), cut(None), cut(0.25)], None, "P(particle) ≥ 0.25 to 0.41, automatic"),
        ([cut(0.25), cut(0.2501)], None, "P(particle) ≥ 0.25, automatic"),
        ([cut(None)], None, "nothing accepted, automatic"),
        ([], None, "nothing accepted, automatic"),
        ([cut(None, False)], None, "nothing accepted, automatic"),
    ],
)
def test_the_cuts_of_many(cuts, accept, words):
    assert describe_accepts(cuts, accept) == words


def test_the_level_is_in_the_threshold():
    peaks = resolved(peaks={"threshold": 0.15, "level": 2, "score": "height"}).peaks
    assert describe_threshold(peaks) == "height ≥ 0.3"
