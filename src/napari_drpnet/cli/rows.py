"""The number of rows of a micrograph, which a flip needs."""

from napari_drpnet.micrograph import read_micrograph


def count_rows(text: str) -> int:
    """Read a number, or take the height of the micrograph of this name."""
    return int(text) if text.isdecimal() else read_micrograph(text).shape[0]
