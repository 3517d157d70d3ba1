"""One user at work on a project: what is open, what is chosen, what runs, what can be undone."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from psygnal import Signal
from pydantic import BaseModel, ValidationError

from napari_drpnet.errors import InputFileError
from napari_drpnet.parameters import DetectorParameters, ParticleParameters
from napari_drpnet.project.current import CurrentMicrograph
from napari_drpnet.project.edits import (
    Edit,
    LabelEdit,
    MicrographEdit,
    MicrographRecord,
    Settings,
    SettingsEdit,
)
from napari_drpnet.project.exporter import Exporter
from napari_drpnet.project.history import History
from napari_drpnet.project.labeller import Labeller
from napari_drpnet.project.learning import Learner
from napari_drpnet.project.live_comparison import LiveComparison
from napari_drpnet.project.model import Project
from napari_drpnet.project.notices import Notice, explain
from napari_drpnet.project.opening import Opener
from napari_drpnet.project.picker import Picker
from napari_drpnet.project.picking_jobs import PickingJobs
from napari_drpnet.project.plan import Plan, make_plan
from napari_drpnet.project.runner import JobRunner
from napari_drpnet.project.selection import Selection
from napari_drpnet.project.store import ProjectStore, default_project_folder, projects_root
from napari_drpnet.project.summaries import Summaries
from napari_drpnet.project.view import ViewState

Stage = Literal["particle", "detector", "peaks", "classifier"]

__all__ = ["Notice", "Plan", "Session", "SessionOptions", "Stage"]

#: Jobs that go on when another project is opened: they are about no project, or only read one.
_LASTING = ("device", "export")


@dataclass(frozen=True)
class SessionOptions:
    """What the user's preferences say.

    Parameters
    ----------
    device : str
        Of new projects.
    cache_bytes : int
        Memory for distance maps.
    projects_root : pathlib.Path
        Where projects go that the user gave no folder.
    """

    device: str = "auto"
    cache_bytes: int = 512 * 2**20
    projects_root: Path = field(default_factory=partial(projects_root, None))


class Session:
    """One user at work on a project.

    Everything here is called from, and signals in, the main thread; long work runs in others.

    Parameters
    ----------
    deliver : callable
        ``deliver(f)`` runs ``f()`` later in the main thread; any thread may call it.
    options : SessionOptions
        The user's preferences.
    """

    project_changed = Signal()
    micrographs_changed = Signal(tuple)
    settings_changed = Signal()
    history_changed = Signal()
    noticed = Signal(Notice)

    def __init__(
        self, deliver: Callable[[Callable[[], None]], None], options: SessionOptions | None = None
    ) -> None:
        self.options = options or SessionOptions()
        self.deliver = deliver
        self.runner = JobRunner(deliver)
        self.runner.errored.connect(self._complain_of_job)
        self.picker = Picker(self.options.cache_bytes)
        self.view = ViewState()
        self.store: ProjectStore | None = None
        self._plan: tuple[Settings, Plan | str] | None = None
        self._is_saving = True
        device = DetectorParameters(device=self.options.device)
        self._adopt(Project(settings=Settings(detector=device)), None)
        self.opener = Opener(self)
        self.current = CurrentMicrograph(self)
        self.selection = Selection(self)
        self.summaries = Summaries(self)
        self.picking = PickingJobs(self)
        self.comparison = LiveComparison(self)
        self.exporter = Exporter(self)
        self.labeller = Labeller(self)
        self.learner = Learner(self)

    # ---- projects and micrographs

    def open_paths(self, paths: Iterable[Path], folder: Path | None = None) -> None:
        """Open micrographs: files, folders, patterns, RELION lists; or one project folder.

        They are listed in a thread, and added to the project that is open. Where none is open,
        they make one: in `folder`, or where the same paths were opened before.
        """
        sources = [Path(os.path.abspath(Path(path).expanduser())) for path in paths]
        if len(sources) == 1 and ProjectStore.is_project(sources[0]):
            self.open_project(sources[0])
        elif sources:
            if self.store is None:
                root = self.options.projects_root
                self.open_project(folder or default_project_folder(root, sources))
            if self.store is not None:
                self.opener.open(sources, self.store.folder)

    def open_project(self, folder: Path) -> bool:
        """Open a project folder, which is made where it is missing; tell whether that worked.

        A new project starts with the settings of the one before.
        """
        if self.store is not None and self.store.folder == Path(folder).expanduser().absolute():
            return True
        if not self._is_saved():
            return False
        try:
            store, project = ProjectStore.open(folder)
        except (InputFileError, OSError) as error:
            self.notify("error", explain(error))
            return False
        settings = self.project.settings.model_copy(update={"micrographs_star": None})
        self.runner.invalidate_all(but=_LASTING)
        self.current.select(None)
        self._close_project()
        self._adopt(project, store)
        if not project.micrographs and project.settings == Settings():
            self.do_quietly(SettingsEdit(before=project.settings, after=settings))
        for complaint in store.complaints:
            self.notify("warning", complaint)
        self.current.select(next(iter(project.micrographs), None))
        self.summaries.refresh()
        return True

    def include(self, ids: Iterable[str], included: bool) -> None:
        """Include micrographs in what is picked and exported, or exclude them."""
        records = [self.project.micrographs[name] for name in ids]
        before = tuple(record for record in records if record.included != included)
        after = tuple(r.model_copy(update={"included": included}) for r in before)
        if before:
            self.do(MicrographEdit(before=before, after=after))

    def included(self) -> list[MicrographRecord]:
        """List the micrographs that are included."""
        return [record for record in self.project.micrographs.values() if record.included]

    def step(self, offset: int) -> None:
        """Show the micrograph `offset` places further in the list."""
        names = list(self.project.micrographs)
        if names:
            here = names.index(self.current.id) if self.current.id in names else 0
            self.current.select(names[min(max(here + offset, 0), len(names) - 1)])

    def sync(self) -> None:
        """See that what was done is on the disk, not only with the operating system."""
        if self.store is not None:
            self._save(self.store.sync)
            if self.store.is_long:
                self._save(partial(self.store.compact, self.project))

    def close(self) -> None:
        """Stop all work and leave the project, saved."""
        self.runner.close()
        self._close_project()

    def deliver_part(self, store: ProjectStore, land: Callable[[], None]) -> None:
        """Let a part of a job land, if its project is still open then; any thread may call it."""

        def land_if_open() -> None:
            if self.store is store:
                land()

        self.deliver(land_if_open)

    # ---- settings

    @property
    def plan(self) -> Plan | None:
        """What the settings amount to; None while they do not suffice: see `problem`."""
        plan = self._look_up_plan()
        return plan if isinstance(plan, Plan) else None

    @property
    def problem(self) -> str | None:
        """Why there is no plan, and what to do."""
        plan = self._look_up_plan()
        return plan if isinstance(plan, str) else None

    def renew_plan(self) -> None:
        """Notice weights files that have changed meanwhile."""
        self._plan = None

    def change(self, stage: Stage, *, live: bool = False, **values: Any) -> None:
        """Change settings of a stage.

        Parameters
        ----------
        stage : str
            A field of `Settings`.
        live : bool
            While a slider moves: all until `settle` is one step of undo.
        **values
            By the names of the parameter model; None means "as the weights recommend".
        """
        before = self.project.settings
        model: BaseModel | None = getattr(before, stage)
        kind = ParticleParameters if model is None else type(model)
        try:
            changed = kind.model_validate((model.model_dump() if model else {}) | values)
        except ValidationError as error:
            self.notify("error", "; ".join(f"{e['loc'][-1]}: {e['msg']}" for e in error.errors()))
            self.settings_changed.emit()
            return
        after = before.model_copy(update={stage: changed})
        if after != before:
            merge = f"{stage} {' '.join(values)}" if live else None
            self.do(SettingsEdit(before=before, after=after), merge)
        if not live:
            self.settle()

    def settle(self) -> None:
        """Note that the hand has left the slider."""
        self.history.seal()
        self.summaries.refresh()

    # ---- edits

    def do(self, edit: Edit | None, merge: str | None = None) -> None:
        """Apply an edit that can be undone."""
        if edit is not None:
            self.history.do(edit, merge)

    def do_quietly(self, edit: Edit) -> None:
        """Apply an edit that is no step of undo."""
        self.project.apply(edit)
        self._record(edit)

    def forget_steps(self) -> None:
        """Let nothing that was done so far be undone."""
        self.history = History(self.project, self._record)
        self.history.changed.connect(self.history_changed.emit)
        self.history_changed.emit()

    def undo(self) -> None:
        """Take the last edit back, and show the micrograph that it was about."""
        self._show(self.history.undo())

    def redo(self) -> None:
        """Do again what was undone."""
        self._show(self.history.redo())

    def notify(self, level: Literal["info", "warning", "error"], text: str) -> None:
        """Tell the user something."""
        self.noticed.emit(Notice(level, text))

    # ---- inside

    def _look_up_plan(self) -> Plan | str:
        settings = self.project.settings
        if self._plan is None or self._plan[0] is not settings:
            self._plan = settings, make_plan(settings)
        return self._plan[1]

    def _adopt(self, project: Project, store: ProjectStore | None) -> None:
        self.project, self.store = project, store
        project.micrographs_changed.connect(self._on_micrographs)
        project.labels_changed.connect(self._on_labels)
        project.settings_changed.connect(self._on_settings)
        self.project_changed.emit()
        self.forget_steps()
        self.settings_changed.emit()

    def _is_saved(self) -> bool:
        """Tell whether the project may be closed; where it would lose edits, say so."""
        self.sync()
        unsaved = 0 if self.store is None else self.store.unsaved
        if unsaved:
            text = f"{unsaved} edits of this project cannot be saved, so it stays open. Make room."
            self.notify("error", text)
        return not unsaved

    def _close_project(self) -> None:
        store, self.store = self.store, None
        try:
            if store is not None:
                store.close(self.project)
        except OSError as error:
            lost = f" The last {store.unsaved} edits are lost." if store and store.unsaved else ""
            self.notify("error", f"Cannot save: {explain(error)}.{lost}")

    def _record(self, edit: Edit) -> None:
        if self.store is not None:
            self._save(partial(self.store.append, edit))

    def _save(self, save: Callable[[], None]) -> None:
        """Save, or say once that it fails; what could not be saved is saved with the next."""
        try:
            save()
        except OSError as error:
            if self._is_saving:
                text = f"Cannot save: {explain(error)}. Make room; your work is kept in memory."
                self.notify("error", text)
            self._is_saving = False
        else:
            self._is_saving = True

    def _show(self, edit: Edit | None) -> None:
        changes = edit.changes if edit is not None else ()
        places = [change.micrograph for change in changes if isinstance(change, LabelEdit)]
        if places and self.current.id not in places:
            self.current.select(places[0])
        if isinstance(edit, LabelEdit):
            self.selection.return_to(label.center_yx for label in (*edit.before, *edit.after))
        if edit is not None:
            self.summaries.refresh()

    def _on_micrographs(self, ids: tuple[str, ...]) -> None:
        self.current.on_micrographs()
        self.micrographs_changed.emit(ids)

    def _on_labels(self, micrograph: str) -> None:
        self.current.on_labels(micrograph)

    def _on_settings(self, before: Settings, after: Settings) -> None:
        self.settings_changed.emit()
        self.current.on_settings(before, after)
        self.picking.on_settings(before, after)

    def _complain_of_job(self, kind: str, error: Exception) -> None:
        self.notify("error", explain(error))
