"""The tests of the window use public names only, as a user of its classes would."""

import ast
from pathlib import Path

import pytest

FILES = sorted(Path(__file__).parent.rglob("*.py"))
#: Attributes of napari for which there is no public name.
OF_NAPARI = {"_qt_open", "_qt_viewer", "_qt_window", "_set_source"}
#: A documented function of `os`.
OF_PYTHON = {"_exit"}


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def private_names(source):
    """List the private names that a file takes from elsewhere; `self` is a class of its own."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            if not (isinstance(node.value, ast.Name) and node.value.id == "self"):
                yield node.attr
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("napari_drpnet"):
            yield from (alias.name for alias in node.names if is_private(alias.name))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_private_attribute_is_touched(file):
    assert set(private_names(file.read_text(encoding="utf-8"))) <= OF_NAPARI | OF_PYTHON


def test_private_names_are_found():
    source = "from napari_drpnet.plugin import _a\npanel._b.c = self._d\ne.__f__()\n"
    assert list(private_names(source)) == ["_a", "_b"]
