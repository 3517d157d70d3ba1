import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

import napari_drpnet

ROOT = Path(__file__).parents[1]

HEAVY = ("torch", "numba", "pandas", "scipy", "h5py", "matplotlib", "qtpy", "PyQt6", "napari")


def modules_after(statement):
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    assert not modules_after("import napari_drpnet").intersection(HEAVY)


def test_reading_and_parameters_load_nothing_heavy():
    loaded = modules_after(
        "from napari_drpnet import read_micrograph, read_coordinates, PickParameters, Picks"
    )
    assert "napari_drpnet.images.micrograph" in loaded
    assert not loaded.intersection({"torch", "numba", "pandas", "qtpy", "napari"})


def test_the_core_loads_neither_qt_nor_napari():
    loaded = modules_after(
        "from napari_drpnet import pick, evaluate_picks, simulate_micrograph; "
        "import napari_drpnet.training.from_truth.fit, napari_drpnet.picking.networks.weights"
    )
    assert not loaded.intersection({"qtpy", "PyQt6", "PySide6", "napari", "magicgui", "superqt"})


@pytest.mark.parametrize("name", napari_drpnet.__all__)
def test_public_names_resolve(name):
    thing = getattr(napari_drpnet, name)
    assert thing.__name__ == name
    assert thing.__doc__
    assert thing.__module__.startswith("napari_drpnet.")


def test_public_names_are_the_lazy_ones():
    assert sorted(napari_drpnet._HOMES) == sorted(napari_drpnet.__all__)


def test_other_names_do_not_resolve():
    with pytest.raises(AttributeError, match="no attribute 'teleport'"):
        napari_drpnet.teleport  # noqa: B018


def test_the_version_is_that_of_the_distribution():
    assert version("napari-drpnet") == napari_drpnet.__version__


def requirements_of(extra):
    """Return what an extra installs, with the extras that it names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = set()
    for each in project["optional-dependencies"][extra]:
        own = each.removeprefix("napari-drpnet[").removesuffix("]")
        found |= {each} if own == each else requirements_of(own)
    return found


def test_each_extra_of_the_window_brings_the_qt_that_it_names():
    alone = requirements_of("gui-any-qt")
    assert requirements_of("gui-pyqt6") == requirements_of("gui") == alone | {"napari[pyqt6]>=0.9"}
    assert requirements_of("gui-pyside6") == alone | {"napari[pyside6]>=0.9"}
    assert not any("qt6" in each or "pyside" in each for each in alone)


def test_nothing_but_the_cluster_opens_connections():
    modules = r"(urllib\.request|urllib3|http|requests|httpx|aiohttp|socket|ftplib|smtplib)"
    imports = re.compile(rf"^\s*(import|from) {modules}\b", re.MULTILINE)
    sources = list((ROOT / "src").rglob("*.py"))
    assert len(sources) > 300
    assert [path for path in sources if imports.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda p: p.stem)
def test_files_for_github_are_valid_yaml(path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    if path.parent.name == "workflows":
        assert all(job["runs-on"] and job["steps"] for job in content["jobs"].values())
