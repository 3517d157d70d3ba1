"""From the labels of a project to networks that learned from them."""
