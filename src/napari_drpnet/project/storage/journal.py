"""Journal of the edits since the last snapshot, one per line, so that a crash loses none."""

import json
import os
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.frozen import Stored
from napari_drpnet.project.state.edits import Edit


class _Line(Stored):
    n: int
    edit: Edit


class Journal:
    """Append-only file of numbered edits, one per line.

    The file is opened for each write, so that a missing file or a full disk is noticed at once.
    Edits that could not be written are written with the next edit.

    Parameters
    ----------
    path : path-like
        Path of the file.
    last : int
        Number of the last edit in the snapshot.
    """

    def __init__(self, path: str | os.PathLike[str], last: int) -> None:
        self._path = Path(path)
        #: Number of the last edit.
        self.last = last
        #: Number of lines in the file.
        self.length = 0
        self._end = 0  # size of the complete lines in bytes; the rest is an incomplete write
        self._unsaved: list[bytes] = []
        self._is_synced = True

    @property
    def unsaved(self) -> int:
        """Number of edits that could not be written yet."""
        return len(self._unsaved)

    def replay(self, apply: Callable[[Edit], None]) -> str | None:
        """Apply the edits that are not in the snapshot, and prepare the file for appending.

        An incomplete last line is cut off. The replay stops at a damaged line; a copy of the
        whole file is then kept under another name.

        Parameters
        ----------
        apply : callable
            Function that applies an edit; it raises ValueError if the edit does not fit.

        Returns
        -------
        str or None
            Message for the user about the damage; None if there was none.
        """
        data = self._path.read_bytes() if self._path.exists() else b""
        *lines, torn = data.split(b"\n")
        for line in lines:
            try:
                self._replay_line(line, apply)
            except (ValueError, RecursionError):
                break
            self.length += 1
            self._end += len(line) + 1
        complaint = self._keep_aside() if self.length < len(lines) else None
        if complaint or torn or not data:
            with open(self._path, "ab") as file:
                file.truncate(self._end)
        return complaint

    def append(self, edit: Edit) -> None:
        """Assign the next number to an edit and write it, after any unwritten edits.

        Raises
        ------
        OSError
            If the edit cannot be written; it is then kept in memory.
        """
        self.last += 1
        line = {"n": self.last, "edit": edit.model_dump(mode="json")}
        # ASCII only, so that names which are not UTF-8 survive too.
        self._unsaved.append(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        self.write()

    def write(self) -> None:
        """Write the edits that could not be written before.

        Raises
        ------
        OSError
            If they still cannot be written.
        """
        if not self._unsaved:
            return
        with open(self._path, "r+b", buffering=0) as file:
            if file.seek(0, os.SEEK_END) < self._end:
                raise OSError(None, "was truncated by another program", str(self._path))
            file.truncate(self._end)
            file.seek(self._end)
            data = memoryview(b"".join(self._unsaved))
            written = 0
            while written < len(data):
                written += file.write(data[written:])
        self._end += written
        self.length += len(self._unsaved)
        self._unsaved.clear()
        self._is_synced = False

    def sync(self) -> None:
        """Flush the written edits to disk, so that they survive a power failure.

        Raises
        ------
        OSError
            If the operating system cannot guarantee that.
        """
        if not self._is_synced:
            with open(self._path, "r+b") as file:
                os.fsync(file.fileno())
            self._is_synced = True

    def clear(self) -> None:
        """Remove all edits, after a snapshot of them has been written.

        Raises
        ------
        OSError
            If the file cannot be emptied, which is harmless.
        """
        self._unsaved.clear()
        self._is_synced = True
        with open(self._path, "wb"):
            self._end = self.length = 0

    def _replay_line(self, line: bytes, apply: Callable[[Edit], None]) -> None:
        entry = _Line.model_validate(json.loads(line))
        if entry.n > self.last + 1:
            raise ValueError(f"edits before {entry.n} are missing")
        if entry.n > self.last:
            apply(entry.edit)
            self.last = entry.n

    def _keep_aside(self) -> str:
        names = (self._path.with_name(f"{self._path.stem}-damaged-{k}.jsonl") for k in count(1))
        aside = next(name for name in names if not name.exists())
        with atomic_file(aside) as temporary:
            shutil.copyfile(self._path, temporary)
        return (
            f"{self._path} is damaged from line {self.length + 1} on. Edits up to there were "
            f"loaded; the whole file is kept as {aside.name}."
        )
