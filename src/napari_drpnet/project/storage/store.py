"""Project folder with a snapshot, a journal of later edits, and candidates."""

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Self

from filelock import BaseFileLock, FileLock, Timeout

from napari_drpnet.base.atomic_file import remove_leftovers
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.project.state.edits import Edit
from napari_drpnet.project.state.model import Project
from napari_drpnet.project.storage.candidate_files import (
    StoredCandidates,
    read_candidates,
    write_candidates,
)
from napari_drpnet.project.storage.journal import Journal
from napari_drpnet.project.storage.note_file import NoteFile
from napari_drpnet.project.storage.snapshot import (
    Snapshot,
    needed_format,
    read_snapshot,
    write_snapshot,
)

__all__ = [
    "ProjectInUseError",
    "ProjectStore",
    "StoredCandidates",
    "default_project_folder",
    "projects_root",
]

SNAPSHOT, JOURNAL = "project.json", "journal.jsonl"
SHOWN, PICKS_SHOWN = "last_shown.txt", "pick_when_shown.txt"
_CANDIDATES, _SEGMENTED = "candidates", "segmented"
#: Number of lines above which the journal should be compacted.
LONG = 2000


class ProjectInUseError(InputFileError):
    """Error that another window or process has the project open."""


class ProjectStore:
    """Saves an open project to its folder, edit by edit.

    Parameters
    ----------
    folder : pathlib.Path
        Project folder. Use `open` to create a store.
    lock : filelock.BaseFileLock
        Lock of the folder, held until `close`.
    journal : Journal
        Journal of the edits since the snapshot.
    complaints : list of str
        Messages for the user about damage that was found.
    snapshot_format : int
        Format of the snapshot in the folder.
    """

    def __init__(
        self,
        folder: Path,
        lock: BaseFileLock,
        journal: Journal,
        complaints: list[str],
        snapshot_format: int,
    ) -> None:
        self.folder = folder
        self.complaints = complaints
        self._lock = lock
        self._journal = journal
        self._format = snapshot_format
        #: Held while candidates are written, so that none are written after `close`.
        self._writing = Lock()
        self._unwritten: dict[str, StoredCandidates] = {}
        self._shown, self._picks_shown = NoteFile(folder / SHOWN), NoteFile(folder / PICKS_SHOWN)

    @staticmethod
    def is_project(folder: Path) -> bool:
        """Return whether a folder contains a project."""
        return (folder / JOURNAL).is_file()  # other programs also write a project.json

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> tuple[Self, Project]:
        """Open a project with exclusive access; create an empty one if there is none.

        Parameters
        ----------
        folder : path-like
            Project folder, created if missing.

        Returns
        -------
        ProjectStore
            Store of the project, which the caller must close.
        Project
            Project with all edits saved before it was closed or the program was killed.

        Raises
        ------
        ProjectInUseError
            If the project is open elsewhere.
        InputFileError
            If the project is damaged, was made by a newer version, or cannot be written to.
        """
        path = Path(folder).expanduser().absolute()
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = _lock(path)
            try:
                return cls._load(path, lock)
            except BaseException:
                lock.release()
                raise
        except OSError as error:
            reason = f"cannot be used as a project folder ({error.strerror or error})"
            raise InputFileError(path, reason, "Choose a folder that can be written to") from error

    @property
    def last_shown(self) -> str:
        """Id of the micrograph that was shown last; empty if unknown.

        Like `picks_shown` it is saved by `sync` and `close`, if that is possible.
        """
        return self._shown.text

    @last_shown.setter
    def last_shown(self, micrograph_id: str) -> None:
        self._shown.text = micrograph_id

    @property
    def picks_shown(self) -> bool | None:
        """Whether micrographs are picked when they are shown; None if never chosen."""
        return {"on": True, "off": False}.get(self._picks_shown.text)

    @picks_shown.setter
    def picks_shown(self, is_on: bool | None) -> None:
        self._picks_shown.text = "" if is_on is None else "on" if is_on else "off"

    @property
    def unsaved(self) -> int:
        """Number of edits that are only in memory, since they could not be written."""
        return self._journal.unsaved

    @property
    def is_long(self) -> bool:
        """Whether the journal is so long that `compact` should be called."""
        return self._journal.length > LONG

    def is_outdated(self, project: Project) -> bool:
        """Return whether the snapshot does not tell earlier versions that they cannot read this.

        They would take what they do not know in the journal for damage, so `compact` should be
        called.
        """
        return self._format < needed_format(project.state)

    def append(self, edit: Edit) -> None:
        """Save an edit that was applied to the project, so that a crash does not lose it.

        Raises
        ------
        OSError
            If the edit cannot be saved. It is then kept in memory, and saved with the next edit
            or by `compact` or `close`.
        """
        self._journal.append(edit)

    def sync(self) -> None:
        """Flush all edits to disk, so that they survive a power failure.

        This is slow, so it should be called about once a second at most.

        Raises
        ------
        OSError
            If edits cannot be saved, or the operating system cannot guarantee that.
        """
        self._save_notes()
        self._journal.write()
        self._journal.sync()

    def compact(self, project: Project) -> None:
        """Save the whole project as a snapshot, and empty the journal.

        If the program is killed at any moment, the same project is loaded from both files.

        Parameters
        ----------
        project : Project
            Project to which exactly the appended edits have been applied.

        Raises
        ------
        OSError
            If the snapshot cannot be written; the earlier one and the journal are then
            unchanged. Also if the journal cannot be emptied, which is harmless.
        """
        snapshot = Snapshot(last_edit=self._journal.last, project=project.state)
        self._format = write_snapshot(self.folder / SNAPSHOT, snapshot)
        self._journal.clear()

    def close(self, project: Project) -> None:
        """Save all edits and release the project. Closing twice is allowed.

        Parameters
        ----------
        project : Project
            Project to which exactly the appended edits have been applied.

        Raises
        ------
        OSError
            If edits could not be saved; they are lost unless the caller keeps the project.
        """
        if not self._lock.is_locked:
            return
        self._save_notes()
        try:
            if self._journal.length or self._journal.unsaved:
                self.compact(project)
        except OSError:
            self._journal.write()
            self._journal.sync()
        finally:
            with self._writing:
                with suppress(OSError):  # candidates can be recomputed
                    self._write_candidates()
                self._lock.release()

    def save_candidates(self, micrograph_id: str, candidates: StoredCandidates) -> None:
        """Save the candidates of a micrograph; any thread may call this.

        Nothing is written after `close`, since another window may have the project open.

        Raises
        ------
        OSError
            If they cannot be written. They are kept in memory, and written with the next ones.
        """
        with self._writing:
            if self._lock.is_locked:
                self._unwritten[micrograph_id] = candidates
                self._write_candidates()

    def remove_candidates(self, micrograph_ids: Iterable[str]) -> None:
        """Remove the candidates of micrographs, which are not picked any more.

        Nothing is removed after `close`.

        Raises
        ------
        OSError
            If they cannot be removed.
        """
        with self._writing:
            for micrograph_id in micrograph_ids if self._lock.is_locked else ():
                self._unwritten.pop(micrograph_id, None)
                self._candidates_path(micrograph_id).unlink(missing_ok=True)

    def load_candidates(self, micrograph_id: str) -> StoredCandidates | None:
        """Return the candidates of a micrograph; None if absent or damaged."""
        unwritten = self._unwritten.get(micrograph_id)
        return unwritten or read_candidates(self._candidates_path(micrograph_id))

    def save_dirty_area(self, micrograph_id: str, area: float) -> None:
        """Save the share of dirt in a micrograph that was segmented; any thread may call this.

        It is lost if it cannot be written, and nothing is written after `close`.
        """
        with self._writing:
            if self._lock.is_locked:
                note = NoteFile(self._dirt_path(micrograph_id))
                note.text = repr(area)
                note.save()

    def load_dirty_area(self, micrograph_id: str) -> float | None:
        """Return the share of dirt in a micrograph; None if it was not segmented or is unknown."""
        try:
            area = float(NoteFile(self._dirt_path(micrograph_id)).text)
        except ValueError:
            return None
        return area if 0 <= area <= 1 else None

    def stored_ids(self) -> set[str]:
        """Return the ids of the micrographs that have candidates, which may be damaged."""
        files = (self.folder / _CANDIDATES).glob("*.npz")
        return {file.stem for file in files} | self._unwritten.keys()

    def _write_candidates(self) -> None:
        for micrograph_id in list(self._unwritten):
            path = self._candidates_path(micrograph_id)
            remove_leftovers(path)
            write_candidates(path, self._unwritten[micrograph_id])
            del self._unwritten[micrograph_id]

    @classmethod
    def _load(cls, folder: Path, lock: BaseFileLock) -> tuple[Self, Project]:
        remove_leftovers(folder / SNAPSHOT)
        snapshot = read_snapshot(folder / SNAPSHOT)
        project = Project.from_state(snapshot.project)
        journal = Journal(folder / JOURNAL, snapshot.last_edit)
        complaint = journal.replay(project.apply)
        complaints = [complaint] if complaint else []
        return cls(folder, lock, journal, complaints, snapshot.format), project

    def _save_notes(self) -> None:
        self._shown.save()
        self._picks_shown.save()

    def _dirt_path(self, micrograph_id: str) -> Path:
        return self.folder / _SEGMENTED / f"{micrograph_id}.txt"

    def _candidates_path(self, micrograph_id: str) -> Path:
        return self.folder / _CANDIDATES / f"{micrograph_id}.npz"


def _lock(folder: Path) -> BaseFileLock:
    lock = FileLock(folder / "lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        remedy = "Go to that window, or close it first"
        raise ProjectInUseError(folder, "another window has this project open", remedy) from error
    except NotImplementedError as error:  # old filelock without support by the file system
        raise OSError(str(error)) from error
    return lock


def projects_root(setting: str | None) -> Path:
    """Return the folder for projects for which the user has chosen no folder.

    Parameters
    ----------
    setting : str, optional
        Folder in the user's preferences. The environment variable ``DRPNET_PROJECTS`` takes
        precedence; without both it is the user's data folder.
    """
    from platformdirs import user_data_path

    chosen = os.environ.get("DRPNET_PROJECTS") or setting
    return Path(chosen).expanduser() if chosen else user_data_path("napari-drpnet") / "projects"


def default_project_folder(root: Path, sources: Sequence[Path]) -> Path:
    """Return the project folder for opened files: the same for the same files in any order.

    Parameters
    ----------
    root : pathlib.Path
        Folder that contains the projects.
    sources : sequence of pathlib.Path
        Micrographs, folders, patterns or lists; at least one.
    """
    paths = sorted(os.path.abspath(source) for source in sources)
    digest = hashlib.sha256("\0".join(paths).encode(errors="surrogateescape")).hexdigest()
    stem = re.sub(r"[^\w.-]+", "_", Path(paths[0]).stem)[:60] or "project"
    return root / f"{stem}-{digest[:8]}"
