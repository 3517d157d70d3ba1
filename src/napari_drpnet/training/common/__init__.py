"""Modules that both kinds of training use: fields, labels, targets and recipes."""
