"""`drpnet gui`: the window."""

import os
import sys
from pathlib import Path

import click

PLUGIN, PICKER = "napari-drpnet", "DRPnet picker"


@click.command()
@click.argument(
    "paths",
    nargs=-1,
    type=click.Path(path_type=Path),
    metavar="[MICROGRAPH|FOLDER|STAR|PROJECT]...",
)
@click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that keeps the work [default: one that belongs to these paths]",
)
@click.option("--sample", is_flag=True, help="Open the simulated sample, picked")
def command(paths: tuple[Path, ...], project: Path | None, sample: bool) -> None:
    """Open the picker in napari.

    Picks, clicks and settings are saved as you work. The same paths open the same project again.
    """
    if sample and (paths or project):
        raise click.UsageError("--sample opens nothing else")
    for path in paths:
        if not path.exists() and not any(sign in str(path) for sign in "*?["):
            raise click.UsageError(f"there is no {path}")
    _require_display()
    try:
        import napari
    except ImportError as error:
        message = "napari is not installed here; run: pip install 'napari-drpnet[gui]'"
        raise click.ClickException(message) from error
    viewer = napari.Viewer(title="DRPnet")
    _, picker = viewer.window.add_plugin_dock_widget(PLUGIN, PICKER)
    picker.open(list(paths), project, sample=sample)
    napari.run()


def _require_display() -> None:
    """Say what else there is, before Qt ends the process because it cannot draw."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in screens):
        raise click.ClickException(
            "there is no display here: use drpnet pick, or a remote desktop such as VNC"
        )
