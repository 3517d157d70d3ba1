"""The plugin's page in napari's Preferences."""

from pathlib import Path

import pytest

npe2 = pytest.importorskip("npe2")

from napari_drpnet.plugin.napari_hooks.settings import PluginSettings, read_settings  # noqa: E402


@pytest.fixture
def saved(plugin_settings, npe2pm):
    """What napari keeps for us, in a folder of this test."""
    from napari.settings import get_plugin_settings

    with npe2pm.tmp_plugin(package="napari-drpnet"):
        yield get_plugin_settings("napari-drpnet")


def test_the_manifest_and_the_code_agree_on_defaults(saved):
    assert read_settings() == PluginSettings()


def test_what_the_user_sets_is_read(saved):
    saved.compute.device = "cpu"
    saved.compute.cache_mb = 64
    saved.projects.autosave_folder = " ~/picks "
    assert read_settings() == PluginSettings("cpu", 64, Path.home() / "picks")


@pytest.mark.parametrize(("name", "value"), [("device", "toaster"), ("cache_mb", -1)])
def test_nonsense_is_refused(saved, name, value):
    with pytest.raises(ValueError, match=name):
        setattr(saved.compute, name, value)


def test_the_defaults_hold_where_napari_keeps_no_settings_of_ours(plugin_settings):
    assert read_settings() == PluginSettings()


def test_the_defaults_hold_where_napari_is_older(monkeypatch):
    monkeypatch.delattr("napari.settings.get_plugin_settings")
    assert read_settings() == PluginSettings()
