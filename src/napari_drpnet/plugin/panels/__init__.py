"""The dock widgets, one panel each; they hold no arithmetic on picks."""
