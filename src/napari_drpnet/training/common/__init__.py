"""What both ways of training share: fields, labels, targets, recipes."""
