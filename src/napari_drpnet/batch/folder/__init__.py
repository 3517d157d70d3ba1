"""The output folder of a batch: what is written, recorded and finished."""
