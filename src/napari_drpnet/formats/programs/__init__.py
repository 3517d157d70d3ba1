"""Readers and writers of coordinate files, one module per program or file format."""
