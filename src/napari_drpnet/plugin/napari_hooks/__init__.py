"""Interfaces to napari: files, sample data, settings, window and threads."""
