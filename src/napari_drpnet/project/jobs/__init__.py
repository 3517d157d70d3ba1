"""Jobs in threads, with their results delivered in the main thread."""
