"""Table of micrographs."""
