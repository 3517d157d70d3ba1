"""Short notes in a project folder, which are convenient but can be lost without harm."""

from contextlib import suppress
from pathlib import Path

from napari_drpnet.base.atomic_file import atomic_file


class NoteFile:
    """Short text that is kept in a file of its own.

    Parameters
    ----------
    path : pathlib.Path
        Path of the file. If it is missing or damaged, the text is empty.

    Attributes
    ----------
    text : str
        The text. It may be changed, and is written by `save`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._saved = self.text = _read(path)

    def save(self) -> None:
        """Write the text if it has changed; it is lost if that is impossible."""
        if self.text != self._saved:
            self._saved = self.text
            with suppress(OSError), atomic_file(self._path) as path:
                path.write_text(self.text, encoding="utf-8")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
