"""The napari plugin: windows, layers and mouse over `napari_drpnet.project`."""
