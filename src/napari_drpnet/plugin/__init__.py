"""The napari plugin: panels, layers and mouse handling on top of `napari_drpnet.project`."""
