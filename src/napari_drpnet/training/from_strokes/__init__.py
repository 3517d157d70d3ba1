"""Training of a segmenter on strokes that the user has painted."""
