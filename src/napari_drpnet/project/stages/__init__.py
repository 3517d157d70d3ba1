"""The stages of picking: what they depend on, and their caches."""
