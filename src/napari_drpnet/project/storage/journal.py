"""The edits of a project since its last snapshot, one per line, so that a kill loses none."""

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
    """Numbered edits in a file to which whole lines are added.

    The file is opened for each writing: where it has gone, or a disk is full, that is noticed
    at once, and what could not be written is written with the next edit.

    Parameters
    ----------
    path : path-like
        The file.
    last : int
        Number of the last edit that the snapshot holds.
    """

    def __init__(self, path: str | os.PathLike[str], last: int) -> None:
        self._path = Path(path)
        #: Number of the last edit.
        self.last = last
        #: Lines in the file.
        self.length = 0
        self._end = 0  # bytes of whole lines; what lies behind was torn
        self._unsaved: list[bytes] = []
        self._is_synced = True

    @property
    def unsaved(self) -> int:
        """Number of edits that could not be written yet."""
        return len(self._unsaved)

    def replay(self, apply: Callable[[Edit], None]) -> str | None:
        """Apply the edits that the snapshot does not hold, and make the file ready for more.

        A last line that was torn is cut off. At a line that is damaged the replay stops; the
        whole file is then kept under another name.

        Returns
        -------
        str or None
            What was damaged, for the user.
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
        """Give an edit the next number and write it, after any that could not be written before.

        Raises
        ------
        OSError
            When it cannot be written; it is kept in memory.
        """
        self.last += 1
        line = {"n": self.last, "edit": edit.model_dump(mode="json")}
        # ASCII only, so that names which are not UTF-8 survive too.
        self._unsaved.append(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        self.write()

    def write(self) -> None:
        """Write what could not be written before.

        Raises
        ------
        OSError
            When it still cannot be written.
        """
        if not self._unsaved:
            return
        with open(self._path, "r+b", buffering=0) as file:
            if file.seek(0, os.SEEK_END) < self._end:
                raise OSError(None, "was cut by another program", str(self._path))
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
        """See that what was written survives a power cut.

        Raises
        ------
        OSError
            When the system cannot promise that.
        """
        if not self._is_synced:
            with open(self._path, "r+b") as file:
                os.fsync(file.fileno())
            self._is_synced = True

    def clear(self) -> None:
        """Forget all edits, since a snapshot holds them.

        Raises
        ------
        OSError
            When the file cannot be emptied; that does no harm.
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
