"""Training of networks: simulated fields, targets, labels, fits and recommended cuts."""
