"""Classes and dirt of the micrograph that is shown, from picking or from the segmenter alone."""

from collections.abc import Callable
from functools import partial

from psygnal import Signal

from napari_drpnet.base.dirt import MOST_DIRT
from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.loading import DEFAULT, DEFAULT_SEGMENTER
from napari_drpnet.picking.parameters import ParticleParameters
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.picking import Found, PickingJobs
from napari_drpnet.project.stages.cache import StageCache
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.stages.segmenting import (
    Polarity,
    Segmented,
    plan_segmenting,
    segmenter_of,
)
from napari_drpnet.project.state.edits import MicrographRecord, Settings
from napari_drpnet.project.storage.store import ProjectStore
from napari_drpnet.project.workspace import Workspace

_FULL_NAMES = {DEFAULT: DEFAULT_SEGMENTER}


class Segmenting:
    """Segments the micrograph that is shown, and keeps its dirt up to date with the settings.

    The job ``"segment"`` runs the segmenter alone; picking with a segmenter brings the classes
    too. The job ``"dirt"`` finds the dirt again after a change of its limits. Micrographs that were
    segmented alone are segmented again when they are shown, because only their dirty area is saved.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose micrographs are segmented.
    current : CurrentMicrograph
        Micrograph that is shown.
    picking : PickingJobs
        Picking jobs.

    Attributes
    ----------
    shown : Segmented or None
        Classes and dirt of the micrograph that is shown; None while they are unknown.
    changed : Signal
        Emitted when `shown` has changed.
    measured : Signal
        Emitted with the id of a micrograph that was segmented alone, and its dirty area.
    """

    changed = Signal()
    measured = Signal(str, float)

    def __init__(
        self, workspace: Workspace, current: CurrentMicrograph, picking: PickingJobs
    ) -> None:
        self._workspace, self._current, self._picking = workspace, current, picking
        self._particle: ParticleParameters | None = None
        self._is_alone = False
        self._planned: tuple[Settings, Plan, Polarity | None, Plan | str] | None = None
        self.shown: Segmented | None = None
        current.changed.connect(self._forget)
        current.opened.connect(self._on_opened)
        picking.landed.connect(self._on_picked)
        workspace.settings_changed.connect(self._follow)

    # ---- what is used

    @property
    def plan(self) -> Plan | None:
        """Plan of *Segment*; None if there is none, as without a particle diameter."""
        plan = self._plan_or_problem()
        return plan if isinstance(plan, Plan) else None

    @property
    def segmenter(self) -> str:
        """Name of the segmenter that *Segment* uses; "" while it is unknown."""
        parameters, plan = self._workspace.project.settings.parameters, self._workspace.plan
        return segmenter_of(parameters, plan) if parameters and plan else ""

    @property
    def rejects(self) -> bool:
        """Whether picks on dirt are rejected, since a segmenter was chosen for picking."""
        plan = self._workspace.plan
        return plan is not None and plan.has_segmenter

    @property
    def is_outdated(self) -> bool:
        """Whether the classes that are shown were found for another particle."""
        particle = self._workspace.project.settings.particle
        return self.shown is not None and self._particle != particle

    @property
    def about(self) -> str:
        """Message about the segmenter of *Segment* where none is chosen for picking."""
        if not self.segmenter or self.rejects:
            return ""
        return f"Segment uses the weights {_FULL_NAMES.get(self.segmenter, self.segmenter)}."

    @property
    def warning(self) -> str:
        """Message about what is wrong with the classes that are shown; "" if nothing is."""
        if self.shown is None:
            return ""
        if self.is_outdated:
            return "The settings have changed: press Segment or Pick."
        dirt = self.shown.dirt
        if dirt.rejects:
            return ""
        return (
            f"{dirt.area:.0%} of the micrograph is dirt, more than {MOST_DIRT:.0%}. So it rejects "
            "no picks: the classes are wrong, or the micrograph is useless."
        )

    # ---- jobs

    def segment_current(self) -> None:
        """Segment the micrograph that is shown; ask the user for what is missing."""
        self._workspace.failures.forget("segment")
        ready, plan = self._picking.require_ready(), self._plan_or_problem()
        if isinstance(plan, str):
            self._workspace.notify("warning", plan)
        elif ready is not None and plan is not None:
            self._submit(ready[0], plan, self._fail)

    def cancel(self) -> None:
        """Cancel segmenting."""
        self._workspace.runner.cancel("segment")

    def _plan_or_problem(self) -> Plan | str | None:
        """Return the plan of *Segment*, why there is none, or None if there is none for picking."""
        settings, plan = self._workspace.project.settings, self._workspace.plan
        if settings.parameters is None or plan is None:
            return None
        polarity = self._current.stored.polarity if self._current.stored else None
        known = self._planned
        if (
            known is None
            or known[0] is not settings
            or known[1] is not plan
            or known[2] != polarity
        ):
            made = plan_segmenting(settings.parameters, plan, polarity)
            known = self._planned = settings, plan, polarity, made
        return known[3]

    def _fail(self, error: Exception) -> None:
        self._workspace.runner.errored.emit("segment", error)

    def _submit(
        self,
        record: MicrographRecord,
        plan: Plan,
        fail: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        """Segment a micrograph; by default errors are not reported, as nobody has asked for it."""
        workspace = self._workspace
        work = partial(_segment, workspace.cache, workspace.store, record, plan, self.rejects)
        take = partial(self._take, record.id, workspace.project.settings.particle)
        workspace.runner.submit("segment", work, take, fail)

    def _take(
        self, micrograph: str, particle: ParticleParameters | None, segmented: Segmented
    ) -> None:
        if micrograph == self._current.id:
            self._show(segmented, particle, is_alone=True)

    def _show(
        self, segmented: Segmented, particle: ParticleParameters | None, *, is_alone: bool
    ) -> None:
        self.shown, self._particle, self._is_alone = segmented, particle, is_alone
        self.changed.emit()
        if is_alone and self._current.id is not None:
            self.measured.emit(self._current.id, segmented.dirt.area)
        self._follow()

    def _take_dirt(self, before: Segmented, segmented: Segmented) -> None:
        if self.shown is not None and self.shown.segmentation is before.segmentation:
            self._show(segmented, self._particle, is_alone=self._is_alone)

    # ---- signals

    def _forget(self) -> None:
        """Forget the classes of the micrograph that was shown before."""
        for kind in ("segment", "dirt"):
            self._workspace.runner.invalidate(kind)
        self._workspace.failures.forget("segment")
        if self.shown is not None:
            self.shown = None
            self.changed.emit()

    def _on_opened(self) -> None:
        """Segment a micrograph again that was segmented alone, unless picking does so."""
        record, store, plan = self._current.record, self._workspace.store, self.plan
        area = store.load_dirty_area(record.id) if store and record else None
        if record is None or area is None:
            return
        self.measured.emit(record.id, area)
        if plan is not None and self._workspace.view.show_classes and not self._is_brought:
            self._submit(record, plan)

    def _on_picked(self, found: Found) -> None:
        """Show the classes of a micrograph that was picked with a segmenter."""
        if found.segmented is not None and found.micrograph == self._current.id:
            self._show(found.segmented, found.plan.parameters.particle, is_alone=False)

    @property
    def _is_brought(self) -> bool:
        """Whether the job that updates the picks brings the classes."""
        return self.rejects and self._current.stored is not None

    def _follow(self) -> None:
        """Segment again with another segmenter, or find the dirt again within other limits."""
        shown, record, plan = self.shown, self._current.record, self.plan
        if shown is None or record is None or plan is None:
            return
        limits = plan.parameters.segmenter
        if plan.weights.sha256.segmenter != shown.segmentation.sha256:
            if not self._is_brought:
                self._submit(record, plan)
        elif (shown.limits, shown.rejects) != (limits, self.rejects):
            other = Segmented.of(shown.segmentation, limits, self.rejects)
            store = self._workspace.store if self._is_alone else None
            work = partial(_find_dirt, other, store, record.id)
            self._workspace.runner.submit("dirt", work, partial(self._take_dirt, shown), live=True)


def _segment(
    cache: StageCache,
    store: ProjectStore | None,
    record: MicrographRecord,
    plan: Plan,
    rejects: bool,
    job: Job,
) -> Segmented:
    segmentation = cache.analyse(record, plan, job).detection.segmentation
    assert segmentation is not None
    segmented = Segmented.of(segmentation, plan.parameters.segmenter, rejects)
    return _find_dirt(segmented, store, record.id, job)


def _find_dirt(
    segmented: Segmented, store: ProjectStore | None, micrograph: str, job: Job
) -> Segmented:
    """Compute what is drawn of a micrograph, and save its dirty area if there is a store."""
    if store is not None:
        store.save_dirty_area(micrograph, segmented.dirt.area)
    return segmented.drawn()
