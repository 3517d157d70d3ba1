"""Reading, preprocessing and display of micrographs."""
