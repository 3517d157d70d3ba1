"""The table of micrographs."""
