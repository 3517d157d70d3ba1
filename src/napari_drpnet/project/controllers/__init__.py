"""Controllers of a session, one for each task of the user."""
