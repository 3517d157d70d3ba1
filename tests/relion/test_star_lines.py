import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.relion.star_lines import split_words, star_lines

#: What RELION 3.1.3 makes of a word, tried with its relion_star_handler.
RELION_READS = {
    "O'Brien/a.mrc": "O'Brien/a.mrc",
    "run#2/b.mrc": "run#2/b.mrc",
    'a"b".mrc': 'a"b".mrc',
    "trail'": "trail'",
    "a#": "a#",
    "'q.mrc'": "q.mrc",
    '"q.mrc"': "q.mrc",
    "'my mics/x.mrc'": "my mics/x.mrc",
    "'O'Brien/a.mrc'": "O'Brien/a.mrc",
    '"#lead.mrc"': "#lead.mrc",
    '"\'half.mrc"': "'half.mrc",
    "''": "",
    '""': "",
    "data_1/a.mrc": "data_1/a.mrc",
    "_under.mrc": "_under.mrc",
    "$dollar.mrc": "$dollar.mrc",
    ";semi.mrc": ";semi.mrc",
    "µ/ü.mrc": "µ/ü.mrc",
    "a\N{NO-BREAK SPACE}b\N{LINE SEPARATOR}": "a\N{NO-BREAK SPACE}b\N{LINE SEPARATOR}",
    "?": "?",
}


@pytest.mark.parametrize(("word", "value"), RELION_READS.items())
def test_words_are_those_of_relion(word, value):
    assert split_words(f"{word} 1") == [value, "1"]
    assert split_words(f"  1\t{word}") == ["1", value]


@pytest.mark.parametrize("line", ["'half.mrc 1", '"half.mrc 1', "'a'#b 1", "1 '"])
def test_a_quote_without_an_end_is_told(line):
    with pytest.raises(ValueError, match="quote that is not closed"):
        split_words(line)


@pytest.mark.parametrize("line", ["a.mrc 1 # isn't 'one", "a.mrc 1 #", "'a.mrc'\t1 "])
def test_a_comment_begins_after_a_blank(line):
    assert split_words(line) == ["a.mrc", "1"]


TEXT = """ignored 'text
data_general # of all
_rlnA 'a b' # it's one
ignored
data_

# between
loop_
# between
_rlnA #1 [it's]
_rlnB

_1.mrc 2
a.mrc _2

# between
data_1/a.mrc 3
data_2/b
loop_x 4
data_next
loop_ # without rows
_rlnC
"""
KINDS = [
    *("other", "block", "value", "other"),
    *("block", "other", "other", "loop", "other", "label", "label", "other"),
    *("label", "row", "other", "other", "row", "row", "row"),
    *("block", "loop", "label"),
]


def test_every_line_has_a_kind():
    lines = list(star_lines("a.star", TEXT))
    assert [line.kind for line in lines] == KINDS
    assert "".join(line.text for line in lines) == TEXT
    assert [line.number for line in lines] == list(range(1, len(KINDS) + 1))
    assert [line.words for line in lines if line.kind == "block"] == [["general"], [""], ["next"]]
    assert [line.words for line in lines if line.kind == "row"] == [
        ["a.mrc", "_2"], ["data_1/a.mrc", "3"], ["data_2/b"], ["loop_x", "4"],
    ]  # fmt: skip
    assert lines[2].words == ["_rlnA", "a b"]


def test_the_line_of_an_open_quote_is_named():
    with pytest.raises(InputFileError, match=r"a\.star: .*line 4 has a quote"):
        list(star_lines("a.star", "data_\nloop_\n_rlnA\n'a.mrc\n"))
