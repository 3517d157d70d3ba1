"""Detectors: distance maps of micrographs and their maxima."""
