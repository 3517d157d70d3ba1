"""The list of the gallery: filters, orders, and what stays where it is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.project.gallery.particles import EMPTY, Particles, arrange
from napari_drpnet.project.points.review import State
from napari_drpnet.project.state.edits import MicrographRecord

NAN = np.nan


def points(number=1, key="k", **columns):
    record = MicrographRecord(
        id=f"m{number:04d}",
        name=f"{number}.mrc",
        path=Path(f"/data/{number}.mrc"),
        output=str(number),
        pixel_size_angstrom=1.0,
        defocus_angstrom=None,
    )
    states = np.array(columns.pop("states"), np.int8)
    count = len(states)
    columns = {
        "centers_yx": [[10.0 * k, 100.0 - k] for k in range(count)],
        "probability": np.linspace(0.9, 0.1, count),
        "score": np.linspace(0.1, 0.9, count),
        "added": np.zeros(count, bool),
        "on_dirt": np.zeros(count, bool),
    } | columns
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    return Particles(record, (), "plan", key, None, states=states, **arrays)


A, R = State.ACCEPTED, State.REJECTED
AH, RH = State.ACCEPTED_BY_HAND, State.REJECTED_BY_HAND


@pytest.mark.parametrize(
    ("shown", "rows"),
    [("all", [0, 1, 2, 3]), ("accepted", [0, 3]), ("rejected", [1, 2]), ("by hand", [2, 3]),
     ("on dirt", [1])],
)  # fmt: skip
def test_filters(shown, rows):
    part = points(states=[A, R, RH, AH], on_dirt=[False, True, False, False])
    assert arrange([part], "best", shown).row.tolist() == rows


@pytest.mark.parametrize(
    ("order", "rows"),
    [("best", [2, 0, 1, 3]), ("worst", [1, 0, 2, 3]), ("highest", [1, 0, 2, 3]),
     ("lowest", [2, 0, 1, 3]), ("place", [3, 0, 1, 2])],
)  # fmt: skip
def test_orders_with_added_points_last(order, rows):
    part = points(
        states=[A, A, A, AH],
        probability=[0.5, 0.2, 0.8, NAN],
        score=[2.0, 3.0, 1.0, NAN],
        centers_yx=[[5.0, 1.0], [5.0, 2.0], [7.0, 0.0], [1.0, 9.0]],
    )
    assert arrange([part], order, "all").row.tolist() == rows


def test_equal_probabilities_and_those_that_are_not_known_are_sorted_by_score():
    same = points(states=[A, A, A], probability=[1.0, 1.0, 0.5], score=[1.0, 2.0, 3.0])
    assert arrange([same], "best", "all").row.tolist() == [1, 0, 2]
    unknown = points(states=[A, A, A], probability=[NAN] * 3, score=[1.0, 3.0, 2.0])
    assert arrange([unknown], "best", "all").row.tolist() == [1, 2, 0]
    assert arrange([unknown], "worst", "all").row.tolist() == [0, 2, 1]


def test_points_of_all_micrographs_are_in_one_order():
    one = points(1, states=[A, A], probability=[0.9, 0.2])
    two = points(2, states=[A, R], probability=[0.5, 0.7])
    listing = arrange([one, two], "best", "all")
    assert [(part.record.id, row) for part, row in map(listing.__getitem__, range(4))] == [
        ("m0001", 0), ("m0002", 1), ("m0002", 0), ("m0001", 1),
    ]  # fmt: skip
    assert listing.column("states").tolist() == [A, R, A, A]
    assert arrange([one, two], "place", "all").part.tolist() == [0, 0, 1, 1]
    assert listing.rows_of(1).tolist() == [1, 0]
    assert listing.rows_of(1, np.array([0, 2])).tolist() == [0]


def test_nothing_is_listed_without_points():
    assert len(arrange([], "best", "all")) == 0
    assert len(arrange([points(states=[])], "best", "all")) == 0
    assert EMPTY.column("states").tolist() == []


def test_a_point_stays_in_the_list_when_its_label_contradicts_the_filter():
    part = points(states=[A, A, R])
    before = arrange([part], "best", "accepted")
    flipped = replace(part, states=np.array([RH, A, R], np.int8))
    assert arrange([flipped], "best", "accepted", before).row.tolist() == [0, 1]
    assert arrange([flipped], "best", "accepted").row.tolist() == [1]


@pytest.mark.parametrize("change", [{"key": "other candidates"}, {"plan": "other settings"}])
def test_other_candidates_and_settings_make_a_new_list(change):
    part = points(states=[A, A, R])
    before = arrange([part], "best", "accepted")
    other = replace(part, states=np.array([R, A, R], np.int8), **change)
    assert arrange([other], "best", "accepted", before).row.tolist() == [1]


def test_only_points_at_some_places_are_listed():
    one, two = points(1, states=[A, R, A]), points(2, states=[A, A])
    among = {"m0001": one.centers_yx[1:]}
    listing = arrange([one, two], "place", "all", among=among)
    assert listing.part.tolist() == [0, 0]
    assert listing.row.tolist() == [1, 2]
    assert arrange([one, two], "place", "accepted", among=among).row.tolist() == [2]
    flipped = replace(one, states=np.array([A, R, RH], np.int8))
    assert arrange([flipped], "place", "rejected", listing, among).row.tolist() == [1, 2]


def test_entries_are_found_again_by_micrograph_and_place():
    one, two = points(1, states=[A, A]), points(2, states=[A, A])
    before = arrange([one, two], "place", "all")
    after = arrange([two], "worst", "all")
    assert after.find_again(before, np.array([0, 2])).tolist() == [1]  # the first of the second
    moved = replace(two, centers_yx=two.centers_yx + 1)
    assert arrange([moved], "best", "all").find_again(before, np.arange(4)).tolist() == []
