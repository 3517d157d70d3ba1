"""A project in a folder: a snapshot, a journal of the edits since, and candidates."""

import hashlib
import os
import re
from collections.abc import Sequence
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
from napari_drpnet.project.storage.snapshot import Snapshot, read_snapshot, write_snapshot

__all__ = [
    "ProjectInUseError",
    "ProjectStore",
    "StoredCandidates",
    "default_project_folder",
    "projects_root",
]

SNAPSHOT, JOURNAL = "project.json", "journal.jsonl"
#: A journal with more lines than this is long.
LONG = 2000


class ProjectInUseError(InputFileError):
    """Another window, or another process, has the project open."""


class ProjectStore:
    """Keeps a project on disk while it is open, edit by edit.

    Parameters
    ----------
    folder : pathlib.Path
        Of the project; `open` makes a store from it.
    lock : filelock.BaseFileLock
        Held until `close`.
    journal : Journal
        Of the edits since the snapshot.
    complaints : list of str
        What the user should know about damage that was found.
    """

    def __init__(
        self, folder: Path, lock: BaseFileLock, journal: Journal, complaints: list[str]
    ) -> None:
        self.folder = folder
        self.complaints = complaints
        self._lock = lock
        self._journal = journal
        #: Held while candidates are written, so that none are after `close`.
        self._writing = Lock()
        self._unwritten: dict[str, StoredCandidates] = {}

    @staticmethod
    def is_project(folder: Path) -> bool:
        """Tell whether there is a project in a folder."""
        return (folder / JOURNAL).is_file()  # other programs have a project.json, too

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> tuple[Self, Project]:
        """Open a project, which is empty where there was none, for this store alone.

        Parameters
        ----------
        folder : path-like
            Where it lives; made when missing.

        Returns
        -------
        ProjectStore
            To be closed.
        Project
            As it was when closed, or killed.

        Raises
        ------
        ProjectInUseError
            When it is open elsewhere.
        InputFileError
            When it is damaged, made by a newer version, or cannot be written to.
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
    def unsaved(self) -> int:
        """Number of edits that are in memory only, since they could not be written."""
        return self._journal.unsaved

    @property
    def is_long(self) -> bool:
        """Whether the journal has so many lines that it is time to `compact`."""
        return self._journal.length > LONG

    def append(self, edit: Edit) -> None:
        """Save an edit that was applied to the project; a kill does not lose it any more.

        Raises
        ------
        OSError
            When it cannot be saved. It is kept in memory, and saved with the next edit, or when
            all is saved by `compact` or `close`.
        """
        self._journal.append(edit)

    def sync(self) -> None:
        """See that all is saved, and survives a power cut too; slow, so about once a second.

        Raises
        ------
        OSError
            When it cannot be saved, or the system cannot promise that.
        """
        self._journal.write()
        self._journal.sync()

    def compact(self, project: Project) -> None:
        """Save the whole project as a snapshot, and empty the journal.

        A kill at any moment leaves both such that the same project is loaded.

        Parameters
        ----------
        project : Project
            With all edits applied that were appended, and no others.

        Raises
        ------
        OSError
            When the snapshot cannot be written; the earlier one and the journal are then as
            before. Or when the journal cannot be emptied, which does no harm.
        """
        snapshot = Snapshot(last_edit=self._journal.last, project=project.state)
        write_snapshot(self.folder / SNAPSHOT, snapshot)
        self._journal.clear()

    def close(self, project: Project) -> None:
        """Save all, and let others open the project. Closing twice is allowed.

        Parameters
        ----------
        project : Project
            As for `compact`.

        Raises
        ------
        OSError
            When edits could not be saved; they are lost unless the caller keeps the project.
        """
        if not self._lock.is_locked:
            return
        try:
            if self._journal.length or self._journal.unsaved:
                self.compact(project)
        except OSError:
            self._journal.write()
            self._journal.sync()
        finally:
            with self._writing:
                with suppress(OSError):  # they can be made again
                    self._write_candidates()
                self._lock.release()

    def save_candidates(self, micrograph_id: str, candidates: StoredCandidates) -> None:
        """Keep the candidates of a micrograph; any thread may do so.

        After `close` nothing is written: the folder may be another window's.

        Raises
        ------
        OSError
            When they cannot be written. They are kept in memory, and written with the next ones.
        """
        with self._writing:
            if self._lock.is_locked:
                self._unwritten[micrograph_id] = candidates
                self._write_candidates()

    def load_candidates(self, micrograph_id: str) -> StoredCandidates | None:
        """Return the candidates of a micrograph; None when absent or damaged."""
        unwritten = self._unwritten.get(micrograph_id)
        return unwritten or read_candidates(self._candidates_path(micrograph_id))

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
        return cls(folder, lock, journal, [complaint] if complaint else []), project

    def _candidates_path(self, micrograph_id: str) -> Path:
        return self.folder / "candidates" / f"{micrograph_id}.npz"


def _lock(folder: Path) -> BaseFileLock:
    lock = FileLock(folder / "lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        remedy = "Go to that window, or close it first"
        raise ProjectInUseError(folder, "another window has this project open", remedy) from error
    except NotImplementedError as error:  # older filelock, where the file system has no locks
        raise OSError(str(error)) from error
    return lock


def projects_root(setting: str | None) -> Path:
    """Return where projects go that the user gave no folder.

    Parameters
    ----------
    setting : str, optional
        The user's preference. The environment variable ``DRPNET_PROJECTS`` comes before it, and
        the user's data folder after it.
    """
    from platformdirs import user_data_path

    chosen = os.environ.get("DRPNET_PROJECTS") or setting
    return Path(chosen).expanduser() if chosen else user_data_path("napari-drpnet") / "projects"


def default_project_folder(root: Path, sources: Sequence[Path]) -> Path:
    """Return the folder of the project of what was opened: always the same, in any order.

    Parameters
    ----------
    root : pathlib.Path
        Folder of projects.
    sources : sequence of pathlib.Path
        Micrographs, folders, patterns or lists; at least one.
    """
    paths = sorted(os.path.abspath(source) for source in sources)
    digest = hashlib.sha256("\0".join(paths).encode(errors="surrogateescape")).hexdigest()
    stem = re.sub(r"[^\w.-]+", "_", Path(paths[0]).stem)[:60] or "project"
    return root / f"{stem}-{digest[:8]}"
