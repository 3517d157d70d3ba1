"""The work on many micrographs: labels, edits with undo, autosave, jobs. No Qt, no napari."""
