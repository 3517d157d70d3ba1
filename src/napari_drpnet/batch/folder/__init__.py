"""The output folder of a batch: output files, records of finished micrographs, results."""
