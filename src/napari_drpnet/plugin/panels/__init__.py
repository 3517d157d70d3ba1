"""Panels of the plugin; they contain no arithmetic on picks."""
