"""Coordinate files, one module per program or file format."""
