import contextlib
import os
import re
import shutil
import subprocess

import pytest
import starfile
from hypothesis import given
from hypothesis import strategies as st

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.relion.star_tables import (
    Table,
    find_table,
    format_table,
    numbers,
    read_tables,
    write_table,
)


def read_as_relion(text):
    """Do as MetaDataTable::readStarLoop of RELION 2, the strictest: labels, rows, blank line."""
    lines = iter(text.splitlines())
    while not next(lines).startswith("data_"):
        pass
    while "loop_" not in next(lines):
        pass
    labels, rows = [], []
    for line in map(str.strip, lines):
        if line.startswith("_"):
            labels.append(line[1 : line.index("#") - 1])
        elif line:
            rows.append(line.split())
        elif rows:
            break
    return labels, rows


def test_relion_reads_what_we_write(tmp_path):
    write_table(tmp_path / "a.star", "", {"rlnCoordinateX": ["1.5", "2.5"], "rlnClassNumber": "01"})
    labels, rows = read_as_relion((tmp_path / "a.star").read_text())
    assert labels == ["rlnCoordinateX", "rlnClassNumber"]
    assert rows == [["1.5", "0"], ["2.5", "1"]]


@pytest.mark.parametrize("block", ["", "coordinate_files"])
def test_tables_without_rows_are_read_as_such(tmp_path, block):
    file = tmp_path / "a.star"
    write_table(file, block, {"rlnCoordinateX": [], "rlnMicrographName": []})
    assert read_as_relion(file.read_text()) == (["rlnCoordinateX", "rlnMicrographName"], [])
    table = starfile.read(file)
    assert list(table.columns) == ["rlnCoordinateX", "rlnMicrographName"]
    assert len(table) == 0
    assert list(read_tables(file)) == [block]


#: Names that need care: what begins a quote, a comment, a label, a block or a loop; blanks.
NAMES = [
    "O'Brien/a.mrc", "run#2/b.mrc", "with space.mrc", "two  spaces.mrc", "", "Größe/α.mrc", "0001",
    "nan_1.mrc", "data_1/a.mrc", "data_1", "loop_", "_under.mrc", "#lead.mrc", "'quoted'", '"half',
    "a' b.mrc", 'a" b.mrc', "ends'", 'b c"', "$x", ";x", "a\N{NO-BREAK SPACE}b",
    "a\N{LINE SEPARATOR}b",
]  # fmt: skip


def written_names(path, names, columns):
    """Write names in the first of so many columns, and in the last; return what is read again."""
    numbers = [str(place) for place in range(len(names))]
    table = {"rlnMicrographName": names, "rlnOpticsGroup": numbers, "rlnImageName": names}
    write_table(path, "x", dict([*table.items()][:columns]))
    (read,) = read_tables(path).values()
    assert read[read.labels[-1]] == [*table.values()][columns - 1]
    return read["rlnMicrographName"]


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_names_survive(tmp_path, name, columns):
    assert written_names(tmp_path / "a.star", [name, "b.mrc"], columns) == [name, "b.mrc"]


ANY_NAME = st.text(
    st.sampled_from("aB0_.-/\\'\"#$;?<µα東\N{NO-BREAK SPACE} ")
    | st.characters(codec="utf-8", exclude_characters="\n\r\0")
).filter(lambda name: name != "nan" and not ("' " in name and '" ' in name))


@given(names=st.lists(ANY_NAME | st.sampled_from(NAMES), min_size=1), columns=st.integers(1, 3))
def test_any_names_survive(tmp_path_factory, names, columns):
    assert written_names(tmp_path_factory.getbasetemp() / "names.star", names, columns) == names


@pytest.mark.parametrize("name", ["a\nb.mrc", "a\rb.mrc", "a\0b.mrc", "a' \" b.mrc"])
def test_names_that_no_quotes_can_hold_are_refused(tmp_path, name):
    with pytest.raises(InputFileError, match="cannot be written to a STAR file"):
        write_table(tmp_path / "a.star", "", {"rlnMicrographName": [name]})
    assert not os.listdir(tmp_path)


@pytest.mark.skipif(not shutil.which("relion_star_handler"), reason="needs RELION 3.1 or later")
def test_relion_itself_reads_these_names(tmp_path):
    optics = {
        "rlnOpticsGroupName": ["opticsGroup1"], "rlnOpticsGroup": ["1"], "rlnVoltage": ["300"],
        "rlnSphericalAberration": ["2.7"], "rlnMicrographPixelSize": ["1"],
    }  # fmt: skip
    names = [name for name in NAMES if "  " not in name]  # of which RELION keeps one
    columns = {"rlnMicrographName": names, "rlnOpticsGroup": ["1"] * len(names)}
    text = "".join([format_table("optics", optics), format_table("micrographs", columns)])
    (tmp_path / "a.star").write_text(text)
    command = ["relion_star_handler", "--i", "a.star", "--o", "b.star", "--select"]
    command += ["rlnOpticsGroup", "--minval", "0", "--maxval", "2"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    written = (tmp_path / "b.star").read_text().partition("data_micrographs")[2]
    rows = re.findall(r"^ *(.*?) +1 $", written.replace("\a", ""), re.MULTILINE)
    assert all(row in (name, f'"{name}"') for row, name in zip(rows, names, strict=True))


@pytest.mark.parametrize("columns", [1, 2])
def test_rows_that_begin_like_a_block_are_rows(tmp_path, columns):
    file = tmp_path / "a.star"
    names = ["x/a.mrc", "data_1/b.mrc", "data_2/c.mrc"]
    table = {"rlnMicrographName": names, "rlnOpticsGroup": ["1", "2", "3"]}
    write_table(file, "micrographs", dict([*table.items()][:columns]))
    with file.open("a") as text:
        text.write("\ndata_other # of the same file\n\nloop_\n_rlnAnglePsi #1\n7\n")
    tables = read_tables(file)
    assert tables["micrographs"]["rlnMicrographName"] == names
    assert len(tables) == 2


def test_apostrophes_in_comments_are_harmless(tmp_path):
    file = tmp_path / "a.star"
    file.write_text("# a user's file\ndata_\nloop_\n_rlnA #1 [it's]\n1 # isn't\n'2'\n")
    assert numbers(file, read_tables(file)[""], "rlnA").tolist() == [1, 2]


def test_a_block_of_single_values_is_a_table_of_one_row(tmp_path):
    file = tmp_path / "a.star"
    file.write_text("data_general\n\n_rlnCoordinateX 3\n_rlnMicrographName 'a b.mrc'\n")
    table = read_tables(file)["general"]
    assert table["rlnMicrographName"] == ["a b.mrc"]
    assert numbers(file, table, "rlnCoordinateX").tolist() == [3]


@pytest.mark.parametrize("text", ["", "\n \n", "# version 30001\n\n"])
def test_a_file_with_nothing_in_it_has_no_tables(tmp_path, text):
    file = tmp_path / "a.star"
    file.write_text(text)
    assert read_tables(file) == {}


@pytest.mark.parametrize(
    "text",
    [
        "\0\1\2\3",
        "x,y\n1,2\n",
        "data_\n",
        "data_\n\nloop_\n_rlnA #1\n_rlnB #2\n1 2 3\n",
        "data_\n\nloop_\n_rlnA #1\n_rlnB #2\n1 2\n1 2 3\n",
        "data_\n\n_rlnA\n",
        "data_\n\n_rlnA 1 2\n",
        "data_x\n\n_rlnA 1\n\ndata_y\n",
        "data_\n\nloop_\n_rlnA #1\n'a b\n",
        "data_\n\nloop_\n_rlnA #1\n_rlnA #2\n1 2\n",
        "data_\n\nloop_\n_rlnA #1\n1\nloop_\n_rlnB #1\n1\n",
        "data_\n\nloop_\n_rlnA #1\n1\n\0\0\0\0",
    ],
)
def test_what_is_no_star_file(tmp_path, text):
    file = tmp_path / "a.star"
    file.write_text(text)
    with pytest.raises(InputFileError, match=r"a\.star"):
        read_tables(file)


def test_values_at_the_end_of_later_rows_may_be_missing(tmp_path):
    file = tmp_path / "a.star"
    file.write_text("data_\n\nloop_\n_rlnA #1\n_rlnB #2\n1 2\n3\n-nan <NA>\n")
    table = read_tables(file)[""]
    assert (len(table), table["rlnA"], table["rlnB"]) == (3, ["1", "3", ""], ["2", "", ""])


def test_a_corrected_file_is_read_anew(tmp_path):
    file = tmp_path / "a.star"
    file.write_text("data_\n\nloop_\n_rlnA #1\n1 2\n")
    with pytest.raises(InputFileError):
        read_tables(file)
    file.write_text("data_\n\nloop_\n_rlnA #1\n1\n\n\n")
    assert numbers(file, read_tables(file)[""], "rlnA").tolist() == [1]


PIECES = ["data_", "data_x", "loop_", "_rlnA", "_rlnB #2", "1", "1 2", "'a b' 3", "'", '"', "#", ""]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=12))
def test_any_text_is_tables_or_an_input_file_error(tmp_path_factory, lines):
    file = tmp_path_factory.getbasetemp() / "any.star"
    file.write_bytes("\n".join(lines).encode(errors="replace"))
    with contextlib.suppress(InputFileError):
        assert all(isinstance(table, Table) for table in read_tables(file).values())


def test_missing_columns_and_text_in_numbers_are_named(tmp_path):
    file = tmp_path / "a.star"
    file.write_text("data_\n\nloop_\n_rlnA #1\n_rlnB #2\n1 x\n<NA> 3\n")
    tables = read_tables(file)
    with pytest.raises(InputFileError, match="no table with _rlnA and _rlnC"):
        find_table(file, tables, "rlnA", "rlnC")
    with pytest.raises(InputFileError, match="_rlnB has a value that is not a number"):
        numbers(file, tables[""], "rlnB")
    assert str(numbers(file, tables[""], "rlnA").tolist()) == "[1.0, nan]"


def test_writing_is_whole_or_not_at_all(tmp_path):
    file = tmp_path / "a.star"
    file.write_text("old")
    with pytest.raises(ValueError):
        write_table(file, "", {"rlnA": ["1"], "rlnB": []})
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.star"]


def test_a_table_of_very_many_columns_is_refused(tmp_path):
    labels = "".join(f"_c{number}\n" for number in range(1001))
    (tmp_path / "a.star").write_text(f"data_\nloop_\n{labels}")
    with pytest.raises(InputFileError, match="more than 1000 columns"):
        read_tables(tmp_path / "a.star")


def test_a_repeated_block_is_refused(tmp_path):
    text = "data_a\nloop_\n_rlnA\n1\n\ndata_a\nloop_\n_rlnA\n2\n"
    (tmp_path / "a.star").write_text(text)
    with pytest.raises(InputFileError, match="line 6 repeats data_a"):
        read_tables(tmp_path / "a.star")


def fitting(rows_of_a, rows_of_b):
    return {"a": Table(["x", "y"], rows_of_a), "b": Table(["y", "x", "z"], rows_of_b)}


def test_several_tables_that_fit_are_refused():
    tables = fitting([["1", "2"]], [["3", "4", "5"]])
    with pytest.raises(InputFileError, match="several tables with _x and _y: data_a and data_b"):
        find_table("file.star", tables, "x", "y")
    assert find_table("file.star", tables, "x", "z") is tables["b"]


def test_a_table_without_rows_is_not_one_of_several():
    tables = fitting([], [["3", "4", "5"]])
    assert find_table("file.star", tables, "x", "y") is tables["b"]
    tables = fitting([], [])
    assert find_table("file.star", tables, "x", "y") is tables["a"]


@pytest.mark.parametrize(
    ("blocks", "found"),
    [
        ({"general"}, ["general"]),
        ({"", "fsc"}, ["fsc", ""]),
        (set(), []),
        (None, ["general", "fsc", ""]),
    ],
)
def test_chosen_blocks_are_read(tmp_path, blocks, found):
    general = "# version 30001\n\ndata_general\n\n_rlnFinalResolution 20\n"
    rows = format_table("fsc", {"rlnMicrographName": ["data_1/a.mrc", "data_fsc/b.mrc"]})
    (tmp_path / "a.star").write_text(general + rows + "\ndata_\n\n_x 1\n")
    assert list(read_tables(tmp_path / "a.star", blocks)) == found


def test_lines_keep_their_numbers_where_blocks_are_skipped(tmp_path):
    (tmp_path / "a.star").write_text("data_a\n\n_x 1\n\ndata_b\n\n_y 2 3\n")
    with pytest.raises(InputFileError, match="line 7 does not have one value"):
        read_tables(tmp_path / "a.star", {"b"})


def test_a_file_without_blocks_is_no_star_file_whatever_block_is_asked_for(tmp_path):
    (tmp_path / "a.star").write_text("x,y\n1,2\n")
    with pytest.raises(InputFileError, match="not a STAR file"):
        read_tables(tmp_path / "a.star", {"b"})
