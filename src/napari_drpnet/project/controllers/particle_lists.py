"""Points of the micrographs of a project, listed when they are asked for."""

from collections.abc import Container, Iterable
from functools import partial
from pathlib import Path

from psygnal import Signal

from napari_drpnet.base.jobs import Job
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.picking import PickingJobs
from napari_drpnet.project.gallery.particles import Particles, list_particles, no_particles
from napari_drpnet.project.stages.decision import Decision, decide
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Label
from napari_drpnet.project.storage.store import ProjectStore
from napari_drpnet.project.workspace import Workspace

Asked = tuple[MicrographRecord, tuple[Label, ...]]

#: Number of micrographs that are listed before those who asked are told.
_CHUNK = 50


class ParticleLists:
    """Lists the points of micrographs; those not shown in a thread, from their stored candidates.

    No networks are loaded. Lists are kept while record, labels, candidates and plan are the same.
    While a slider is dragged, only the micrograph that is shown follows it.

    Parameters
    ----------
    workspace : Workspace
        Workspace with the project.
    current : CurrentMicrograph
        Micrograph that is shown.
    picking : PickingJobs
        Picking jobs, which report micrographs that were picked.

    Attributes
    ----------
    changed : Signal
        Emitted when lists may have changed, as often as settings and labels do.
    """

    changed = Signal()

    def __init__(
        self, workspace: Workspace, current: CurrentMicrograph, picking: PickingJobs
    ) -> None:
        self._workspace, self._current = workspace, current
        self._of: dict[str, Particles] = {}
        self._plan: Plan | None = None
        self._decision: Decision | None = None
        self._missing = 0
        workspace.project_changed.connect(self._forget)
        workspace.micrographs_changed.connect(self._outdate)
        workspace.labels_changed.connect(self._outdate)
        workspace.settings_changed.connect(self._outdate)
        workspace.settled.connect(self._outdate)
        picking.picked.connect(self._drop)
        current.decided.connect(self._outdate)
        current.points_changed.connect(self._outdate)

    @property
    def missing(self) -> int:
        """Number of micrographs that were asked for last and are not listed yet."""
        return self._missing

    def of_current(self) -> list[Particles]:
        """Return the points of the micrograph that is shown, if it is picked."""
        decision = self._current.decision
        if decision is None:
            return []
        name = decision.record.id
        if self._decision is not decision or name not in self._of:
            self._of[name] = list_particles(decision, self._workspace.project.labels(name))
            self._decision = decision
        return [self._of[name]]

    def of_included(self, among: Container[str] | None = None) -> list[Particles]:
        """Return the points of included micrographs; those not known yet are listed soon.

        By default they are those of all included micrographs, or of those whose id is in `among`.
        """
        workspace = self._workspace
        if workspace.plan is None or workspace.store is None:
            return []
        if not workspace.history.is_merging and self._plan != workspace.plan:
            self._plan = workspace.plan
        self.of_current()
        included = [o for o in workspace.included() if among is None or o.id in among]
        outdated = [record for record in included if not self._is_valid(record)]
        self._missing = len(outdated)
        if outdated and self._plan and workspace.runner.status("gallery").state == "idle":
            asked = [(record, workspace.project.labels(record.id)) for record in outdated]
            work = partial(self._list_in_chunks, asked, self._plan, workspace.store)
            workspace.runner.submit("gallery", work, self._put)
        return [self._of[record.id] for record in included if record.id in self._of]

    def decision_of(self, micrograph: str) -> Decision | None:
        """Return what is decided about a micrograph, shown or not; None if it is not picked."""
        workspace = self._workspace
        if micrograph == self._current.id:
            return self._current.decision
        record, plan = workspace.project.micrographs.get(micrograph), workspace.plan
        if record is None or plan is None or workspace.store is None:
            return None
        stored = workspace.store.load_candidates(micrograph)
        labels = workspace.project.labels(micrograph)
        return None if stored is None else decide(record, stored, labels, plan)

    def renew(self, micrographs: Iterable[str]) -> None:
        """List the points of a few micrographs at once, after an edit of their labels."""
        for name in micrographs:
            decision = self.decision_of(name)
            if decision is not None and name != self._current.id:
                labels = self._workspace.project.labels(name)
                self._of[name] = list_particles(decision, labels)
        self.changed.emit()

    def _is_valid(self, record: MicrographRecord) -> bool:
        if record.id == self._current.id and self._current.decision is not None:
            return True
        known = self._of.get(record.id)
        return (
            known is not None
            and known.record == record
            and known.labels is self._workspace.project.labels(record.id)
            and known.plan == self._plan
        )

    def _list_in_chunks(
        self, asked: list[Asked], plan: Plan, store: ProjectStore, job: Job
    ) -> list[Particles]:
        listed: list[Particles] = []
        for done, (record, labels) in enumerate(asked):
            job.advance(done, len(asked), "listing picks")
            stored = store.load_candidates(record.id)
            if stored is None:
                listed.append(no_particles(record, labels, plan))
            else:
                listed.append(list_particles(decide(record, stored, labels, plan), labels))
            if len(listed) == _CHUNK:
                self._workspace.deliver_part(store, partial(self._put, listed))
                listed = []
        return listed

    def _put(self, listed: list[Particles]) -> None:
        known, shown = self._workspace.project.micrographs, self._current.decision
        for particles in listed:
            name = particles.record.id
            if name in known and (shown is None or shown.record.id != name):
                self._of[name] = particles
        self.changed.emit()

    def _drop(self, micrograph: str) -> None:
        self._of.pop(micrograph, None)
        self.changed.emit()

    def drop_file(self, path: Path) -> None:
        """List the points of the micrographs in a file again, since it has been replaced."""
        self._of = {name: one for name, one in self._of.items() if one.record.path != path}
        self.changed.emit()

    def _outdate(self, _: object = None) -> None:
        self.changed.emit()

    def _forget(self) -> None:
        self._of.clear()
        self._plan = self._decision = None
        self._missing = 0
        self.changed.emit()
