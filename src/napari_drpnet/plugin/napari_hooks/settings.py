"""Settings of this plugin in napari's Preferences."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PluginSettings:
    """Settings on the plugin's page in napari's Preferences.

    Parameters
    ----------
    device : str
        Device of new projects: ``auto`` or the name of a device in PyTorch.
    cache_mb : int
        Memory for the distance maps of micrographs shown before, in MB.
    autosave_folder : pathlib.Path, optional
        Folder of projects for which the user has chosen none. Default: the user's data folder.
    """

    device: str = "auto"
    cache_mb: int = 512
    autosave_folder: Path | None = None


def read_settings() -> PluginSettings:
    """Return the current settings, or the defaults if napari (before 0.9) stores none."""
    try:
        from napari.settings import get_plugin_settings

        saved = get_plugin_settings("napari-drpnet")
    except (ImportError, KeyError):
        return PluginSettings()
    folder = saved.projects.autosave_folder.strip()
    return PluginSettings(
        device=saved.compute.device,
        cache_mb=saved.compute.cache_mb,
        autosave_folder=Path(folder).expanduser() if folder else None,
    )
