"""The npe2 manifest: valid, found by napari, and the same file at the top of the repository."""

from importlib.util import find_spec
from pathlib import Path

import pytest

npe2 = pytest.importorskip("npe2")


def test_the_manifest_is_valid_and_found_by_its_entry_point():
    manifest = npe2.PluginManifest.from_distribution("napari-drpnet")
    assert manifest.name == "napari-drpnet"
    assert manifest.display_name == "DRPnet particle picker"


def test_the_manifest_at_the_top_is_the_one_in_the_package():
    package = find_spec("napari_drpnet").submodule_search_locations[0]
    shipped = Path(package) / "napari.yaml"
    top = Path(__file__).parents[2] / "napari.yaml"
    assert top.read_text() == shipped.read_text()
