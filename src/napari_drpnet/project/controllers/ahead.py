"""Picking of micrographs when they are shown, and preparation of the next one."""

from collections.abc import Hashable
from functools import partial

from psygnal import Signal

from napari_drpnet.base.jobs import Job
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.picking import PickingJobs
from napari_drpnet.project.controllers.shown import Rendering, ShownImage, render_record
from napari_drpnet.project.controllers.statuses import Summaries
from napari_drpnet.project.jobs.lanes import JobStatus
from napari_drpnet.project.stages.cache import StageCache
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.storage.store import ProjectStore
from napari_drpnet.project.workspace import Workspace


class PickWhenShown:
    """Picks a micrograph that is shown and has no picks, and prepares the next one.

    Micrographs are picked by the job ``"pick shown"``, which is cancelled when another one is
    shown. The job ``"prepare"`` runs only while no other job runs. It renders the next micrograph,
    and finds its candidates, which stay in the cache of the workspace: nothing is saved.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose micrographs are picked.
    current : CurrentMicrograph
        Micrograph that is shown.
    picking : PickingJobs
        Picking jobs.
    summaries : Summaries
        Summaries, which know the micrographs that could not be picked.

    Attributes
    ----------
    following : str or None
        Id of the micrograph to prepare; the table sets it when another micrograph is shown. None:
        the next one of the project.
    changed : Signal
        Emitted when `is_on` or `progress` may have changed.
    """

    changed = Signal()

    def __init__(
        self,
        workspace: Workspace,
        current: CurrentMicrograph,
        picking: PickingJobs,
        summaries: Summaries,
    ) -> None:
        self._workspace, self._current = workspace, current
        self._picking, self._summaries = picking, summaries
        self._tried: Hashable = None
        self._is_ready = False
        self.following: str | None = None
        workspace.project_changed.connect(self._forget)
        workspace.runner.status_changed.connect(self._on_status)
        current.changed.connect(self._forget)
        current.opened.connect(self._pick)
        picking.requested.connect(self._on_requested)

    @property
    def is_on(self) -> bool:
        """Whether micrographs are picked when they are shown; saved in the project."""
        store = self._workspace.store
        return store is not None and store.picks_shown is True

    def turn(self, on: bool | None) -> None:
        """Switch this on, and pick the micrograph that is shown, or off.

        None switches it off until the user picks in the project.
        """
        store = self._workspace.store
        if store is not None:
            store.picks_shown = on
            self._forget()
            self._pick()
            self._prepare_if_idle()

    @property
    def progress(self) -> str:
        """What is being done for the shown or the next micrograph, as a short sentence."""
        status = self._workspace.runner.status
        if not self.is_on:
            return ""
        if status("pick shown").state != "idle":
            return "Picking…"
        if status("prepare").state != "idle":
            return "Preparing the next one…"
        return "The next one is prepared." if self._is_ready else ""

    # ---- the micrograph that is shown

    def _on_requested(self) -> None:
        """Switch this on when the user picks in the project for the first time."""
        store = self._workspace.store
        if store is not None and store.picks_shown is None:
            store.picks_shown = True
            self.changed.emit()

    def _forget(self) -> None:
        """Cancel the jobs for the micrograph that was shown before."""
        self._tried, self._is_ready, self.following = None, False, None
        for kind in ("pick shown", "prepare"):
            self._workspace.runner.invalidate(kind)
        self.changed.emit()

    def _pick(self) -> None:
        workspace, record = self._workspace, self._current.record
        if not self.is_on or record is None or self._current.stored is not None:
            return
        if workspace.plan is not None and self._summaries[record.id].status != "failed":
            self._picking.pick_shown(record, workspace.plan)

    # ---- the next micrograph

    def _on_status(self, status: JobStatus) -> None:
        if status.kind not in ("pick shown", "prepare"):
            if status.state != "idle":
                self._workspace.runner.invalidate("prepare")
        else:
            self.changed.emit()
        self._prepare_if_idle()

    def _prepare_if_idle(self) -> None:
        """Prepare the next micrograph if no job runs, unless that was tried already."""
        workspace, record, plan = self._workspace, self._next(), self._workspace.plan
        if not self.is_on or record is None or plan is None or workspace.runner.is_busy:
            return
        rendering = self._current.display.rendering_of(record)
        wanted = record.id, rendering, plan.detection_key(record)
        if wanted == self._tried or self._summaries[record.id].status == "failed":
            return
        assert workspace.store is not None
        work = partial(_prepare, workspace.cache, workspace.store, record, plan, rendering)
        done = partial(self._take, wanted, rendering)
        workspace.runner.submit("prepare", work, done, partial(self._fail, wanted))

    def _take(self, wanted: Hashable, rendering: Rendering, image: ShownImage) -> None:
        self._tried, self._is_ready = wanted, True
        self._current.display.keep_ready(rendering, image)

    def _fail(self, wanted: Hashable, error: Exception) -> None:
        """Do not try again; the error is reported when the micrograph is shown."""
        self._tried = wanted

    def _next(self) -> MicrographRecord | None:
        micrographs, shown = self._workspace.project.micrographs, self._current.id
        if self.following is not None and self.following in micrographs:
            return micrographs[self.following]
        if shown is None or shown not in micrographs:
            return None
        names = list(micrographs)
        place = names.index(shown) + 1
        return micrographs[names[place]] if place < len(names) else None


def _prepare(
    cache: StageCache,
    store: ProjectStore,
    record: MicrographRecord,
    plan: Plan,
    rendering: Rendering,
    job: Job,
) -> ShownImage:
    """Render a micrograph, and fill the cache with what its picks need."""
    image = render_record(rendering, job)
    job.advance(0, 1, "preparing")
    is_scaled = image.pixel_size_angstrom or rendering.given_angstrom
    stored = store.load_candidates(record.id) if is_scaled else None
    if is_scaled and (stored is None or stored.key != plan.candidates_key(record)):
        cache.pick(record, plan, job)
    return image
