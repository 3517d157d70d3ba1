"""RELION's lists of micrographs, written: some rows of one, or a new one."""

import re
from collections.abc import Container, Iterable, Iterator

from napari_drpnet.base.text import AnyPath, read_text, write_text
from napari_drpnet.relion.lists import OPTICS_GROUP, PIXEL_SIZE, MicrographEntry
from napari_drpnet.relion.star_tables import MICROGRAPH_NAME, begins_block, format_table

#: What RELION calls the list of micrographs that a person has chosen.
SELECTED = "micrographs_selected.star"

_OPTICS_GROUP_NAME = "rlnOpticsGroupName"
_WORD = re.compile(r"\"[^\"]*\"|'[^']*'|\S+")
_VERSION = "\n# version 30001\n"


def copy_micrographs_star(source: AnyPath, target: AnyPath, names: Container[str]) -> None:
    """Write a list of micrographs anew with some of its rows.

    Parameters
    ----------
    source : path-like
        A list that `read_micrographs_star` reads.
    target : path-like
        The file to create or replace. Rows that stay, and all other tables, such as the optics
        groups, are as in `source` to the letter.
    names : container of str
        The micrographs to keep, by ``_rlnMicrographName``.

    Raises
    ------
    InputFileError
        When `source` cannot be read.
    OSError
        When `target` cannot be written.
    """
    lines = _kept_lines(read_text(source), names)
    write_text(target, "".join(f"{line}\n" for line in lines))


def write_micrographs_star(path: AnyPath, entries: Iterable[MicrographEntry]) -> None:
    """Write a new list of micrographs, with an optics group for each pixel size.

    Parameters
    ----------
    path : path-like
        The file to create or replace. It has names and pixel sizes; voltage and spherical
        aberration, which RELION's own lists have too, nobody has told us.
    entries : iterable of MicrographEntry
        The micrographs.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    entries = list(entries)
    sizes = list(dict.fromkeys(entry.pixel_size_angstrom for entry in entries))
    group_of = {size: str(number) for number, size in enumerate(sizes, start=1)}
    optics = {
        _OPTICS_GROUP_NAME: [f"opticsGroup{group}" for group in group_of.values()],
        OPTICS_GROUP: list(group_of.values()),
        PIXEL_SIZE: ["<NA>" if size is None else f"{size:.6f}" for size in sizes],
    }
    micrographs = {
        MICROGRAPH_NAME: [entry.name for entry in entries],
        OPTICS_GROUP: [group_of[entry.pixel_size_angstrom] for entry in entries],
    }
    tables = (format_table("optics", optics), format_table("micrographs", micrographs))
    write_text(path, "".join(f"{_VERSION}{table}" for table in tables))


def _kept_lines(text: str, names: Container[str]) -> Iterator[str]:
    """Yield all lines but rows of other micrographs."""
    labels: list[str] = []
    in_loop = has_rows = False
    for line in text.splitlines():
        words = _WORD.findall(line)
        first = words[0] if words else "#"
        if begins_block(line) or first == "loop_":
            labels, in_loop, has_rows = [], first == "loop_", False
        elif in_loop and first.startswith("_") and not has_rows:
            labels.append(first.removeprefix("_"))
        elif in_loop and not first.startswith("#"):
            has_rows = True
            if MICROGRAPH_NAME in labels:
                name = words[labels.index(MICROGRAPH_NAME)].strip("\"'")
                if name not in names:
                    continue
        yield line
