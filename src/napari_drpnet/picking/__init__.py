"""Picking of one micrograph: parameters, detection, classification and advice."""
