"""The fields of forms, made from the parameter models."""
