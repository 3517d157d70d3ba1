from pathlib import Path

import pytest
from pydantic import Field

from napari_drpnet.project.files.kept_choice import KeptChoice


class Choice(KeptChoice):
    folder: Path | None = None
    count: int = Field(3, ge=0)


def test_a_choice_survives_with_names_that_are_not_utf8(tmp_path):
    choice = Choice(folder=Path("/data/\udc80é"), count=5)
    choice.save(tmp_path / "choice.json")
    assert Choice.load(tmp_path / "choice.json") == choice


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"count": -1}', '{"unknown": 1}', "[" * 100_000]
)
def test_a_damaged_file_gives_the_defaults(tmp_path, content):
    (tmp_path / "choice.json").write_text(content)
    assert Choice.load(tmp_path / "choice.json") == Choice()


def test_a_missing_file_gives_the_defaults(tmp_path):
    assert Choice.load(tmp_path / "choice.json") == Choice()
