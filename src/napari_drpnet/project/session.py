"""One user at work on a project: what is open, what is chosen, what runs, what can be undone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from psygnal import Signal
from pydantic import BaseModel, ValidationError

from napari_drpnet.batch import BatchEntry, list_entries
from napari_drpnet.errors import InputFileError
from napari_drpnet.jobs import Job
from napari_drpnet.parameters import DetectorParameters, ParticleParameters, PickParameters
from napari_drpnet.project.current import CurrentMicrograph
from napari_drpnet.project.derivation import ChosenWeights, choose_weights
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
from napari_drpnet.project.live_comparison import LiveComparison
from napari_drpnet.project.model import Project
from napari_drpnet.project.picker import Picker
from napari_drpnet.project.picking_jobs import PickingJobs
from napari_drpnet.project.runner import JobRunner
from napari_drpnet.project.selection import Selection
from napari_drpnet.project.store import ProjectStore, default_project_folder, projects_root
from napari_drpnet.project.summaries import Summaries
from napari_drpnet.project.view import ViewState

Stage = Literal["particle", "detector", "peaks", "classifier"]

PROJECT_FILE = "project.json"


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


@dataclass(frozen=True)
class Notice:
    """Something that the user should read.

    Parameters
    ----------
    level : {'info', 'warning', 'error'}
        How bad it is.
    text : str
        What it is, and what to do about it.
    """

    level: Literal["info", "warning", "error"]
    text: str


@dataclass(frozen=True)
class Plan:
    """What the settings amount to.

    Parameters
    ----------
    parameters : PickParameters
        With what the weights recommend filled in.
    weights : ChosenWeights
        That they name.
    """

    parameters: PickParameters
    weights: ChosenWeights


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
        self.current = CurrentMicrograph(self)
        self.selection = Selection(self)
        self.summaries = Summaries(self)
        self.picking = PickingJobs(self)
        self.comparison = LiveComparison(self)
        self.exporter = Exporter(self)

    # ---- projects and micrographs

    def open_paths(self, paths: Iterable[Path], folder: Path | None = None) -> None:
        """Open micrographs: files, folders, patterns, RELION lists; or one project folder.

        They are listed in a thread, and added to the project that is open. Where none is open,
        they make one: in `folder`, or where the same paths were opened before.
        """
        sources = [Path(path).expanduser().absolute() for path in paths]
        if len(sources) == 1 and (sources[0] / PROJECT_FILE).is_file():
            self.open_project(sources[0])
            return
        if self.store is None:
            root = self.options.projects_root
            if not self.open_project(folder or default_project_folder(root, sources)):
                return
        assert self.store is not None
        work = partial(_list, sources, self.store.folder)
        self.runner.submit("list", work, partial(self._add, _only_star(sources)))

    def open_project(self, folder: Path) -> bool:
        """Open a project folder, which is made where it is missing; tell whether that worked."""
        before = self.project.settings
        try:
            store, project = ProjectStore.open(folder)
        except (InputFileError, OSError) as error:
            self.notify("error", _explain(error))
            return False
        self._close_project()
        self._adopt(project, store)
        if not project.micrographs and project.settings == Settings():
            self._apply_quietly(SettingsEdit(before=project.settings, after=before))
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
            self._plan = settings, _make_plan(settings)
        return self._plan[1]

    def _adopt(self, project: Project, store: ProjectStore | None) -> None:
        self.project, self.store = project, store
        self.history = History(project, self._record)
        self.history.changed.connect(self.history_changed.emit)
        project.micrographs_changed.connect(self._on_micrographs)
        project.labels_changed.connect(self._on_labels)
        project.settings_changed.connect(self._on_settings)
        self.project_changed.emit()
        self.history_changed.emit()
        self.settings_changed.emit()

    def _close_project(self) -> None:
        store, self.store = self.store, None
        if store is not None:
            self._save(partial(store.close, self.project))

    def _add(self, star: Path | None, entries: list[BatchEntry]) -> None:
        """Add micrographs that are not in the project yet; this is no step of undo."""
        before = self.project.settings
        if star is not None and before.micrographs_star != star:
            after = before.model_copy(update={"micrographs_star": star})
            self._apply_quietly(SettingsEdit(before=before, after=after))
        known = {record.path for record in self.project.micrographs.values()}
        first = self.project.next_micrograph_number()
        new = [entry for entry in entries if entry.micrograph.path.absolute() not in known]
        records = tuple(_record_of(first + k, entry) for k, entry in enumerate(new))
        if records:
            self._apply_quietly(MicrographEdit(before=(), after=records))
        if self.current.id is None or records:
            chosen = records[0].id if records else next(iter(self.project.micrographs), None)
            self.current.select(chosen)

    def _apply_quietly(self, edit: Edit) -> None:
        self.project.apply(edit)
        self._record(edit)

    def _record(self, edit: Edit) -> None:
        if self.store is not None:
            self._save(partial(self.store.append, edit))

    def _save(self, save: Callable[[], None]) -> None:
        """Save, or say once that it fails; what could not be saved is saved with the next."""
        try:
            save()
        except OSError as error:
            if self._is_saving:
                text = f"Cannot save: {_explain(error)}. Make room; your work is kept in memory."
                self.notify("error", text)
            self._is_saving = False
        else:
            self._is_saving = True

    def _show(self, edit: Edit | None) -> None:
        if isinstance(edit, LabelEdit) and edit.micrograph != self.current.id:
            self.current.select(edit.micrograph)
        if isinstance(edit, LabelEdit):
            self.selection.return_to(label.center_yx for label in (*edit.before, *edit.after))
        if edit is not None:
            self.summaries.refresh()

    def _on_micrographs(self, ids: tuple[str, ...]) -> None:
        if self.current.id is not None and self.current.id not in self.project.micrographs:
            self.current.select(next(iter(self.project.micrographs), None))
        self.micrographs_changed.emit(ids)

    def _on_labels(self, micrograph: str) -> None:
        self.current.on_labels(micrograph)

    def _on_settings(self, before: Settings, after: Settings) -> None:
        self.settings_changed.emit()
        self.current.on_settings(before, after)
        self.picking.on_settings(before, after)

    def _complain_of_job(self, kind: str, error: Exception) -> None:
        self.notify("error", _explain(error))


def _make_plan(settings: Settings) -> Plan | str:
    if settings.parameters is None:
        return "Give the particle diameter first."
    try:
        weights = choose_weights(settings.parameters)
        return Plan(weights.resolve(settings.parameters), weights)
    except (InputFileError, ValueError) as error:
        return str(error)


def _only_star(sources: list[Path]) -> Path | None:
    """Return RELION's list, when that is all that was opened."""
    is_list = len(sources) == 1 and sources[0].suffix.lower() == ".star"
    return sources[0] if is_list else None


def _list(sources: list[Path], project_folder: Path, job: Job) -> list[BatchEntry]:
    return list_entries(sources, project_folder)


def _record_of(number: int, entry: BatchEntry) -> MicrographRecord:
    micrograph = entry.micrograph
    return MicrographRecord(
        id=f"m{number:05d}",
        name=micrograph.name,
        path=micrograph.path.absolute(),
        output=entry.output.as_posix(),
        pixel_size_angstrom=micrograph.pixel_size_angstrom,
        defocus_angstrom=micrograph.defocus_angstrom,
    )


def _explain(error: Exception) -> str:
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}"
    known = isinstance(error, InputFileError | ValueError | MemoryError)
    return str(error) if known else f"{type(error).__name__}: {error}"
