import io
import sys

import pytest

from napari_drpnet.cli.output import echo, print_anywhere, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2J.mrc", "a\\x1b[2J.mrc"),
        ("a\x9b2J\x07\r\x7f\0", "a\\x9b2J\\x07\\x0d\\x7f\\x00"),
        ("one\n\ttwo Å ≤", "one\n\ttwo Å ≤"),
    ],
)
def test_control_characters_do_not_reach_the_terminal(capsys, text, shown):
    assert printable(text) == shown
    echo(text)
    assert capsys.readouterr().out == f"{shown}\n"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("cp1252", "a <= 5 Å -1 \\U0001f40d \\udcff"), ("latin-1", "a <= 5 Å -1 \\U0001f40d \\udcff"),
     ("utf-8", "a ≤ 5 Å −1 \U0001f40d \\udcff")],
)  # fmt: skip
def test_a_terminal_without_a_character_shows_another(monkeypatch, encoding, shown):
    screen = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", screen)
    print_anywhere()
    echo("a ≤ 5 Å −1 \U0001f40d \udcff")
    assert screen.buffer.getvalue().decode(encoding) == f"{shown}\n"
