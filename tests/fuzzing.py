"""Random damage of files, for tests of readers."""

from dataclasses import dataclass

from hypothesis import strategies as st

#: Pieces of text that have broken readers of this or another program.
TOKENS = (
    *(b"\0", b"\x1b[31m", b"\r", b"\n", b"\t", b" ", b",", b'"', b"'", b"#", b"\x0c", b"\xff"),
    *("\u2028".encode(), "\x85".encode(), "\ufeff".encode(), b"\xed\xa0\x80", b'"\\ud800"'),
    *(b"nan", b"-nan", b"<NA>", b"None", b"null", b"inf", b"1e999", b"-1", b"0", b"1,5"),
    *(b"99999999999999999999", b"0x1f", b"..", b"/", b".", b"~", b"=1+1", b"\\"),
    *(b"loop_\n", b"data_\n", b"_rlnMicrographName\n", b"_rlnCoordinateX 1\n", b"{}", b"[]"),
    *(b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\0\0\x80\x7f", b"\0\0\0\0\0\0\0\0"),
)


@dataclass(frozen=True)
class Damage:
    """One change of a file: bytes replaced, inserted, removed or repeated at a position."""

    place: int
    length: int
    new: bytes
    repeat: bool

    def apply(self, content: bytes) -> bytes:
        start = self.place % (len(content) + 1)
        old = content[start : start + self.length]
        new = self.new + old * 2 if self.repeat else self.new
        return content[:start] + new + content[start + self.length :]


def damages() -> st.SearchStrategy[list[Damage]]:
    """Draw a few changes of a file."""
    return st.lists(
        st.builds(
            Damage,
            place=st.integers(0, 1 << 20),
            length=st.one_of(st.integers(0, 12), st.integers(0, 1 << 16)),
            new=st.one_of(st.just(b""), st.sampled_from(TOKENS), st.binary(max_size=8)),
            repeat=st.booleans(),
        ),
        min_size=1,
        max_size=4,
    )


def damaged(seed: bytes, changes: list[Damage]) -> bytes:
    """Apply changes to the content of a file."""
    for change in changes:
        seed = change.apply(seed)
    return seed
