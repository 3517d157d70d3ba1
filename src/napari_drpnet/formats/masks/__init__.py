"""Files of masks, class maps and segmentations."""
