"""Projects of many micrographs: labels, edits with undo, autosave, jobs. No Qt, no napari."""
