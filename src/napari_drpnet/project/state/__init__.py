"""What a user can lose: settings, micrographs, labels, and their edits."""
