"""The command line `drpnet`: one verb per file, loaded when it is called."""

from napari_drpnet.cli.group import main

__all__ = ["main"]
