"""The npe2 manifest: valid, found by napari, and the same file at the top of the repository."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from napari_drpnet.project.actions import ACTIONS

npe2 = pytest.importorskip("npe2")


@pytest.fixture
def manifest():
    return npe2.PluginManifest.from_distribution("napari-drpnet")


def test_the_manifest_is_valid_and_found_by_its_entry_point(manifest):
    assert manifest.name == "napari-drpnet"


def test_docks_have_the_same_title_whoever_opens_them(manifest):
    # napari's menu takes the one for the titles, `Window.add_plugin_dock_widget` the other.
    assert manifest.display_name == manifest.name


def test_the_manifest_at_the_top_is_the_one_in_the_package():
    package = find_spec("napari_drpnet").submodule_search_locations[0]
    shipped = Path(package) / "napari.yaml"
    top = Path(__file__).parents[2] / "napari.yaml"
    assert top.read_text() == shipped.read_text()


def test_every_python_name_is_there_and_can_be_called(manifest):
    from npe2.manifest.utils import import_python_name

    for contribution in manifest.contributions.commands:
        assert callable(import_python_name(contribution.python_name)), contribution.id


def test_every_contribution_has_its_command_and_every_command_is_ours(manifest):
    given = manifest.contributions
    commands = {command.id for command in given.commands}
    contributions = [
        *(given.readers or ()),
        *(given.writers or ()),
        *(given.sample_data or ()),
        *(given.widgets or ()),
    ]
    assert {contribution.command for contribution in contributions} <= commands
    assert all(command.startswith("napari-drpnet.") for command in commands)


def test_the_picker_is_in_a_menu_of_napari(manifest):
    (item,) = manifest.contributions.menus["napari/layers/segment"]
    assert item.command == "napari-drpnet.open_picker"


def test_npe2_validates_it():
    call = [sys.executable, "-m", "npe2", "validate", "napari-drpnet"]
    done = subprocess.run(call, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_in_the_command_palette(manifest):
    commands = {command.id for command in manifest.contributions.commands}
    assert {f"napari-drpnet.{name}" for name in ACTIONS} <= commands
