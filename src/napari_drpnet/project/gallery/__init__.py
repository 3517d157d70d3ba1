"""Gallery of particles: which points are in it, their thumbnails, and the grid that shows them."""
