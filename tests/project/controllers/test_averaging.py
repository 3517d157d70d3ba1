"""2D averages of a project: made from accepted points, decided as labels."""

import numpy as np
import pytest

from napari_drpnet.project.stages import averages as stage


@pytest.fixture
def averaged(picked):
    """A desk with two picked micrographs of 16 discs, and their averages."""
    picked.current.set_label([0], accepted=False)
    picked.session.current.select("m00002")
    picked.pick()
    picked.session.averager.make()
    picked.finish()
    assert picked.session.averager.averages is not None
    return picked


def test_averages_are_those_of_the_accepted_points(averaged):
    averages = averaged.session.averager.averages
    assert sorted(set(averages.micrographs)) == ["m00001", "m00002"]
    # One of the 32 discs was rejected by hand.
    assert len(averages.centers_yx) == 31 == averages.result.counts.sum()
    discs = averages.result.averages[0]
    assert discs[20:28, 20:28].mean() > discs[:, :4].mean() + 0.1


def test_a_class_is_decided_with_all_its_members(averaged):
    averager = averaged.session.averager
    members = averager.averages.members(0)
    count = averager.averages.result.counts[0]
    assert sum(map(len, members.values())) == count
    before = [averaged.project.labels(name) for name in members]
    averager.decide(0, accepted=False)
    labels = [o for name in members for o in averaged.project.labels(name)]
    by_class = [o for o in labels if o.source == "classes"]
    assert len(by_class) == count
    assert not any(o.accepted for o in by_class)
    for name, centers in members.items():
        places = [o.anchor_yx for o in averaged.project.labels(name) if o.source == "classes"]
        np.testing.assert_allclose(sorted(places), sorted(map(tuple, centers)))
    averaged.session.undo()
    assert [averaged.project.labels(name) for name in members] == before


def test_few_points_are_not_averaged_and_the_reason_is_told(picked, monkeypatch):
    monkeypatch.setattr(stage, "LEAST_POINTS", 17)
    picked.session.averager.make()
    picked.finish()
    assert picked.session.averager.averages is None
    assert "at least 17 accepted picks" in picked.session.failures["averages"]


def test_before_anything_is_picked_there_is_nothing_to_average(desk):
    desk.session.averager.make()
    assert desk.texts("warning") == ["Give the particle diameter first."]
    desk.session.averager.decide(0, accepted=True)
    assert len(desk.notices) == 1


def test_cancelling_keeps_earlier_averages(averaged):
    averager = averaged.session.averager
    earlier = averager.averages
    averager.make()
    averager.cancel()
    averaged.finish()
    assert averager.averages is earlier
