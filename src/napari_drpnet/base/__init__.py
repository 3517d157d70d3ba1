"""Shared foundations: errors, jobs, devices, atomic files, geometry, text, point tables."""
