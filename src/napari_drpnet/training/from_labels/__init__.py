"""Training on the labels of micrographs."""
