"""Jobs that pick the shown micrograph or all included ones, or update picks after a change."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from psygnal import Signal

from napari_drpnet.base.errors import UnknownPixelSizeError
from napari_drpnet.base.jobs import Cancelled, Job
from napari_drpnet.base.wording import counted
from napari_drpnet.picking.dirt import find_dirt
from napari_drpnet.picking.fingerprint import CUTS
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.shown import ShownMap
from napari_drpnet.project.jobs.lanes import JobKind
from napari_drpnet.project.notices import explain
from napari_drpnet.project.stages.cache import StageCache
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.stages.segmenting import Segmented
from napari_drpnet.project.state.edits import MicrographRecord, Settings
from napari_drpnet.project.storage.store import ProjectStore, StoredCandidates
from napari_drpnet.project.workspace import Workspace

#: Jobs that the user can cancel.
_CANCELLED: tuple[JobKind, ...] = ("pick", "pick all", "pick shown")


@dataclass(frozen=True, eq=False)
class Found:
    """Result of picking one micrograph.

    Parameters
    ----------
    micrograph : str
        Id of the micrograph.
    plan : Plan
        Plan with which the candidates were found.
    stored : StoredCandidates
        All candidates, classified.
    map : ShownMap
        Distance map to draw.
    segmented : Segmented or None
        Classes and dirt; None without a segmenter.
    unsaved : OSError or None
        Error that prevented saving the candidates; None if they were saved.
    """

    micrograph: str
    plan: Plan
    stored: StoredCandidates
    map: ShownMap
    segmented: Segmented | None
    unsaved: OSError | None


class PickingJobs:
    """Starts and cancels the jobs that pick, and takes their results.

    There are four kinds: ``"pick"`` is requested by the user; ``"pick shown"`` picks a micrograph
    since it is shown; ``"candidates"`` follows the sliders and the choice of micrograph;
    ``"pick all"`` picks the micrographs of the list.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose micrographs are picked.
    current : CurrentMicrograph
        Micrograph that is shown.

    Attributes
    ----------
    requested : Signal
        Emitted when the user asks for picks that can be found.
    lacking : Signal
        Emitted with the name of the parameter of the particle that the user has to give first.
    landed : Signal
        Emitted with what was found in the micrograph that is shown.
    picked : Signal
        Emitted with the id of a micrograph, other than the shown one, that has new candidates.
    failed : Signal
        Emitted with the id of a micrograph that could not be picked, and the reason.
    finished : Signal
        Emitted when ``"pick all"`` has finished.
    """

    requested = Signal()
    lacking = Signal(str)
    landed = Signal(Found)
    picked = Signal(str)
    failed = Signal(str, str)
    finished = Signal()

    def __init__(self, workspace: Workspace, current: CurrentMicrograph) -> None:
        self._workspace, self._current = workspace, current
        self._is_saving = True
        workspace.settings_replaced.connect(self._on_settings)
        current.opened.connect(self.refresh)

    def pick_current(self) -> None:
        """Pick the micrograph that is shown."""
        ready = self.require_ready()
        self._workspace.failures.forget("list", "pick all")
        if ready is not None:
            self.requested.emit()
            self._submit("pick", *ready, self._fail)

    def pick_shown(self, record: MicrographRecord, plan: Plan) -> None:
        """Pick the micrograph that is shown without being asked; any other one is cancelled.

        Nothing happens if the pixel size is unknown: its field asks for it.
        """
        self._submit("pick shown", record, plan, self._fail_unasked)

    def pick_all(self) -> None:
        """Pick all included micrographs that are not picked with the current settings yet."""
        workspace, plan = self._workspace, self.require_plan()
        workspace.failures.forget("list", "pick all")
        if plan is not None and workspace.store is not None:
            self.requested.emit()
            records = workspace.included()
            work = partial(self._work_through, records, plan, workspace.store)
            workspace.runner.submit("pick all", work, lambda done: self._finish_all(*done))

    def cancel(self) -> None:
        """Cancel picking; finished micrographs are kept."""
        for kind in _CANCELLED:
            self._workspace.runner.cancel(kind)

    def _on_settings(self, before: Settings, after: Settings) -> None:
        """Update the results that depend on the changed settings."""
        is_stale = _without_cuts(before) != _without_cuts(after) and _same_view(before, after)
        if is_stale:
            self.refresh()
        if not is_stale or self._current.review is None:
            self._current.decide()

    def refresh(self) -> None:
        """Update the candidates of the shown micrograph, if it was picked before."""
        workspace = self._workspace
        workspace.renew_plan()
        record, stored, plan = self._current.record, self._current.stored, workspace.plan
        if record is not None and stored is not None and plan is not None:
            self._submit("candidates", record, plan, self._fail)

    def _submit(
        self,
        kind: JobKind,
        record: MicrographRecord,
        plan: Plan,
        fail: Callable[[MicrographRecord, Exception], None],
    ) -> None:
        workspace, live = self._workspace, kind != "pick shown"
        work = partial(_find, workspace.cache, workspace.store, record, plan)
        workspace.runner.submit(kind, work, self._land, partial(fail, record), live=live)

    def _land(self, found: Found) -> None:
        """Take a result; if it does not match the current settings, refresh where necessary."""
        workspace = self._workspace
        self._complain_once(found.unsaved)
        record, plan = workspace.project.micrographs.get(found.micrograph), workspace.plan
        if record is None:
            return
        if record.id != self._current.id:
            self.picked.emit(record.id)
            return
        shown = self._current.stored
        wanted = plan and plan.candidates_key(record)
        is_newer_shown = shown is not None and shown.key == wanted != found.stored.key
        if not is_newer_shown:
            self._current.show_candidates(found.stored, found.map)
            self.landed.emit(found)
        is_wanted = is_newer_shown or _same_detection(record, found, plan)
        is_under_way = workspace.runner.status("candidates").state != "idle"
        if found.stored.key != wanted and is_wanted and not is_under_way:
            self.refresh()

    def _complain_once(self, error: OSError | None) -> None:
        """Notify the user that candidates cannot be saved, unless that was so before."""
        if error is not None and self._is_saving:
            text = f"Cannot save picks: {explain(error)}. They are kept in memory. "
            self._workspace.notify("error", text + "Free some disk space.")
        self._is_saving = error is None

    def _fail(self, record: MicrographRecord, error: Exception) -> None:
        self.failed.emit(record.id, explain(error))
        self._workspace.runner.errored.emit("pick", error)

    def _fail_unasked(self, record: MicrographRecord, error: Exception) -> None:
        """Report an error of `pick_shown`, unless it is known from the image of the micrograph."""
        if isinstance(error, UnknownPixelSizeError):
            return
        self.failed.emit(record.id, explain(error))
        if self._workspace.failures["image"] != explain(error):
            self._workspace.runner.errored.emit("pick", error)

    def _work_through(
        self, records: list[MicrographRecord], plan: Plan, store: ProjectStore, job: Job
    ) -> tuple[int, int]:
        """Pick micrographs one by one; return the numbers of picked and of failed ones."""
        picked = failed = 0
        workspace, cache = self._workspace, self._workspace.cache
        cache.networks(plan)
        for count, record in enumerate(records):
            job.advance(count, len(records), record.path.name)
            try:
                stored = store.load_candidates(record.id)
                if stored is None or stored.key != plan.candidates_key(record):
                    part, draws = _Part(job, count, len(records)), record.id == self._current.id
                    found = _find(cache, store, record, plan, part, draws=draws)
                    workspace.deliver_part(store, partial(self._land, found))
                picked += 1
            except Cancelled:
                raise
            except Exception as error:  # noqa: BLE001 - one bad micrograph must not end the rest
                failed += 1
                fail = partial(self.failed.emit, record.id, explain(error))
                workspace.deliver_part(store, fail)
        return picked, failed

    def _finish_all(self, picked: int, failed: int) -> None:
        self.finished.emit()
        bad = f"; {failed} could not be picked: see their status" if failed else ""
        self._workspace.notify(
            "warning" if failed else "info", f"{counted(picked, 'micrograph')} picked{bad}."
        )

    def require_ready(self) -> tuple[MicrographRecord, Plan] | None:
        """Return the micrograph that is shown and the plan; None after asking what is missing."""
        record, plan = self._current.record, self.require_plan()
        if record is None or plan is None:
            return None
        if self._current.image is not None and self._current.pixel_size_angstrom is None:
            self.ask("pixel_size_angstrom", "Give the pixel size: the file does not say it.")
            return None
        return record, plan

    def require_plan(self) -> Plan | None:
        """Return the plan; None if there is none, after the user was asked for what is missing."""
        workspace = self._workspace
        workspace.renew_plan()
        if workspace.problem and workspace.project.settings.particle is None:
            self.ask("diameter_angstrom", workspace.problem)
        elif workspace.problem:
            workspace.notify("warning", workspace.problem)
        return workspace.plan

    def ask(self, name: str, request: str) -> None:
        """Ask the user for a parameter of the particle."""
        self._workspace.notify("warning", request)
        self.lacking.emit(name)


@dataclass(frozen=True)
class _Part:
    """Job of one micrograph among many, which reports the progress of all of them."""

    job: Job
    done: int
    total: int

    def advance(self, done: int, total: int, stage: str) -> None:
        self.job.advance(self.done, self.total, stage)


def _find(
    cache: StageCache,
    store: ProjectStore | None,
    record: MicrographRecord,
    plan: Plan,
    job: Job,
    *,
    draws: bool = True,
) -> Found:
    """Pick a micrograph; `draws` says whether what is drawn of its classes is computed too."""
    analysis, stored = cache.pick(record, plan, job)
    unsaved = None
    try:
        if store is not None:
            store.save_candidates(record.id, stored)
    except OSError as error:
        unsaved = error
    detection = analysis.detection
    dirt = find_dirt(detection, plan.parameters)
    picture = detection.evidence.picture(plan.parameters, dirt.rejecting if dirt else None)
    shown = ShownMap(picture.values, detection.view.frame, picture.limit, picture.name)
    segmented = None
    if detection.segmentation is not None:
        limits = plan.parameters.segmenter
        segmented = Segmented.of(detection.segmentation, limits, rejects=True)
        if draws:
            segmented.drawn()
    return Found(record.id, plan, stored, shown, segmented, unsaved)


def _same_detection(record: MicrographRecord, found: Found, plan: Plan | None) -> bool:
    """Return whether a result has the distance map that the plan asks for."""
    return plan is not None and plan.detection_key(record) == found.plan.detection_key(record)


def _same_view(before: Settings, after: Settings) -> bool:
    """Return whether the distance map depends on the same settings, except the weights.

    If not, the user has to press Pick.
    """
    same = before.detector.model_copy(update={"weights": after.detector.weights})
    return (before.particle, same) == (after.particle, after.detector)


def _without_cuts(settings: Settings) -> Settings:
    """Return settings without the parameters that only cut the list of candidates."""
    stages = {
        name: getattr(settings, name).model_copy(
            update=dict.fromkeys(CUTS & set(type(getattr(settings, name)).model_fields))
        )
        for name in ("peaks", "classifier", "segmenter")
    }
    return settings.model_copy(update=stages)
