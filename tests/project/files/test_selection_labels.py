"""Labels by 2D classes: what was selected, and what was extracted and not selected."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.project.files.selection_labels import KnownMicrographs, label_by_selection
from napari_drpnet.project.files.selections import Selection

REACH = 5.0
PREFIXES = ("", "MotionCorr/job002/Movies/", "J3/motioncorrected/001234567890123456789_")


def known(*names, picked=None):
    ids = {f"m{number:05d}": name for number, name in enumerate(names, 1)}
    return KnownMicrographs(ids, lambda each: REACH, picked)


def selection(selected, extracted=None, *others):
    readings = tuple(map(as_places, (selected, *others)))
    return Selection(Path("particles.star"), readings, extracted and as_places(extracted), ())


def as_places(places):
    return {name: np.array(its, float).reshape(-1, 2) for name, its in places.items()}


def verdicts(labels):
    return {
        micrograph: {label.center_yx: label.accepted for label in given}
        for micrograph, given, _ in labels.proposals
    }


def test_the_selected_are_accepted_and_the_others_rejected():
    extracted = {"a.mrc": [[10, 10], [90, 90]], "b.mrc": [[50, 50]]}
    labels = label_by_selection(
        selection({"a.mrc": [[10, 11]]}, extracted), known("x/a.mrc", "x/b.mrc", "x/c.mrc")
    )
    assert verdicts(labels) == {
        "m00001": {(10, 11): True, (90, 90): False},
        "m00002": {(50, 50): False},
    }
    assert labels.counts == {"x/a.mrc": (1, 1), "x/b.mrc": (0, 1)}
    assert {label.source for _, its, _ in labels.proposals for label in its} == {"classes"}
    assert (labels.accepted, labels.rejected) == (1, 2)


def test_without_a_file_of_the_extracted_picks_are_rejected_where_something_was_selected():
    picks = {"m00001": [[10, 10], [40, 40]], "m00002": [[1, 1]]}
    micrographs = known("a.mrc", "b.mrc", picked=lambda each: np.array(picks[each], float))
    labels = label_by_selection(selection({"a": [[12, 10]]}), micrographs)
    assert verdicts(labels) == {"m00001": {(12, 10): True, (40, 40): False}}


def test_without_either_the_error_says_what_to_name():
    with pytest.raises(InputFileError, match="does not say what these particles were selected"):
        label_by_selection(selection({"a": [[12, 10]]}), known("a.mrc"))


def test_particles_of_other_picks_are_refused():
    extracted = {"a": [[200, 200], [300, 300]]}
    with pytest.raises(InputFileError, match="only 0% of its particles are among"):
        label_by_selection(selection({"a": [[10, 10]]}, extracted), known("a.mrc"))


def test_of_two_readings_that_beside_the_extracted_is_taken():
    micrographs, extracted = known("a.mrc"), {"a": [[10, 10], [20, 80]]}
    for readings in ([[90, 10]], [[10, 10]]), ([[10, 10]], [[90, 10]]):
        first, second = ({"a": places} for places in readings)
        labels = label_by_selection(selection(first, extracted, second), micrographs)
        assert verdicts(labels) == {"m00001": {(10, 10): True, (20, 80): False}}


def test_what_cannot_be_matched_is_counted_and_named():
    places = {"g1/a": [[1, 1], [9, 9]], "b": [[2, 2]], "c": [[3, 3]], "h/a": [[4, 4]]}
    labels = label_by_selection(
        selection(places, places), known("x/g1/a.mrc", "x/g2/a.mrc", "b.mrc")
    )
    assert labels.counts == {"x/g1/a.mrc": (2, 0), "b.mrc": (1, 0)}
    assert (labels.unknown, labels.ambiguous) == ({"c": 1}, {"h/a": 1})
    assert labels.left_out == [
        "1 selected particle left out, on micrographs that are not here: c.",
        "1 selected particle left out, on micrographs that are of several with such a name: h/a.",
    ]


def test_nothing_that_is_known_is_an_error():
    with pytest.raises(InputFileError, match="none of its micrographs is here, such as q"):
        label_by_selection(selection({"q": [[1, 1]]}, {"q": [[1, 1]]}), known("a.mrc"))


GRID = [(float(y), float(x)) for y in range(0, 60, 20) for x in range(0, 60, 20)]


@given(
    chosen=st.lists(st.sets(st.sampled_from(GRID), min_size=1), min_size=1, max_size=4),
    prefixes=st.tuples(st.sampled_from(PREFIXES), st.sampled_from(PREFIXES)),
)
def test_each_particle_gets_one_label_whatever_prefixes_the_names_have(chosen, prefixes):
    selected, extracted = (
        {f"{prefix}mic{number}.mrc": places for number, places in enumerate(each)}
        for prefix, each in zip(prefixes, (map(sorted, chosen), [GRID] * len(chosen)), strict=True)
    )
    micrographs = known(*(f"/data/mic{number}.mrc" for number in range(len(chosen))))
    labels = label_by_selection(selection(selected, extracted), micrographs)
    assert list(verdicts(labels).values()) == [
        {place: place in good for place in GRID} for good in chosen
    ]
    assert not labels.unknown
    assert not labels.ambiguous
