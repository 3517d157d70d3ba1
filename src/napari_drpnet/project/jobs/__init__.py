"""Jobs in threads, and the way back into the main thread."""
