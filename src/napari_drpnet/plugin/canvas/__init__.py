"""Mouse, keys, measuring and layers on napari's canvas."""
