from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_drpnet.relion.lists import MicrographEntry, read_micrographs_star
from napari_drpnet.relion.micrograph_lists import copy_micrographs_star, write_micrographs_star
from napari_drpnet.relion.star_tables import read_tables

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
        st.text("aB_0.- /", min_size=1, max_size=8),
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
