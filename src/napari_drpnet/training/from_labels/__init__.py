"""Training on what a person labelled."""
