"""Whether a candidate is a particle."""
