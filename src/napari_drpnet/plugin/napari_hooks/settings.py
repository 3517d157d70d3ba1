"""What the user has set for this plugin in napari's Preferences."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PluginSettings:
    """The plugin's page in napari's Preferences.

    Parameters
    ----------
    device : str
        ``auto``, or a device as torch names it.
    cache_mb : int
        Memory for the distance maps of micrographs seen before, in MB.
    autosave_folder : pathlib.Path, optional
        Where projects without a folder of their own are kept; None: the plugin chooses.
    """

    device: str = "auto"
    cache_mb: int = 512
    autosave_folder: Path | None = None


def read_settings() -> PluginSettings:
    """Return the settings as they are now; the defaults where napari (before 0.9) keeps none."""
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
