"""The command line `drpnet`: one command per module, loaded when it is called."""

from napari_drpnet.cli.group import main

__all__ = ["main"]
