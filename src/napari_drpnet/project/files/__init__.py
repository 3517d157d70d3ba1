"""Files that a project writes for other programs, and reads from them."""
