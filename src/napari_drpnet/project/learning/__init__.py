"""Training of networks on the labels of a project."""
