"""What happens on napari's canvas: mouse, keys, measuring, layers."""
