"""How weights are made: simulated fields, targets, labels, fits, and the choice of cuts."""
