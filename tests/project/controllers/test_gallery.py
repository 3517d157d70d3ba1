"""The gallery without a window: what it lists, what its corrections do, and which thumbnails."""

import os

import numpy as np
import pytest

from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.points.review import State, is_accepted
from napari_drpnet.project.session import Session, SessionOptions
from napari_drpnet.project.storage.store import ProjectStore
from waiting import LIMIT_S, finish


@pytest.fixture
def queue():
    return MainThreadQueue()


@pytest.fixture
def session(queue, tmp_path, write_discs, use_toy_weights):
    """Two micrographs of 16 discs, picked; the first one is shown."""
    session = Session(queue, SessionOptions(device="cpu", projects_root=tmp_path / "projects"))
    for k in range(2):
        write_discs(tmp_path / "in" / f"disc{k}.mrc", seed=k)
    session.open_paths([tmp_path / "in"])
    finish(queue, session)
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_all()
    finish(queue, session)
    yield session
    session.close()
    session.runner.join(LIMIT_S)


@pytest.fixture
def gallery(session):
    session.gallery.renew()
    return session.gallery


def list_all(queue, session):
    """List the points of all micrographs, as a window does."""
    session.gallery.choose(scope="all")
    session.gallery.renew()
    finish(queue, session)
    return session.gallery.renew()


def cut(queue, session, entries=None):
    """Make the thumbnails of entries, and return what is drawn."""
    listing = session.gallery.renew()
    entries = range(len(listing)) if entries is None else entries
    session.gallery.thumbnails.want(listing, entries)
    finish(queue, session)
    return session.gallery.tiles(entries)


def entry_in(listing, micrograph):
    return next(k for k in range(len(listing)) if listing[k][0].record.id == micrograph)


def states(session):
    return session.current.states


# ---- the list


def test_without_picks_nothing_is_listed(queue, tmp_path):
    session = Session(queue, SessionOptions(device="cpu", projects_root=tmp_path / "projects"))
    for scope in ("this", "all"):
        session.gallery.choose(scope=scope)
        assert len(session.gallery.renew()) == 0
        assert session.gallery.summary == "0 picks, 0 accepted"
        assert session.gallery.label(True) is False
    session.close()


def test_points_of_the_shown_micrograph_are_those_of_the_canvas(session, gallery):
    listing = gallery.renew()
    drawn = states(session) != State.BELOW
    assert len(listing) == drawn.sum()
    assert set(map(tuple, listing.column("centers_yx"))) == set(
        map(tuple, session.current.review.centers_yx[drawn])
    )
    assert is_accepted(listing.column("states")).sum() == 16
    session.step(1)
    assert {listing[k][0].record.id for k in range(len(gallery.renew()))} == {"m00001"}
    assert {gallery.renew()[k][0].record.id for k in range(len(gallery.renew()))} == {"m00002"}


def test_points_of_all_micrographs_come_from_the_project_without_networks(
    queue, session, gallery, monkeypatch
):
    monkeypatch.setattr(session.cache, "networks", None)
    listing = list_all(queue, session)
    assert {part.record.id for part in listing.parts} == {"m00001", "m00002"}
    assert is_accepted(listing.column("states")).sum() == 32
    session.include(["m00002"], False)
    assert {part.record.id for part in gallery.renew().parts} == {"m00001"}


def test_the_list_follows_a_slider_and_its_release(queue, session, gallery):
    list_all(queue, session)
    heights = np.sort(session.current.stored.picks.height)
    cut = float(heights[-8:].mean())
    session.change("peaks", live=True, threshold=cut)
    counts = np.bincount(gallery.renew().part)
    assert counts[0] < 16 <= counts[1]  # that of the canvas follows at once
    session.settle()
    gallery.renew()
    finish(queue, session)
    assert np.bincount(gallery.renew().part)[1] < 16
    session.undo()
    gallery.renew()
    finish(queue, session)
    assert is_accepted(gallery.renew().column("states")).sum() == 32


def test_a_micrograph_that_is_picked_again_is_listed_again(queue, session, gallery):
    list_all(queue, session)
    session.change("peaks", sigma_px=2.5)
    finish(queue, session)
    session.picking.pick_all()
    finish(queue, session)
    gallery.renew()
    finish(queue, session)
    for part in gallery.renew().parts:
        assert part.key == session.store.load_candidates(part.record.id).key


def test_the_summary_counts(session, gallery):
    count = len(gallery.renew())
    assert gallery.summary == f"{count} picks, 16 accepted"
    gallery.select([0, 2])
    assert gallery.summary == f"{count} picks, 16 accepted, 2 selected"


# ---- corrections


def test_a_flip_is_the_edit_that_a_click_on_the_canvas_makes(session, gallery):
    part, row = gallery.renew()[3]
    session.current.click(tuple(part.centers_yx[row]))
    by_click = session.history.undo_step
    session.undo()
    gallery.flip(3)
    by_flip = session.history.undo_step
    without_id = {"id": 0}
    assert [label.model_copy(update=without_id) for label in by_flip.after] == [
        label.model_copy(update=without_id) for label in by_click.after
    ]
    assert by_flip.title == by_click.title
    gallery.renew()
    assert gallery.tiles([3])[0].state == State.REJECTED_BY_HAND
    session.undo()
    gallery.renew()
    assert gallery.tiles([3])[0].state == State.ACCEPTED


def test_a_flip_in_another_micrograph_is_stored(queue, session, gallery):
    listing = list_all(queue, session)
    entry = entry_in(listing, "m00002")
    gallery.flip(entry)
    gallery.renew()
    assert session.current.id == "m00001"
    assert gallery.tiles([entry])[0].state == State.REJECTED_BY_HAND
    assert len(session.project.labels("m00002")) == 1
    folder = session.store.folder
    session.close_project()
    store, project = ProjectStore.open(folder)
    assert len(project.labels("m00002")) == 1
    store.close(project)


def test_undo_of_a_flip_in_another_micrograph_shows_it(queue, session, gallery):
    listing = list_all(queue, session)
    entry = entry_in(listing, "m00002")
    gallery.flip(entry)
    session.undo()
    finish(queue, session)
    assert session.current.id == "m00002"
    assert gallery.tiles([entry])[0].state == State.ACCEPTED


def test_many_are_decided_in_one_step(queue, session, gallery):
    list_all(queue, session)
    assert gallery.label(False) is False
    gallery.select_all()
    assert gallery.label(False) is True
    assert not is_accepted(gallery.renew().column("states")).any()
    assert session.history.undo_title.startswith("Reject ")
    assert len(gallery.selected) == len(gallery.renew())
    session.undo()
    finish(queue, session)
    gallery.renew()
    finish(queue, session)
    assert not session.history.can_undo or "Reject" not in session.history.undo_title
    assert is_accepted(gallery.renew().column("states")).sum() == 32


def test_many_of_one_micrograph_are_the_step_of_the_canvas(session, gallery):
    gallery.select([0, 1, 5])
    gallery.label(False)
    gallery.renew()
    assert session.history.undo_title == "Reject 3 points"
    gallery.label(False)
    gallery.renew()
    assert session.history.undo_title == "Reject 3 points"
    session.undo()
    gallery.renew()
    assert not session.project.labels("m00001")


def test_a_double_click_goes_to_the_place_and_changes_nothing(queue, session, gallery):
    shown = []
    session.selection.focus_requested.connect(shown.append)
    listing = list_all(queue, session)
    entry = entry_in(listing, "m00002")
    part, row = listing[entry]
    gallery.flip(entry)
    gallery.go_to(entry)
    finish(queue, session)
    assert session.current.id == "m00002"
    assert shown == [tuple(part.centers_yx[row])]
    assert session.project.labels("m00002") == ()
    assert len(session.selection.rows) == 1
    gallery.go_to(entry)  # no click before it: nothing is undone
    assert shown[1:] == shown[:1]


def test_a_double_click_does_not_undo_another_step(session, gallery):
    gallery.flip(0)
    session.current.click(tuple(gallery.renew()[1][0].centers_yx[1]))
    count = len(session.project.labels("m00001"))
    gallery.go_to(0)
    assert len(session.project.labels("m00001")) == count


def test_an_added_point_is_listed_last_and_goes_with_a_click(session, gallery):
    session.current.add([(3.0, 3.0)])
    last = len(gallery.renew()) - 1
    assert gallery.tiles([last])[0].is_added
    assert "added by hand" in gallery.describe(last)
    gallery.flip(last)
    gallery.renew()
    assert len(gallery.renew()) == last
    assert session.project.labels("m00001") == ()


def test_a_point_that_is_gone_is_not_flipped(session, gallery):
    session.current.add([(3.0, 3.0)])
    last = len(gallery.renew()) - 1
    session.undo()
    gallery.flip(last)  # before the window has followed
    assert session.project.labels("m00001") == ()


# ---- thumbnails


def test_thumbnails_are_made_for_what_is_wanted_and_a_screen_around(queue, session, gallery):
    assert all(tile.greys is None for tile in gallery.tiles(range(4)))
    assert all(tile.greys is not None for tile in cut(queue, session, range(4, 6)))
    made = [tile.greys is not None for tile in gallery.tiles(range(10))]
    assert made == [False, False, *[True] * 6, False, False]


def test_particles_are_bright_or_as_in_the_micrograph(queue, session, gallery):
    bright = cut(queue, session, range(1))[0].greys
    assert bright[20:28, 20:28].mean() > bright[:4].mean() + 30
    gallery.choose(as_recorded=True)
    gallery.renew()
    np.testing.assert_array_equal(gallery.tiles([0])[0].greys, 255 - bright)


def test_thumbnails_of_many_micrographs_are_cut_one_micrograph_after_the_other(queue, session):
    list_all(queue, session)
    assert all(tile.greys is not None for tile in cut(queue, session, range(2)))
    everything = session.gallery.tiles(range(len(session.gallery.renew())))
    assert all(tile.greys is not None for tile in everything)


def test_all_boxes_have_one_size_in_angstrom(queue, session, gallery):
    list_all(queue, session)
    session.change("particle", diameter_angstrom=40.0)
    gallery.renew()
    finish(queue, session)
    sizes = [part.origin.diameter_px for part in gallery.renew().parts]
    pixel = session.current.stored.pixel_size_angstrom
    assert sizes == [pytest.approx(40.0 / pixel)] * 2


def test_a_missing_file_is_said_and_the_others_are_shown(queue, session, gallery):
    path = session.project.micrographs["m00002"].path
    hidden = path.rename(path.with_suffix(".hidden"))
    listing = list_all(queue, session)
    tiles = cut(queue, session)
    for entry, tile in enumerate(tiles):
        is_lost = listing[entry][0].record.id == "m00002"
        assert (tile.greys is None) == bool(tile.reason) == is_lost
    lost = entry_in(listing, "m00002")
    assert tiles[lost].reason in gallery.describe(lost)
    assert str(path.parent) not in tiles[lost].reason
    hidden.rename(path)
    gallery.thumbnails.retry()
    finish(queue, session)
    gallery.renew()
    finish(queue, session)
    assert all(tile.greys is not None for tile in cut(queue, session))


def test_a_replaced_micrograph_never_shows_old_thumbnails(queue, session, gallery):
    before = cut(queue, session, range(1))[0].greys
    path = session.project.micrographs["m00001"].path
    os.utime(path, ns=(1, 1))
    gallery.thumbnails.want(gallery.listing, range(8, 9))  # this finds the other file
    finish(queue, session)
    gallery.renew()
    assert gallery.tiles([0])[0].greys is None
    assert gallery.listing[0][0].origin.stamp[1] == 1
    np.testing.assert_array_equal(cut(queue, session, range(1))[0].greys, before)


def test_thumbnails_of_a_micrograph_left_behind_are_dropped(queue, session, gallery):
    gallery.thumbnails.want(gallery.renew(), range(4))
    session.step(1)
    gallery.thumbnails.want(gallery.renew(), range(4))
    finish(queue, session)
    assert all(tile.greys is not None for tile in gallery.tiles(range(4)))
    other = gallery.renew()[0][0].origin
    session.step(-1)
    assert gallery.renew()[0][0].origin != other


def test_another_project_starts_empty(queue, session, gallery, tmp_path):
    cut(queue, session, range(4))
    gallery.select([1])
    session.open_project(tmp_path / "another")
    assert len(gallery.renew()) == 0
    assert len(gallery.selected) == 0
