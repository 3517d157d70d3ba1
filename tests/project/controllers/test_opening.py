"""What the user opens becomes micrographs of the project."""

import pytest

from napari_drpnet.project.controllers import opening
from napari_drpnet.project.notices import path_last

STAR = """
data_optics
loop_
_rlnOpticsGroup #1
_rlnMicrographPixelSize #2
1 1.25

data_micrographs
loop_
_rlnMicrographName #1
_rlnOpticsGroup #2
_rlnDefocusU #3
_rlnDefocusV #4
Movies/a.mrc 1 12000 14000
Movies/b.mrc 1 22000 24000
Movies/gone.mrc 1 32000 34000
"""


@pytest.fixture
def relion(tmp_path, write_discs):
    """RELION's list of three micrographs, one of which is missing."""
    for seed, name in enumerate("ab"):
        write_discs(tmp_path / "relion" / "Movies" / f"{name}.mrc", seed=seed)
    star = tmp_path / "relion" / "CtfFind" / "job003" / "micrographs_ctf.star"
    star.parent.mkdir(parents=True)
    star.write_text(STAR)
    return star


def names(desk):
    return [record.path.name for record in desk.project.micrographs.values()]


def test_micrographs_are_listed_and_the_first_is_shown(desk, discs):
    desk.open(next(iter(discs)).parent)
    assert names(desk) == ["disc0.mrc", "disc1.mrc", "disc2.mrc"]
    assert list(desk.project.micrographs) == ["m00001", "m00002", "m00003"]
    assert desk.current.id == "m00001"
    assert desk.current.image.display.frame.full_shape == (160, 160)
    assert not desk.session.history.can_undo


def test_the_same_again_adds_nothing_and_more_is_added(desk, discs, tmp_path, write_discs):
    folder = next(iter(discs)).parent
    desk.open(folder)
    desk.session.step(2)
    desk.open(folder, folder / ".." / folder.name / "disc1.mrc")
    assert len(names(desk)) == 3
    assert desk.current.id == "m00003"
    write_discs(tmp_path / "more" / "x.mrc")
    desk.open(tmp_path / "more")
    assert names(desk) == ["disc0.mrc", "disc1.mrc", "disc2.mrc", "x.mrc"]
    assert desk.current.record.path.name == "x.mrc"
    assert len({record.id for record in desk.project.micrographs.values()}) == 4


def test_what_is_dropped_one_by_one_is_all_opened(desk, discs):
    for path in discs:
        desk.session.open_paths([path])
    desk.finish()
    assert names(desk) == ["disc0.mrc", "disc1.mrc", "disc2.mrc"]
    assert desk.current.id == "m00001"


def test_one_that_cannot_be_opened_does_not_keep_others_out(desk, discs, tmp_path):
    first, second, _ = discs
    desk.open(first)
    (tmp_path / "empty").mkdir()
    desk.session.open_paths([tmp_path / "empty"])
    desk.session.open_paths([second])
    desk.finish()
    assert names(desk) == ["disc0.mrc", "disc1.mrc"]
    (text,) = desk.texts()
    assert "no micrographs found" in text
    assert path_last(desk.session.obstacle) == text
    desk.pick()
    assert desk.session.obstacle == ""


def test_a_project_that_cannot_be_opened_says_so_until_another_is(desk, discs, tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "project.json").write_text("nothing")
    desk.open(tmp_path / "bad")
    (text,) = desk.texts()
    assert path_last(desk.session.obstacle) == text
    desk.open(*discs)
    assert desk.session.obstacle == ""


def test_a_listing_that_fails_is_told_and_not_tried_again(desk, discs, monkeypatch):
    first, second, _ = discs
    desk.open(first)

    def fail(*_):
        raise RuntimeError("odd")

    with monkeypatch.context() as patch:
        patch.setattr(opening, "list_entries", fail)
        desk.open(second)
    assert desk.texts() == ["RuntimeError: odd"]
    assert desk.session.obstacle == "RuntimeError: odd"
    desk.open(first)
    assert desk.session.obstacle == ""
    assert names(desk) == ["disc0.mrc"]


def test_nothing_opens_nothing(desk):
    desk.open()
    assert desk.session.store is None


def test_a_list_of_relion_gives_names_pixel_size_and_defocus(desk, relion):
    desk.open(relion)
    first, second, gone = desk.project.micrographs.values()
    assert [r.name for r in (first, second, gone)] == [
        f"Movies/{n}.mrc" for n in ("a", "b", "gone")
    ]
    assert [r.defocus_angstrom for r in (first, second, gone)] == [13000, 23000, 33000]
    assert first.pixel_size_angstrom == 1.25
    assert first.output == "Movies/a"
    assert desk.project.settings.micrographs_star == relion
    assert desk.current.pixel_size_angstrom == 1.25  # the header says 2
    desk.pick(22.5)
    assert (desk.current.stored.diameter_px, desk.current.accepted_count) == (18.0, 16)


def test_a_missing_file_is_listed_and_fails_only_when_it_is_picked(desk, relion):
    desk.open(relion)
    assert desk.texts() == []
    desk.session.change("particle", diameter_angstrom=22.5)
    desk.pick_all()
    summaries = [desk.session.summaries[name] for name in desk.project.micrographs]
    assert [summary.status for summary in summaries] == ["picked", "picked", "failed"]
    assert "gone.mrc" in summaries[2].message
    assert desk.texts("warning") == [
        "2 micrographs picked; 1 could not be picked: see their status."
    ]


def test_a_list_names_micrographs_that_are_open_already(desk, relion):
    """An export may tell the user to open the list: what was done so far must stay."""
    desk.open(relion.parents[2] / "Movies")
    desk.pick(36.0)
    desk.current.set_label([3], accepted=False)
    desk.session.include([desk.current.id], included=False)
    before, labels = desk.current.record, desk.project.labels(desk.current.id)
    sizes = []
    desk.current.changed.connect(lambda: sizes.append(desk.current.pixel_size_angstrom))
    desk.open(relion)
    assert sizes == [1.25, 1.25]  # at once, before the image is there
    first, second, gone = desk.project.micrographs.values()
    assert (first.id, first.name, first.output) == (before.id, "Movies/a.mrc", "Movies/a")
    assert (first.pixel_size_angstrom, first.included) == (1.25, False)
    assert second.defocus_angstrom == 23000
    assert desk.project.labels(first.id) == labels
    assert desk.current.id == gone.id
    desk.session.current.select(first.id)
    desk.finish()
    assert desk.current.pixel_size_angstrom == 1.25


def test_after_another_list_undo_goes_back_no_further(desk, relion, discs):
    desk.open(*discs)
    desk.session.change("peaks", sigma_px=3.0)
    desk.open(relion)
    assert not desk.session.history.can_undo
    desk.session.undo()
    desk.session.change("peaks", sigma_px=4.0)
    desk.open(relion)  # the same list again is no reason to forget
    desk.session.undo()
    assert desk.project.settings.peaks.sigma_px == 3.0
    assert desk.project.settings.micrographs_star == relion


def test_the_record_that_is_shown_follows_the_list(desk, relion):
    desk.open(relion.parents[2] / "Movies" / "a.mrc")
    changed = []
    desk.current.changed.connect(lambda: changed.append(desk.current.record))
    star = relion.with_name("two.star")
    star.write_text("".join(line for line in STAR.splitlines(True) if "/b" not in line))
    desk.open(star)
    assert [record.name for record in changed] == ["Movies/a.mrc", "Movies/gone.mrc"]


def test_links_to_one_file_are_one_micrograph_and_the_user_is_told(desk, discs):
    first, *_ = discs
    first.with_name("link.mrc").symlink_to(first)
    desk.open(first.parent)
    assert names(desk) == ["disc0.mrc", "disc1.mrc", "disc2.mrc"]
    assert desk.texts("info") == [
        "1 link was left out: each file counts once. link.mrc is disc0.mrc"
    ]
    desk.open(first, first)
    assert len(desk.texts("info")) == 1


def test_a_link_that_is_opened_later_is_the_micrograph_that_is_there(desk, discs, tmp_path):
    first, second, _ = discs
    desk.open(first)
    link = tmp_path / "link.mrc"
    link.symlink_to(first)
    desk.open(link)
    assert names(desk) == ["disc0.mrc"]
    told = ["1 link was left out: each file counts once. link.mrc is disc0.mrc"]
    assert desk.texts("info") == told
    other = tmp_path / "other.mrc"
    other.symlink_to(second)
    desk.session.open_paths([other])
    desk.session.open_paths([second])
    desk.finish()
    assert names(desk) == ["disc0.mrc", "other.mrc"]
    assert len(desk.texts("info")) == 2


def test_a_list_of_relion_names_links_to_micrographs_that_are_there(desk, relion, write_discs):
    micrographs = relion.parents[2] / "Movies"
    kept = micrographs.with_name("kept.mrc")
    (micrographs / "a.mrc").rename(kept)
    (micrographs / "a.mrc").symlink_to(kept)
    desk.open(kept)
    desk.open(relion)
    (record, *_) = desk.project.micrographs.values()
    assert (record.name, record.path, record.defocus_angstrom) == ("Movies/a.mrc", kept, 13000)
    assert len(desk.project.micrographs) == 3
