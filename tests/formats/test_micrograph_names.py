"""Which micrograph a name in a coordinate file means."""

from itertools import takewhile
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_drpnet.formats.micrograph_names import NameMatches, bare_path, match_names, shortener

UID = "001234567890123456789_"


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("Movies/a_autopick.star", "Movies/a"),
        ("a_manualpick.star", "a"),
        ("A.MRC", "A"),
        ("a.b.mrc.gz", "a.b"),
        ("a.cbox", "a"),
        ("info/a_info.json", "info/a"),
    ],
)
def test_endings_of_files_are_no_part_of_a_name(name, bare):
    assert bare_path(name) == PurePosixPath(bare)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("a", "MotionCorr/job002/Movies/a.mrc"),
        ("Extract/job007/Movies/a.mrcs", "MotionCorr/job002/Movies/a.mrc"),
        (f"J12/motioncorrected/{UID}a.mrc", "Movies/a.mrc"),
        (f"J12/{UID}a_patch_aligned_doseweighted.mrc", "MotionCorr/job002/Movies/a.mrc"),
        ("Movies/a_patch_aligned.mrc", f"J3/imported/{UID}a.tif"),
    ],
)
def test_prefixes_of_jobs_and_programs_do_not_count(name, known):
    assert match_names([name], [known, "Movies/b.mrc"]) == NameMatches({name: known})


def test_folders_tell_equal_names_apart():
    known = ["MotionCorr/job002/g1/a.mrc", "MotionCorr/job002/g2/a.mrc", "MotionCorr/job002/b.mrc"]
    matches = match_names(["Extract/g1/a.mrc", "Extract/g2/a.mrc", "x/y/b.mrc"], known)
    assert list(matches.found.values()) == known


def test_a_folder_that_is_missing_on_one_side_confuses_only_its_own_names():
    matches = match_names(["g1/a", "b", "h/a"], ["x/g1/a.mrc", "x/g2/a.mrc", "x/g2/b.mrc"])
    assert matches.found == {"g1/a": "x/g1/a.mrc", "b": "x/g2/b.mrc"}
    assert (matches.ambiguous, matches.unknown) == (("h/a",), ())


def test_names_without_folders_are_ambiguous_where_several_micrographs_have_them():
    matches = match_names(["a", "b", "c"], ["g1/a.mrc", "g2/a.mrc", "g2/b.mrc"])
    assert matches == NameMatches({"b": "g2/b.mrc"}, ("a",), ("c",))


def test_two_movies_of_cryosparc_with_one_name_are_not_mixed_up():
    names = [f"J1/{UID}a.mrc", f"J1/9{UID[1:]}a.mrc"]
    assert match_names(names, ["Movies/a.mrc"]) == NameMatches({}, tuple(names))
    assert match_names([*names, "Movies/a.mrc"], ["Movies/a.mrc"]).unknown == tuple(names)


def test_exact_names_come_before_names_without_endings():
    known = ["a.mrc", "a.tif"]
    assert match_names(["a.tif"], known).found == {"a.tif": "a.tif"}
    assert match_names(["a.star"], known).ambiguous == ("a.star",)


NAMES = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), max_size=8, unique=True
)


@given(NAMES, NAMES)
def test_matches_are_those_that_agree_in_more_than_any_other(names, known):
    def shared(one, other):
        pairs = zip(one.split("/")[::-1], other.split("/")[::-1], strict=False)
        return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))

    expected = {}
    for name in names:
        for its in known:
            most = shared(name, its)
            others = [shared(name, o) for o in known if o != its]
            rivals = [shared(o, its) for o in names if o != name]
            if name == its or most > max([*others, *rivals, 0]):
                expected[name] = its
    matches = match_names(names, known)
    assert matches.found == expected
    assert sorted([*matches.found, *matches.ambiguous, *matches.unknown]) == sorted(names)


def test_paths_are_shortened_to_what_tells_them_apart():
    short = shortener(["x/g1/a", "x/g2/a"], ["g1/a"])
    assert [short("x/g1/a"), short("y/b")] == ["g1/a", "y/b"]
    assert shortener(["x/g1/a"], [])("x/g1/a") == "a"
