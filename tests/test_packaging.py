"""Files for package indexes, conda, modules and citations agree with each other and the code."""

import re
import runpy
import tomllib
from pathlib import Path

import pytest
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

from napari_drpnet import __version__

ROOT = Path(__file__).parents[1]
HOOK = runpy.run_path(str(ROOT / "hatch_build.py"))
ADDRESS = "https://example.org/somebody/napari-drpnet"
#: Distributions that conda-forge has under another name.
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def metadata():
    return ProjectMetadata(str(ROOT), PluginManager()).core


def test_links_of_the_readme_are_absolute_where_the_address_is_known(monkeypatch):
    monkeypatch.setenv("DRPNET_REPOSITORY", f"{ADDRESS}/")
    text = metadata().readme
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert len(targets) > 30
    assert all(target.startswith("https://") for target in targets)
    assert f"]({ADDRESS}/raw/HEAD/docs/images/window.gif)" in text
    assert f"[docs/tutorial.md]({ADDRESS}/blob/HEAD/docs/tutorial.md)" in text
    assert metadata().urls["Issues"] == f"{ADDRESS}/issues"


def test_without_an_address_the_readme_has_no_links_that_lead_nowhere(monkeypatch):
    monkeypatch.delenv("DRPNET_REPOSITORY", raising=False)
    text = metadata().readme
    assert re.findall(r"\]\((?!https://)", text) == []
    assert "window.gif" not in text
    assert "Green rings are accepted" not in text
    assert metadata().urls == {}


@pytest.mark.parametrize(
    ("markdown", "here", "elsewhere"),
    [
        ("[a](docs/a.md#b)", "a", f"[a]({ADDRESS}/blob/HEAD/docs/a.md#b)"),
        ("[a\nb](a.md)", "a\nb", f"[a\nb]({ADDRESS}/blob/HEAD/a.md)"),
        ("[a](https://b.org)", "[a](https://b.org)", "[a](https://b.org)"),
        ("![a](b.png)", "", f"![a]({ADDRESS}/raw/HEAD/b.png)"),
    ],
)
def test_a_link_of_each_kind(markdown, here, elsewhere):
    assert HOOK["description"](markdown, "") == here
    assert HOOK["description"](markdown, ADDRESS) == elsewhere


def test_the_citation_is_of_the_last_release_in_the_changelog():
    released = dict(re.findall(r"^## \[([\d.]+)\] - (\S+)$", read("CHANGELOG.md"), re.MULTILINE))
    citation = dict(re.findall(r'^([\w-]+): "?([^"\n]+)"?$', read("CITATION.cff"), re.MULTILINE))
    assert citation["version"] == next(iter(released)) == __version__
    assert citation["date-released"] == released[__version__]


def test_the_conda_recipe_needs_what_the_package_needs():
    recipe = read("packaging/conda/recipe.yaml")
    run = re.search(r"^  run:\n(.*?)^  \w", recipe, re.DOTALL | re.MULTILINE)[1]
    project = tomllib.loads(read("pyproject.toml"))["project"]
    parts = [re.fullmatch(r"([\w-]+)(.*)", each).groups() for each in project["dependencies"]]
    needed = [f"{CONDA_NAMES.get(name, name)} {bound}" for name, bound in parts]
    python = f"python {project['requires-python']}"
    assert re.findall(r"^    - (.*)$", run, re.MULTILINE) == [python, *needed]


def test_the_version_is_the_same_in_every_package():
    assert f"  version: {__version__}\n" in read("packaging/conda/recipe.yaml")
    modules = sorted((ROOT / "packaging" / "lmod" / "napari-drpnet").iterdir())
    assert [path.name for path in modules] == [f"{__version__}.lua"]
