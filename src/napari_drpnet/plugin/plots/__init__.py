"""Histograms, curves, losses and legends."""
