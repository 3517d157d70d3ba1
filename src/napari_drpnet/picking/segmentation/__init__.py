"""Semantic segmentation, CASSPER's method: a class for each pixel, dirt, and particles."""
