"""Session: the workspace of one user with all controllers that work in it."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.wording import short_number
from napari_drpnet.project.controllers.ahead import PickWhenShown
from napari_drpnet.project.controllers.averaging import Averager
from napari_drpnet.project.controllers.class_import import ClassImporter
from napari_drpnet.project.controllers.comparison import LiveComparison
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.exporting import Exporter
from napari_drpnet.project.controllers.gallery import Gallery
from napari_drpnet.project.controllers.labelling import Labeller
from napari_drpnet.project.controllers.learning import Learner
from napari_drpnet.project.controllers.opening import Opener
from napari_drpnet.project.controllers.other_picks import OtherPicks
from napari_drpnet.project.controllers.overview import Overview
from napari_drpnet.project.controllers.picking import PickingJobs
from napari_drpnet.project.controllers.relocating import Relocator
from napari_drpnet.project.controllers.segmenting import Segmenting
from napari_drpnet.project.controllers.selection import Selection
from napari_drpnet.project.controllers.similar import SimilarFinder
from napari_drpnet.project.controllers.spectrum import ShownSpectrum
from napari_drpnet.project.controllers.statuses import Summaries
from napari_drpnet.project.controllers.stroke_learning import StrokeLearner
from napari_drpnet.project.controllers.strokes import StrokePainter
from napari_drpnet.project.controllers.totals import ProjectComparison
from napari_drpnet.project.controllers.view_keeper import ViewKeeper
from napari_drpnet.project.files.recent import note_project, recent_projects
from napari_drpnet.project.jobs.lanes import JobKind
from napari_drpnet.project.notices import Notice
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import (
    Edit,
    LabelEdit,
    MicrographEdit,
    PaintEdit,
    Settings,
    SettingsEdit,
)
from napari_drpnet.project.storage.store import ProjectStore, default_project_folder
from napari_drpnet.project.workspace import SessionOptions, Stage, Workspace

__all__ = ["Notice", "Plan", "Session", "SessionOptions", "Stage"]

#: Jobs that continue when another project is opened, since they use no project or only read it.
_LASTING: tuple[JobKind, ...] = ("device", "export")
#: Jobs that find the picks of the micrograph that is shown.
_PICKING: tuple[JobKind, ...] = ("pick", "pick shown", "candidates")


class Session(Workspace):
    """Workspace of one user, with the controllers that work in it.

    A controller takes the workspace and the other controllers that it needs. It notifies the
    objects that use it by signals.

    Parameters
    ----------
    deliver : callable
        Function such that ``deliver(f)`` runs ``f()`` later in the main thread; any thread may
        call it.
    options : SessionOptions
        Preferences of the user.
    """

    def __init__(
        self, deliver: Callable[[Callable[[], None]], None], options: SessionOptions | None = None
    ) -> None:
        super().__init__(deliver, options)
        self.view_keeper = ViewKeeper(self)
        self.current = CurrentMicrograph(self)
        self.spectrum = ShownSpectrum(self, self.current)
        self.strokes = StrokePainter(self, self.current)
        self.opener = Opener(self, self.current)
        self.relocator = Relocator(self)
        self.selection = Selection(self, self.current)
        self.picking = PickingJobs(self, self.current)
        self.segmenting = Segmenting(self, self.current, self.picking)
        self.summaries = Summaries(self, self.current, self.picking, self.segmenting)
        self.relocator.found.connect(self.summaries.refresh)
        self.gallery = Gallery(self, self.current, self.selection, self.picking)
        self.overview = Overview(self, self.summaries)
        self.comparison = LiveComparison(self, self.current, self.selection)
        self.other_picks = OtherPicks(self, self.current)
        self.totals = ProjectComparison(self, self.current, self.picking, self.comparison)
        self.ahead = PickWhenShown(self, self.current, self.picking, self.summaries)
        self.similar = SimilarFinder(self, self.current, self.picking, self.ahead)
        self.exporter = Exporter(self, self.current)
        self.labeller = Labeller(self)
        self.class_importer = ClassImporter(self, self.labeller)
        self.averager = Averager(self, self.current, self.labeller, self.picking, self.gallery)
        self.learner = Learner(self, self.current, self.selection)
        self.stroke_learner = StrokeLearner(self, self.current, self.segmenting)

    # ---- what the user has to do

    @property
    def obstacle(self) -> str:
        """Message about what prevents picking, until that is fixed; empty if nothing does.

        It does not ask for the particle diameter, whose field asks itself.
        """
        record = self.current.record
        if self.failures["list"]:
            return self.failures["list"]
        if not self.project.micrographs:
            return "Open micrographs first: with Open… in the table of micrographs."
        if record is not None and self.summaries[record.id].message:
            return self.summaries[record.id].reason(record)
        if self.project.settings.particle is None:
            return ""
        return self.problem or self.failures["pick all"]

    @property
    def why_no_picks(self) -> str:
        """Text in place of the histograms of a micrograph that has no picks."""
        if any(self.runner.status(kind).state != "idle" for kind in _PICKING):
            return "Picking…"
        record, whole = self.current.record, self.runner.status("pick all")
        if record is not None and record.included and whole.state != "idle":
            return "Not picked yet: all micrographs are being picked"
        failed = self.current.id and self.summaries[self.current.id].status == "failed"
        return "Not picked: see the orange message" if failed else "No picks yet: press Pick"

    @property
    def staleness(self) -> str:
        """Message that the shown picks were found with other settings; empty if they were not."""
        micrograph, stored = self.current.id, self.current.stored
        is_idle = all(self.runner.status(kind).state == "idle" for kind in ("pick", "candidates"))
        if micrograph is None or stored is None or not is_idle:
            return ""
        if self.summaries[micrograph].status != "settings changed":
            return ""
        particle = self.project.settings.particle
        diameter = stored.diameter_px * stored.pixel_size_angstrom
        if particle is not None and round(diameter, 1) != round(particle.diameter_angstrom, 1):
            return f"Picked at {short_number(round(diameter, 1), 4)} Å: press Pick."
        return "The settings have changed: press Pick."

    # ---- projects and micrographs

    def open_paths(self, paths: Iterable[Path], folder: Path | None = None) -> bool:
        """Open micrographs from files, folders, patterns or RELION lists, or one project folder.

        Micrographs are listed in a thread and added to the open project. If no project is open,
        one is opened first.

        Parameters
        ----------
        paths : iterable of pathlib.Path
            Paths of micrographs, or the path of one project folder.
        folder : pathlib.Path, optional
            Folder for the project if none is open; by default a folder that depends on `paths`,
            so that opening the same paths again opens the same project.

        Returns
        -------
        bool
            Whether a project is open for them; if not, the user has been told why.
        """
        sources = [Path(os.path.abspath(Path(path).expanduser())) for path in paths]
        self.failures.forget("list")
        if len(sources) == 1 and ProjectStore.is_project(sources[0]):
            return self.open_project(sources[0])
        if sources and self.store is None:
            root = self.options.projects_root
            self.open_project(folder or default_project_folder(root, sources))
        if sources and self.store is not None:
            self.opener.open(sources, self.store.folder)
        return self.store is not None

    def open_project(self, folder: Path) -> bool:
        """Open a project folder, created if missing, and return whether that succeeded.

        The micrograph that was shown last is shown again. A new project starts with the settings
        of the previous project.
        """
        if self.store is not None and self.store.folder == Path(folder).expanduser().absolute():
            return True
        if not self.is_saved():
            return False
        try:
            store, project = ProjectStore.open(folder)
        except (InputFileError, OSError) as error:
            self.runner.errored.emit("list", error)
            return False
        settings = self.project.settings.model_copy(update={"micrographs_star": None})
        self.runner.invalidate_all(but=_LASTING)
        self.current.select(None)
        self.close_project()
        self.adopt(project, store)
        if not project.micrographs and project.settings == Settings():
            self.do_quietly(SettingsEdit(before=project.settings, after=settings))
        for complaint in store.complaints:
            self.notify("warning", complaint)
        first, last = next(iter(project.micrographs), None), store.last_shown
        self.current.select(last if last in project.micrographs else first)
        self.summaries.refresh()
        note_project(self.options.projects_root, store.folder)
        self.relocator.check()
        return True

    @property
    def recent_projects(self) -> tuple[Path, ...]:
        """Folders of the projects that were opened last, the last one first."""
        return recent_projects(self.options.projects_root)

    def sync(self) -> None:
        """Flush all edits to disk, and save the display settings."""
        super().sync()
        self.view_keeper.save()

    def close_project(self) -> None:
        """Save the project with its display settings, and close its folder."""
        self.view_keeper.save()
        super().close_project()

    def include(self, ids: Iterable[str], included: bool) -> None:
        """Include micrographs in picking all and in exports, or exclude them."""
        records = [self.project.micrographs[name] for name in ids]
        before = tuple(record for record in records if record.included != included)
        after = tuple(r.model_copy(update={"included": included}) for r in before)
        if before:
            self.do(MicrographEdit(before=before, after=after))

    def step(self, offset: int) -> None:
        """Show the micrograph `offset` places further in the list."""
        names = list(self.project.micrographs)
        if names:
            here = names.index(self.current.id) if self.current.id in names else 0
            self.current.select(names[min(max(here + offset, 0), len(names) - 1)])

    def close(self) -> None:
        """Stop all jobs, then save and close the project."""
        self.runner.close()
        self.close_project()

    # ---- undo

    def undo(self) -> None:
        """Undo the last edit, and show the micrograph that it changes.

        A message says which setting has changed, since its field may be out of sight.
        """
        edit = self.history.undo()
        self._show(edit)
        if isinstance(edit, SettingsEdit):
            self.notify("info", f"Undone: {edit.inverse().values}")

    def redo(self) -> None:
        """Redo the last undone edit, with a message as in `undo`."""
        edit = self.history.redo()
        self._show(edit)
        if isinstance(edit, SettingsEdit):
            self.notify("info", f"Redone: {edit.values}")

    def _show(self, edit: Edit | None) -> None:
        changes = edit.changes if edit is not None else ()
        kinds = LabelEdit, PaintEdit
        places = [change.micrograph for change in changes if isinstance(change, kinds)]
        if places and self.current.id not in places:
            self.current.select(places[0])
        if isinstance(edit, LabelEdit):
            self.selection.return_to(label.center_yx for label in (*edit.before, *edit.after))
        if edit is not None:
            self.summaries.refresh()
