"""Thumbnails of points: how they look, and the area that scrolls them."""
