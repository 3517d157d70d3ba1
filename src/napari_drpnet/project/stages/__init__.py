"""Stages of picking in a project: plans, cache keys, caches and decisions."""
