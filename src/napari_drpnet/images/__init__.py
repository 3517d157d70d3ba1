"""Micrographs as pixels: files, preprocessing, pictures for the eye."""
