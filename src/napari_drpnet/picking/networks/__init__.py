"""The two networks of DRPnet, and the files that hold their weights."""
