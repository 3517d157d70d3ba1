from napari_drpnet.evaluation.precision_recall import Tally
from napari_drpnet.project.stages.totals import ComparisonTotals


def totals(keys, outdated=0, without_truth=0, excluded=0):
    return ComparisonTotals(Tally(1, 2, 3), keys, outdated, without_truth, excluded)


def test_what_is_left_out_is_said():
    some = totals({"a": "x", "b": None, "c": "y"}, 1, 1200, 4)
    assert (some.compared, some.not_picked) == (2, 1)
    assert some.scope == (
        "2 micrographs compared, 1 of them picked with other settings. "
        "Left out: 1,200 without truth, 1 not picked, 4 excluded."
    )


def test_nothing_is_left_out():
    assert totals({"a": "x"}).scope == "1 micrograph compared: all of the project."
