"""Opening of micrographs, which are listed in a thread and added to the project."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.wording import counted
from napari_drpnet.batch import BatchEntry, list_entries
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.state.edits import MicrographEdit, MicrographRecord, SettingsEdit
from napari_drpnet.project.workspace import Workspace

Sources = list[Path]
Listed = tuple[Sources, list[BatchEntry] | Exception]


class Opener:
    """Adds micrographs to the project that is open.

    Parameters
    ----------
    workspace : Workspace
        Workspace with the open project.
    current : CurrentMicrograph
        Micrograph that is shown.
    """

    def __init__(self, workspace: Workspace, current: CurrentMicrograph) -> None:
        self._workspace, self._current = workspace, current
        self._asked: list[Sources] = []
        workspace.project_changed.connect(self._forget)

    def open(self, sources: Sources, project_folder: Path) -> None:
        """List micrographs in a thread, with those of pending requests, and add them."""
        self._asked.append(sources)
        known = [record.path for record in self._workspace.project.micrographs.values()]
        work = partial(_list, tuple(self._asked), project_folder, known)
        self._workspace.runner.submit("list", work, self._add, self._fail)

    def _forget(self) -> None:
        self._asked.clear()

    def _fail(self, error: Exception) -> None:
        self._forget()
        self._workspace.runner.errored.emit("list", error)

    def _add(self, lists: list[Listed]) -> None:
        """Add micrographs that are new to the project, and show the first; not an undo step."""
        self._forget()
        workspace, project = self._workspace, self._workspace.project
        first = project.next_micrograph_number()
        for sources, entries in lists:
            if isinstance(entries, Exception):
                workspace.runner.errored.emit("list", entries)
            else:
                self._add_list(_only_star(sources), entries)
        new = [record.id for record in project.micrographs.values() if record.number >= first]
        if new or self._current.id is None:
            self._current.select(next(iter(new or project.micrographs), None))

    def _add_list(self, star: Path | None, entries: list[BatchEntry]) -> None:
        workspace, project = self._workspace, self._workspace.project
        if star is not None:
            self._adopt_names(star, entries)
        self._tell_links(entries)
        known = {record.path for record in project.micrographs.values()}
        new = [entry for entry in entries if _file_of(entry) not in known]
        first = project.next_micrograph_number()
        records = tuple(MicrographRecord.of(first + k, entry) for k, entry in enumerate(new))
        if records:
            workspace.do_quietly(MicrographEdit(before=(), after=records))

    def _tell_links(self, entries: list[BatchEntry]) -> None:
        """Tell the user that a file with several names is one micrograph."""
        linked = [entry for entry in entries if entry.links]
        if linked:
            count, first = sum(len(entry.links) for entry in linked), linked[0]
            left_out = counted(count, "link") + (" was" if count == 1 else " were")
            example = f"{first.links[0].name} is {_file_of(first).name}"
            self._workspace.notify("info", f"{left_out} left out: each file counts once. {example}")

    def _adopt_names(self, star: Path, entries: list[BatchEntry]) -> None:
        """Update micrographs that are in the project already from RELION's list.

        Earlier steps can no longer be undone, since they start from the previous records.
        """
        workspace, project = self._workspace, self._workspace.project
        records = {record.path: record for record in project.micrographs.values()}
        pairs = [
            (record, _listed_as(record, entry))
            for entry in entries
            if (record := records.get(_file_of(entry)))
        ]
        before, settings = [pair for pair in pairs if pair[0] != pair[1]], project.settings
        if before:
            old, new = zip(*before, strict=True)
            workspace.do_quietly(MicrographEdit(before=old, after=new))
        if settings.micrographs_star != star:
            after = settings.model_copy(update={"micrographs_star": star})
            workspace.do_quietly(SettingsEdit(before=settings, after=after))
        if before or settings.micrographs_star != star:
            workspace.forget_steps()


def _list(
    asked: Sequence[Sources], project_folder: Path, known: Iterable[Path], job: Job
) -> list[Listed]:
    """List micrographs; those that are known under another name get that one; the work of a job."""
    lists: list[Listed] = []
    names = {os.path.realpath(path): path for path in known}
    for done, sources in enumerate(asked):
        job.advance(done, len(asked), "looking for micrographs")
        try:
            entries = list_entries(sources, project_folder)
            lists.append((sources, [_as_known(entry, names) for entry in entries]))
        except (InputFileError, OSError) as error:
            lists.append((sources, error))
    return lists


def _only_star(sources: Sources) -> Path | None:
    """Return RELION's list if it is the only opened file, else None."""
    is_list = len(sources) == 1 and sources[0].suffix.lower() == ".star"
    return sources[0] if is_list else None


def _as_known(entry: BatchEntry, names: dict[str, Path]) -> BatchEntry:
    """Return an entry under the name by which its file is known; else note its name."""
    here = _file_of(entry)
    known = names.setdefault(os.path.realpath(here), here)
    if known == here:
        return entry
    links = tuple(link for link in entry.links if link != known)
    return replace(entry, micrograph=replace(entry.micrograph, path=known), links=(here, *links))


def _file_of(entry: BatchEntry) -> Path:
    return Path(os.path.abspath(entry.micrograph.path))


def _listed_as(record: MicrographRecord, entry: BatchEntry) -> MicrographRecord:
    """Return a record updated from its entry in a list."""
    listed = MicrographRecord.of(record.number, entry)
    return listed.model_copy(update={"id": record.id, "included": record.included})
