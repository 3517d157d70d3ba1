"""Form fields, made from the parameter models."""
