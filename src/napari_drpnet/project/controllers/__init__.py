"""The parts of a session, one for each thing that a user works on."""
