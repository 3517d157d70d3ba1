"""Workspace with the open project, its settings and its history, shared by all controllers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from psygnal import Signal
from pydantic import BaseModel, ValidationError

from napari_drpnet.base.wording import counted
from napari_drpnet.picking.loading import ChosenWeights
from napari_drpnet.picking.parameters import DetectorParameters, ParticleParameters
from napari_drpnet.project.jobs.failures import Failures
from napari_drpnet.project.jobs.runner import JobRunner
from napari_drpnet.project.notices import Notice, explain, path_last
from napari_drpnet.project.stages.cache import StageCache
from napari_drpnet.project.stages.plan import Plan, make_plan
from napari_drpnet.project.state.edits import (
    Change,
    Edit,
    MicrographRecord,
    Settings,
    SettingsEdit,
    combine,
)
from napari_drpnet.project.state.history import History
from napari_drpnet.project.state.model import Project
from napari_drpnet.project.state.particle_draft import ParticleDraft
from napari_drpnet.project.storage.store import ProjectStore, projects_root
from napari_drpnet.project.view import ViewState

SavedT = TypeVar("SavedT")
Stage = Literal["particle", "detector", "peaks", "classifier", "segmenter"]


@dataclass(frozen=True)
class SessionOptions:
    """Preferences of the user.

    Parameters
    ----------
    device : str
        Device for new projects.
    cache_bytes : int
        Memory for distance maps, in bytes.
    projects_root : pathlib.Path
        Folder for projects for which the user has chosen no folder.
    """

    device: str = "auto"
    cache_bytes: int = 512 * 2**20
    projects_root: Path = field(default_factory=partial(projects_root, None))


class Workspace:
    """Open project with its settings, its history and its running jobs.

    Methods are called, and signals emitted, in the main thread; long work runs in other threads.

    Parameters
    ----------
    deliver : callable
        Function such that ``deliver(f)`` runs ``f()`` later in the main thread; any thread may
        call it.
    options : SessionOptions
        Preferences of the user.

    Attributes
    ----------
    project : Project
        Open project.
    store : ProjectStore or None
        Store of the project folder; None while no project is open.
    history : History
        Undo and redo history.
    runner : JobRunner
        Runner of the jobs of all controllers.
    failures : Failures
        Why jobs failed, until they are tried again.
    cache : StageCache
        Cache of distance maps and networks in memory.
    view : ViewState
        State of the view of the micrograph.
    draft : ParticleDraft
        Values of the particle that wait for its diameter or for the pixel size.
    settings_replaced : Signal
        Emitted after ``settings_changed``, with the settings before and after the change.
    settled : Signal
        Emitted when a change of settings is complete, as when a slider is released.
    """

    project_changed = Signal()
    micrographs_changed = Signal(tuple)
    labels_changed = Signal(str)
    strokes_changed = Signal(str)
    settings_changed = Signal()
    settings_replaced = Signal(Settings, Settings)
    settled = Signal()
    history_changed = Signal()
    noticed = Signal(Notice)

    def __init__(
        self, deliver: Callable[[Callable[[], None]], None], options: SessionOptions | None = None
    ) -> None:
        self.options = options or SessionOptions()
        self.deliver = deliver
        self.runner = JobRunner(deliver)
        self.runner.errored.connect(self._complain_of_job)
        self.failures = Failures()
        self.cache = StageCache(self.options.cache_bytes)
        self.view = ViewState()
        self.draft = ParticleDraft()
        self.store: ProjectStore | None = None
        self._plan: tuple[Settings, Plan | str] | None = None
        self._weights: tuple[tuple[str, ...], ChosenWeights] | None = None
        self._is_live = False
        self._live_changes: list[Change] = []
        self._is_saving = True
        device = DetectorParameters(device=self.options.device)
        self.adopt(Project(settings=Settings(detector=device)), None)

    # ---- the project

    def adopt(self, project: Project, store: ProjectStore | None) -> None:
        """Replace the open project by another one."""
        self.project, self.store = project, store
        self.failures.clear()
        project.micrographs_changed.connect(self._on_micrographs)
        project.labels_changed.connect(self._on_labels)
        project.strokes_changed.connect(self._on_strokes)
        project.settings_changed.connect(self._on_settings)
        self.project_changed.emit()
        self.forget_steps()
        self.settings_changed.emit()

    def included(self) -> list[MicrographRecord]:
        """Return the included micrographs."""
        return [record for record in self.project.micrographs.values() if record.included]

    def require_work(self) -> tuple[Plan, ProjectStore] | None:
        """Return the plan and the store; None if one is missing, after the user has been told."""
        self.renew_plan()
        plan, store = self.plan, self.store
        if plan is None or store is None:
            self.notify("warning", self.problem or "Open micrographs first.")
            return None
        return plan, store

    def save_weights(self, save: Callable[[Path], SavedT]) -> SavedT | None:
        """Save weights in the project; return None if that fails, after the user has been told.

        Parameters
        ----------
        save : callable
            Saves them in the folder that it is given, and returns the paths.
        """
        if self.store is None:
            return None
        try:
            return save(self.store.folder / "weights")
        except OSError as error:
            text = f"Cannot save the weights: {explain(error)}"
            self.notify("error", f"{text}. Free some disk space.")
            return None

    def sync(self) -> None:
        """Flush all edits to disk."""
        self._save_live_changes()
        if self.store is not None:
            self._save(self.store.sync)
            if self.store.is_long or self.store.is_outdated(self.project):
                self._save(partial(self.store.compact, self.project))

    def deliver_part(self, store: ProjectStore, land: Callable[[], None]) -> None:
        """Deliver a partial result of a job, if its project is still open; from any thread.

        Parameters
        ----------
        store : ProjectStore
            Store of the project that the job works on.
        land : callable
            Function that takes the result in the main thread.
        """

        def land_if_open() -> None:
            if self.store is store:
                land()

        self.deliver(land_if_open)

    def is_saved(self) -> bool:
        """Save the project and return whether that succeeded; notify the user if it failed."""
        self.sync()
        unsaved = 0 if self.store is None else self.store.unsaved
        if unsaved:
            text = f"{counted(unsaved, 'edit')} of this project cannot be saved, so it stays open. "
            self.notify("error", text + "Free some disk space.")
        return not unsaved

    def close_project(self) -> None:
        """Save the project and close its folder."""
        self._save_live_changes()
        store, self.store = self.store, None
        try:
            if store is not None:
                store.close(self.project)
        except OSError as error:
            lost = (
                f" Lost: the last {counted(store.unsaved, 'edit')}."
                if store and store.unsaved
                else ""
            )
            self.notify("error", f"Cannot save: {explain(error)}.{lost}")

    # ---- settings

    @property
    def plan(self) -> Plan | None:
        """Plan for picking with the current settings; None if there is a `problem`."""
        plan = self._look_up_plan()
        return plan if isinstance(plan, Plan) else None

    @property
    def problem(self) -> str | None:
        """Message that says why there is no plan and what to do; None if there is a plan."""
        plan = self._look_up_plan()
        return plan if isinstance(plan, str) else None

    def renew_plan(self) -> None:
        """Look up the weights on disk again, since their files may have changed."""
        self._plan = self._weights = None

    def change(self, stage: Stage, *, live: bool = False, **values: Any) -> None:
        """Change settings of a stage.

        Parameters
        ----------
        stage : str
            Name of a field of `Settings`.
        live : bool
            Whether a slider is being moved. All changes until `settle` are one undo step.
        **values
            New values by parameter name; None means the recommendation of the weights. Those of
            the particle wait in `draft` for its diameter.
        """
        before = self.project.settings
        model: BaseModel | None = getattr(before, stage)
        kind = ParticleParameters if model is None else type(model)
        try:
            if stage == "particle" and not (values := self._draft_particle(values)):
                self.settings_changed.emit()
                return
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

    @property
    def given_pixel_size_angstrom(self) -> float | None:
        """Pixel size in Å that the user gave; None for that of the file."""
        return (self.project.settings.particle or self.draft).pixel_size_angstrom

    def keep_measured(self, diameter_px: float) -> None:
        """Keep a diameter, measured in unbinned pixels, until the user gives the pixel size."""
        self.draft = self.draft.with_values({"diameter_px": diameter_px})
        self.settings_changed.emit()

    def settle(self) -> None:
        """Complete the changes of settings since the last call, as when a slider is released."""
        self._save_live_changes()
        self.history.seal()
        self.settled.emit()

    # ---- edits

    def do(self, edit: Edit | None, merge: str | None = None) -> None:
        """Apply an edit that can be undone; see `History.do`."""
        if edit is None:
            return
        self._is_live = merge is not None
        try:
            self.history.do(edit, merge)
        finally:
            self._is_live = False

    def do_quietly(self, edit: Edit) -> None:
        """Apply an edit that cannot be undone."""
        self.project.apply(edit)
        self._record(edit)

    def forget_steps(self) -> None:
        """Clear the undo and redo history."""
        self.history = History(self.project, self._record)
        self.history.changed.connect(self.history_changed.emit)
        self.history_changed.emit()

    def notify(self, level: Literal["info", "warning", "error"], text: str) -> None:
        """Show a message to the user, with the paths in it at its end; see `path_last`."""
        self.noticed.emit(Notice(level, path_last(text)))

    # ---- inside

    def _draft_particle(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values of the particle to change; none while they wait for the diameter."""
        is_new = self.project.settings.particle is None
        values = self.draft.complete(values)
        if "diameter_angstrom" in values:
            self.draft = self.draft.without_diameter()
            return self.draft.waiting() | values if is_new else values
        if is_new:
            self.draft = self.draft.with_values(values)
        return {} if is_new else values

    def _look_up_plan(self) -> Plan | str:
        """Return the plan of the settings; weights are looked up only if a name has changed."""
        settings = self.project.settings
        if self._plan is None or self._plan[0] is not settings:
            names = (
                settings.detector.weights,
                settings.classifier.classifier,
                settings.segmenter.segmenter,
            )
            kept = self._weights
            known = kept[1] if kept is not None and kept[0] == names else None
            plan = make_plan(settings.parameters, known)
            self._plan = settings, plan
            self._weights = (names, plan.weights) if isinstance(plan, Plan) else None
        return self._plan[1]

    def _on_micrographs(self, ids: tuple[str, ...]) -> None:
        self.micrographs_changed.emit(ids)

    def _on_labels(self, micrograph: str) -> None:
        self.labels_changed.emit(micrograph)

    def _on_strokes(self, micrograph: str) -> None:
        self.strokes_changed.emit(micrograph)

    def _on_settings(self, before: Settings, after: Settings) -> None:
        self.settings_changed.emit()
        self.settings_replaced.emit(before, after)

    def _record(self, edit: Edit) -> None:
        """Save an edit; edits of a moving slider are saved when it is released."""
        if self._is_live:
            self._live_changes += edit.changes
            return
        self._save_live_changes()
        if self.store is not None:
            self._save(partial(self.store.append, edit))

    def _save_live_changes(self) -> None:
        changes, self._live_changes = combine(self._live_changes), []
        if self.store is not None:
            for change in changes:
                self._save(partial(self.store.append, change))

    def _save(self, save: Callable[[], None]) -> None:
        """Save edits; notify the user once if that fails. Unsaved edits are saved later."""
        try:
            save()
        except OSError as error:
            if self._is_saving:
                text = f"Cannot save: {explain(error)}. Your work is kept in memory. "
                self.notify("error", text + "Free some disk space.")
            self._is_saving = False
        else:
            self._is_saving = True

    def _complain_of_job(self, kind: str, error: Exception) -> None:
        self.failures.note(kind, explain(error))
        self.notify("error", explain(error))
