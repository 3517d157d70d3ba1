"""2D averages: reference-free class averages of boxes around picks."""
