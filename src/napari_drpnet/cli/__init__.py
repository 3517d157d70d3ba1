"""The command line `drpnet`: one verb per file."""
