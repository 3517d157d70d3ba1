import subprocess
import sys
from importlib.metadata import version

import pytest

import napari_drpnet

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
