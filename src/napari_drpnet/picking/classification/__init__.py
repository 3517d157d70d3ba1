"""Classification of candidates: P(particle) from patches and contexts."""
