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


def test_averages_have_one_grey_scale(averaged):
    averages = averaged.session.averager.averages
    order = np.argsort(averages.result.averages, axis=None)
    assert (np.diff(averages.greys.ravel()[order].astype(int)) >= 0).all()
    assert (averages.greys.min(), averages.greys.max()) == (0, 255)


def test_a_decided_class_is_marked_until_that_is_undone(averaged):
    averager = averaged.session.averager
    assert [tile.count for tile in averager.tiles()] == averager.averages.result.counts.tolist()
    averager.decide(0, accepted=False)
    assert [tile.accepted for tile in averager.tiles()][:2] == [False, None]
    averager.decide(0, accepted=True)
    assert averager.tiles()[0].accepted is True
    averaged.session.undo()
    averaged.session.undo()
    assert averager.tiles()[0].accepted is None


def test_a_class_stays_marked_if_a_member_is_labelled_afterwards(averaged):
    averager = averaged.session.averager
    averager.decide(0, accepted=False)
    place = averager.averages.members(0)[averaged.current.id][0]
    averaged.current.click(tuple(place))
    assert averager.tiles()[0].accepted is False


def test_the_members_of_a_class_are_listed_in_the_gallery(averaged):
    averager, gallery = averaged.session.averager, averaged.session.gallery
    averager.choose(0)
    gallery.renew()
    averaged.finish()
    assert len(gallery.renew()) == averager.averages.result.counts[0]
    averager.choose(None)
    assert len(gallery.renew()) == 16
    averager.choose(1)
    averager.make()
    averaged.finish()
    assert averager.chosen is None
    assert gallery.members is None


@pytest.mark.parametrize(
    "change",
    [
        lambda session: session.current.set_label([2], accepted=False),
        lambda session: session.change("peaks", threshold=3.0),
        lambda session: session.include(["m00001"], False),
    ],
)
def test_averages_are_outdated_while_labels_settings_or_micrographs_differ(averaged, change):
    session, told = averaged.session, []
    assert not session.averager.is_outdated
    session.averager.changed.connect(lambda: told.append(session.averager.is_outdated))
    change(session)
    averaged.finish()
    assert session.averager.is_outdated
    assert told[-1]
    session.undo()
    averaged.finish()
    assert not session.averager.is_outdated
    assert not told[-1]


def test_decisions_about_classes_leave_the_averages_up_to_date(averaged):
    averaged.session.averager.decide(0, accepted=False)
    assert not averaged.session.averager.is_outdated


@pytest.mark.parametrize("is_shown", [True, False])
def test_more_picks_outdate_the_averages(averaged, write_discs, tmp_path, is_shown):
    session = averaged.session
    write_discs(tmp_path / "more" / "disc.mrc", seed=5)
    averaged.open(tmp_path / "more")
    session.averager.make()
    averaged.finish()
    names = list(averaged.project.micrographs)
    for name in names:
        session.current.select(name)
        averaged.finish()
    assert not session.averager.is_outdated
    if is_shown:
        session.picking.pick_current()
    else:
        session.current.select(names[0])
        session.picking.pick_all()
    averaged.finish()
    assert session.averager.is_outdated
    session.averager.make()
    averaged.finish()
    assert not session.averager.is_outdated


def test_a_missing_file_is_left_out_and_named(averaged):
    records = list(averaged.project.micrographs.values())
    records[0].path.unlink()
    averaged.session.averager.make()
    averaged.finish()
    told = f"Left out, since the file is missing: {records[0].path.name}."
    assert told in averaged.session.failures["averages"]
    assert len(averaged.session.averager.averages.centers_yx) == 31  # the earlier ones


def test_a_file_without_pixel_size_is_told(desk, write_discs, tmp_path):
    write_discs(tmp_path / "in" / "disc.mrc", pixel_size=0)
    desk.open(tmp_path / "in")
    desk.session.change("particle", diameter_angstrom=36.0)
    desk.session.averager.make()
    desk.finish()
    assert "at least 20 accepted picks" in desk.session.failures["averages"]
