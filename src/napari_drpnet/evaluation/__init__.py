"""Evaluation of picks against true particles: matching, scores, tables and figures."""
