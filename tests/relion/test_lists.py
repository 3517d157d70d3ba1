from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import starfile
from hypothesis import given
from hypothesis import strategies as st

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.relion.lists import (
    MicrographEntry,
    autopick_path,
    copy_micrographs_star,
    read_index,
    read_micrographs_star,
    write_index,
    write_micrographs_star,
)
from napari_drpnet.relion.star_tables import read_tables

RELION_3_1 = """
# version 30001

data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
_rlnMicrographOriginalPixelSize #3
_rlnMicrographPixelSize #4
group2 2 0.5 1.06
group1 1 0.885 0.885


# version 30001

data_micrographs

loop_
_rlnMicrographName #1
_rlnOpticsGroup #2
_rlnDefocusU #3
_rlnDefocusV #4
MotionCorr/job002/Movies/a.mrc 1 10000 11000
MotionCorr/job002/Movies/b.mrc 2 <NA> 9000
"MotionCorr/job002/My movies/c.mrc" 3 20000 20000

"""
RELION_3_0 = """
data_

loop_
_rlnMicrographName #1
_rlnDetectorPixelSize #2
_rlnMagnification #3
_rlnDefocusU #4
_rlnDefocusV #5
Micrographs/a.mrc 5.0 50000 10000 11000
Micrographs/b.mrc 5.0 0 10000 11000
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    folder = tmp_path / "project"
    (folder / "CtfFind" / "job003").mkdir(parents=True)
    return folder


def write_list(project, text):
    file = project / "CtfFind" / "job003" / "micrographs_ctf.star"
    file.write_text(text)
    return file


def test_pixel_sizes_come_from_the_optics_group(project):
    entries = read_micrographs_star(write_list(project, RELION_3_1))
    assert [entry.pixel_size_angstrom for entry in entries] == [0.885, 1.06, None]
    assert [entry.defocus_angstrom for entry in entries] == [10500, None, 20000]
    assert entries[2].name == "MotionCorr/job002/My movies/c.mrc"


def test_pixel_sizes_before_relion_3_1_come_from_the_magnification(project):
    entries = read_micrographs_star(write_list(project, RELION_3_0))
    assert [entry.pixel_size_angstrom for entry in entries] == [1.0, None]


@pytest.mark.parametrize("word", ["-nan", "None", "<NA>", "inf", "failed"])
def test_a_defocus_that_is_no_number_is_unknown(project, word):
    text = "data_\nloop_\n_rlnMicrographName\n_rlnDefocusU\n_rlnDefocusV\n"
    entries = read_micrographs_star(write_list(project, f"{text}a.mrc {word} 1e4\nb.mrc 9 11\n"))
    assert [entry.defocus_angstrom for entry in entries] == [None, 10]


@pytest.mark.parametrize(("pixel", "magnification"), [("1e300", "1e-300"), ("1e308", "5e4")])
def test_an_implausible_pixel_size_is_unknown(project, pixel, magnification):
    text = "data_\nloop_\n_rlnMicrographName\n_rlnDetectorPixelSize\n_rlnMagnification\n"
    entries = read_micrographs_star(write_list(project, f"{text}a.mrc {pixel} {magnification}\n"))
    assert entries[0].pixel_size_angstrom is None


def test_a_list_of_names_alone(project):
    text = "data_micrographs\nloop_\n_rlnMicrographName #1\n0001\n0002\n0001\n"
    entries = read_micrographs_star(write_list(project, text))
    assert [entry.name for entry in entries] == ["0001", "0002"]
    assert entries[0].pixel_size_angstrom is entries[0].defocus_angstrom is None


def test_a_pixel_size_in_the_micrograph_table(project):
    text = "data_\nloop_\n_rlnMicrographName #1\n_rlnMicrographPixelSize #2\na.mrc 1.5\nb.mrc -1\n"
    entries = read_micrographs_star(write_list(project, text))
    assert [entry.pixel_size_angstrom for entry in entries] == [1.5, None]


def test_names_start_at_the_ancestor_where_one_exists(project):
    (project / "Micrographs").mkdir()
    (project / "Micrographs" / "b.mrc").touch()
    entries = read_micrographs_star(write_list(project, RELION_3_0))
    assert [entry.path for entry in entries] == [
        project / "Micrographs" / "a.mrc",
        project / "Micrographs" / "b.mrc",
    ]


def test_names_start_at_the_working_folder_first(project, monkeypatch):
    for folder in (project, Path.cwd()):
        (folder / "Micrographs").mkdir()
        (folder / "Micrographs" / "a.mrc").touch()
    file = write_list(project, RELION_3_0)
    assert read_micrographs_star(file)[0].path == Path.cwd() / "Micrographs" / "a.mrc"
    monkeypatch.chdir(project)
    relative = file.relative_to(project)
    assert read_micrographs_star(relative)[0].path == project / "Micrographs" / "a.mrc"


def test_absolute_and_missing_names(project):
    text = "data_\nloop_\n_rlnMicrographName #1\n/data/a.mrc\nb.mrc\n"
    entries = read_micrographs_star(write_list(project, text))
    assert [entry.path for entry in entries] == [Path("/data/a.mrc"), Path.cwd() / "b.mrc"]


@pytest.mark.parametrize("text", ["", RELION_3_0.partition("Micrographs/a")[0]])
def test_an_empty_list(project, text):
    assert read_micrographs_star(write_list(project, text)) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (RELION_3_0.replace("rlnMicrographName", "rlnMovieName"), "_rlnMicrographName"),
        (RELION_3_0.replace("Micrographs/a.mrc", "<NA>"), "without a name"),
        (RELION_3_0.replace("Micrographs/a.mrc", '""'), "without a name"),
        (RELION_3_0.replace("Micrographs/a.mrc", ".."), r"named '\.\.'"),
        (RELION_3_0.replace("Micrographs/a.mrc", "MotionCorr/job002/"), "named 'MotionCorr/job002"),
        (RELION_3_0.replace("Micrographs/a.mrc", "Micrographs/.."), r"named 'Micrographs/\.\.'"),
        (RELION_3_0.replace("50000", "high"), "_rlnMagnification"),
        ("hello", "no data_ block"),
    ],
)
def test_malformed_lists(project, text, reason):
    with pytest.raises(InputFileError, match=reason):
        read_micrographs_star(write_list(project, text))


def test_index(tmp_path):
    rows = [("a b.mrc", Path("AutoPick/job010/a b_autopick.star")), ("c.mrc", "c_autopick.star")]
    write_index(tmp_path / "autopick.star", iter(rows))
    blocks = starfile.read(tmp_path / "autopick.star", always_dict=True)
    assert list(blocks) == ["coordinate_files"]
    assert blocks["coordinate_files"].to_dict("list") == {
        "rlnMicrographName": ["a b.mrc", "c.mrc"],
        "rlnMicrographCoordinates": ["AutoPick/job010/a b_autopick.star", "c_autopick.star"],
    }


def test_index_without_rows(tmp_path):
    write_index(tmp_path / "autopick.star", [])
    assert len(starfile.read(tmp_path / "autopick.star")) == 0
    assert read_index(tmp_path / "autopick.star") == []


def test_an_index_reads_back(tmp_path):
    rows = [("a b.mrc", "AutoPick/job010/a b_autopick.star"), ("7", "7_autopick.box")]
    write_index(tmp_path / "autopick.star", rows)
    assert read_index(tmp_path / "autopick.star") == rows


def test_an_index_of_something_else_is_refused(tmp_path):
    path = tmp_path / "micrographs.star"
    path.write_text(RELION_3_1)
    with pytest.raises(InputFileError, match="rlnMicrographCoordinates"):
        read_index(path)
    path.write_bytes(b"")  # as RELION writes a table without rows
    assert read_index(path) == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("MotionCorr/job002/Movies/a/b.mrc", "out/Movies/a/b_autopick.star"),
        ("MotionCorr/job0021/b.mrc", "out/b_autopick.star"),
        ("job002/Movies/b.mrc", "out/Movies/b_autopick.star"),
        ("A/job002/B/job003/b.mrc", "out/B/job003/b_autopick.star"),
        ("Micrographs/x.mrc", "out/Micrographs/x_autopick.star"),
        ("jobs/job12/x.mrc", "out/jobs/job12/x_autopick.star"),
        ("myjob123/x.mrc", "out/myjob123/x_autopick.star"),
        ("GridSquare_1/Data/x.y.mrc", "out/GridSquare_1/Data/x.y_autopick.star"),
        ("dir.with.dots/x", "out/dir.with.dots/x_autopick.star"),
        ("/data/x.tif", "out/data/x_autopick.star"),
        ("../../raw/x.tif", "out/raw/x_autopick.star"),
        ("./x.mrc", "out/x_autopick.star"),
    ],
)
def test_autopick_path(name, path):
    assert autopick_path(name, "out") == Path(path)


def test_manual_picks_follow_the_same_rule():
    path = autopick_path("M/job002/a.mrc", Path("ManualPick/job004/"), "manualpick")
    assert path == Path("ManualPick/job004/a_manualpick.star")


LIST = """
# version 30001

data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
_rlnMicrographPixelSize #3
opticsGroup1 1 0.885000
opticsGroup2 2 1.000000


# version 30001

data_micrographs

loop_
_rlnOpticsGroup #1
_rlnMicrographName #2
_rlnDefocusU #3
           1 Movies/a.mrc 10000.000000
           2 "Movies/b c.mrc" 2.5e+04
# between
           1 Movies/_d.mrc 1

"""


def names(path):
    return [entry.name for entry in read_micrographs_star(path)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_rows_go_and_all_else_stays_to_the_letter(tmp_path, line_end):
    source, target = tmp_path / "micrographs_ctf.star", tmp_path / "selected.star"
    source.write_text(LIST, newline=line_end)
    copy_micrographs_star(source, target, {"Movies/b c.mrc", "Movies/_d.mrc"})
    gone = "           1 Movies/a.mrc 10000.000000\n"
    assert target.read_text() == LIST.replace(gone, "")
    assert names(target) == ["Movies/b c.mrc", "Movies/_d.mrc"]
    assert [entry.pixel_size_angstrom for entry in read_micrographs_star(target)] == [1.0, 0.885]


MICROGRAPHS = st.lists(
    st.builds(
        lambda start, name: f"{start}{name.strip()}.mrc",
        st.sampled_from(["m", "data_1/"]),
        st.text("aB_0.-'# /é", min_size=1, max_size=8),
    ),
    min_size=1,
    unique=True,
)


@given(names=MICROGRAPHS, data=st.data())
def test_any_choice_is_read_again(names, data):
    kept = set(data.draw(st.lists(st.sampled_from(names))))
    with TemporaryDirectory() as folder:
        source, target = Path(folder, "all.star"), Path(folder, "kept.star")
        write_micrographs_star(source, [MicrographEntry(name, Path(name), 1.5) for name in names])
        copy_micrographs_star(source, target, kept)
        listed = [entry.name for entry in read_micrographs_star(target)]
    assert listed == [name for name in names if name in kept]


def test_a_list_without_optics_groups(tmp_path):
    source, target = tmp_path / "old.star", tmp_path / "selected.star"
    source.write_text("data_\nloop_\n_rlnMicrographName\na.mrc\nb.mrc\n")
    copy_micrographs_star(source, target, ["b.mrc"])
    assert target.read_text() == "data_\nloop_\n_rlnMicrographName\nb.mrc\n"


def test_a_new_list_has_a_group_for_each_pixel_size(tmp_path):
    sizes = {"a.mrc": 1.5, "b b.mrc": 0.83, "c.mrc": 1.5, "d.mrc": None}
    entries = [MicrographEntry(name, tmp_path / name, size) for name, size in sizes.items()]
    write_micrographs_star(tmp_path / "new.star", entries)
    again = read_micrographs_star(tmp_path / "new.star")
    assert {entry.name: entry.pixel_size_angstrom for entry in again} == sizes
    assert len(read_tables(tmp_path / "new.star")["optics"]) == 3
