"""A project on disk."""
