"""Plots of scores, rates and losses, and the legend."""
