import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.quality.tables import (
    finite_number,
    finite_numbers,
    positive_number,
    read_block,
    require_rows,
)


@pytest.fixture
def star(tmp_path):
    path = tmp_path / "a.star"

    def write(rows, labels=("rlnAngleRot", "rlnAngleTilt")):
        head = "".join(f"_{label}\n" for label in labels)
        path.write_text(
            f"data_other\n\nloop_\n_x\n{'1 ' * 9}\n\ndata_particles\n\nloop_\n{head}{rows}"
        )
        return path

    return write


def test_one_block_is_read_and_damage_in_others_does_not_matter(star):
    table = read_block(star("1 2\n3 4\n"), {"particles"}, "rlnAngleRot")
    assert finite_numbers("a", table, "rlnAngleTilt").tolist() == [2, 4]
    assert finite_number("a", table, "rlnAngleRot") == 1


def read_angles(path):
    table = read_block(path, {"particles"}, "rlnAngleRot")
    return [finite_numbers(path, table, column) for column in ("rlnAngleRot", "rlnAngleTilt")]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("1 2\nnan 4\n", "no number as _rlnAngleRot in row 2 of 2"),
        ("inf 2\n", "row 1 of 1"),
        ("1 2\n3 x\n", "_rlnAngleTilt has a value that is not a number"),
        ("1 2\n3\n", "no number as _rlnAngleTilt in row 2"),
        ("", "no rows in its table with _rlnAngleRot"),
        ("1 2 3\n", "has 3 values for 2 columns"),
        ('1 "2\n', "quote that is not closed"),
        ("\0", "NUL"),
    ],
)
def test_damaged_tables_are_named(star, rows, reason):
    path = star(rows)
    with pytest.raises(InputFileError, match=reason) as caught:
        read_angles(path)
    assert caught.value.path == str(path)
    assert caught.value.remedy


def test_missing_and_repeated_columns_are_named(star):
    path = star("1 2\n", ("rlnAngleRot", "rlnAngleRot"))
    with pytest.raises(InputFileError, match="repeats the label _rlnAngleRot"):
        read_block(path, {"particles"}, "rlnAngleRot")
    path = star("1\n", ("rlnAngleRot",))
    with pytest.raises(InputFileError, match="no table with _rlnAngleRot and _rlnAngleTilt"):
        read_block(path, {"particles"}, "rlnAngleRot", "rlnAngleTilt")
    table = read_block(path, {"particles"}, "rlnAngleRot")
    with pytest.raises(InputFileError, match="no column _rlnAngleTilt"):
        finite_numbers(path, table, "rlnAngleTilt")


def test_an_empty_file_has_no_table(tmp_path):
    (tmp_path / "a.star").write_text("")
    with pytest.raises(InputFileError, match="no table with _x"):
        read_block(tmp_path / "a.star", {"particles"}, "x")


@pytest.mark.parametrize("value", [-1, 0, 101])
def test_numbers_beyond_their_limits_are_named(star, value):
    path = star(f"{value} 50\n")
    table = read_block(path, {"particles"}, "rlnAngleRot")
    assert positive_number(path, table, "rlnAngleTilt", most=100) == 50
    with pytest.raises(InputFileError, match=f"has {value} as _rlnAngleRot"):
        positive_number(path, table, "rlnAngleRot", most=100)


def test_too_few_rows(star):
    path = star("1 2\n")
    table = read_block(path, {"particles"}, "rlnAngleRot")
    require_rows(path, table, 1, "particles")
    with pytest.raises(InputFileError, match="ends after 1 of 2 rows of particles"):
        require_rows(path, table, 2, "particles")
