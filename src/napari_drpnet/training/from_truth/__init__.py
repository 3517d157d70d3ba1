"""Training on simulated and real micrographs with known truth."""
