"""`drpnet gui`: open the picker in napari."""

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
    help="Project folder [default: the one that belongs to these paths]",
)
@click.option("--sample", is_flag=True, help="Open the simulated sample micrograph with its picks")
def command(paths: tuple[Path, ...], project: Path | None, sample: bool) -> None:
    """Open the picker in napari.

    Picks, clicks and settings are saved as you work. The same paths open the same project again.
    """
    if sample and (paths or project):
        raise click.UsageError("--sample cannot be combined with paths or --project")
    for path in paths:
        if not path.exists() and not any(sign in str(path) for sign in "*?["):
            raise click.UsageError(f"{path} does not exist")
    _require_display()
    try:
        import napari
    except ModuleNotFoundError as error:
        if error.name != "napari":  # a broken napari is told as such
            raise
        message = "napari is not installed here; run: pip install 'napari-drpnet[gui]'"
        raise click.ClickException(message) from error
    viewer = napari.Viewer(title="DRPnet")
    _, picker = viewer.window.add_plugin_dock_widget(PLUGIN, PICKER)
    picker.open(list(paths), project, sample=sample)
    napari.run()


def _require_display() -> None:
    """Raise an error without a display, because Qt would abort the process."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in screens):
        raise click.ClickException(
            "there is no display here: use drpnet pick, or a remote desktop such as VNC"
        )
