"""How the shipped weights are made: simulated fields, targets, and the fits."""
