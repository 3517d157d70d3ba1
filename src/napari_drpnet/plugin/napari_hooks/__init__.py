"""What napari calls or provides: files, sample, settings, window, threads."""
