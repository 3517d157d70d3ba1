import math

import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import parse_number, read_text, write_text


def test_byte_order_mark_and_crlf_vanish(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"\xef\xbb\xbfx,y\r\n1,2\r\n")
    assert read_text(file) == "x,y\n1,2\n"


def test_missing_file_folder_and_binary_file(tmp_path):
    with pytest.raises(InputFileError, match="No such file"):
        read_text(tmp_path / "missing.star")
    with pytest.raises(InputFileError, match="cannot be read"):
        read_text(tmp_path)
    binary = tmp_path / "b.star"
    binary.write_bytes(bytes(range(256)))
    with pytest.raises(InputFileError, match="not a text file"):
        read_text(binary)


def test_written_text_is_utf8_with_line_feeds(tmp_path):
    write_text(tmp_path / "new" / "a.star", "Größe\n")
    assert (tmp_path / "new" / "a.star").read_bytes() == "Größe\n".encode()


def test_numbers():
    assert parse_number("a", 1, " 2.5") == 2.5
    assert math.isnan(parse_number("a", 1, ""))
    with pytest.raises(InputFileError, match=r"a\.box: line 7 has 'two' where a number should be"):
        parse_number("a.box", 7, "two")
