"""Networks of detectors and classifiers, and their weights files."""
