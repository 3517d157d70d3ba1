"""The jobs that pick: the micrograph shown, all included ones, and anew when a slider moves."""

from dataclasses import dataclass
from functools import partial

from psygnal import Signal

from napari_drpnet.base.jobs import Cancelled, Job
from napari_drpnet.picking.fingerprint import CUTS
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.shown import ShownMap
from napari_drpnet.project.jobs.lanes import JobKind
from napari_drpnet.project.notices import explain
from napari_drpnet.project.stages.cache import StageCache
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord, Settings
from napari_drpnet.project.storage.store import ProjectStore, StoredCandidates
from napari_drpnet.project.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Found:
    """What a job found in one micrograph.

    Parameters
    ----------
    micrograph : str
        Its id.
    plan : Plan
        How they were found.
    stored : StoredCandidates
        All candidates, judged.
    map : ShownMap
        The distance map.
    unsaved : OSError or None
        Why they are in memory only.
    """

    micrograph: str
    plan: Plan
    stored: StoredCandidates
    map: ShownMap
    unsaved: OSError | None


class PickingJobs:
    """Starts and cancels the jobs that pick, and takes their results.

    Three kinds: ``"pick"`` is what a person asked for; ``"candidates"`` follows the sliders and
    the choice of micrograph; ``"pick all"`` works through the list.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose micrographs are picked.
    current : CurrentMicrograph
        Micrograph that is shown.

    Attributes
    ----------
    picked : Signal
        The id of a micrograph, not the shown one, that has new candidates.
    failed : Signal
        The id of a micrograph that could not be picked, and why.
    finished : Signal
        All included micrographs have been worked through.
    """

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
        record, plan = self._current.record, self._require_plan()
        if record is not None and plan is not None:
            self._submit("pick", record, plan)

    def pick_all(self) -> None:
        """Pick all included micrographs that are not picked with these settings."""
        workspace, plan = self._workspace, self._require_plan()
        if plan is not None and workspace.store is not None:
            records = workspace.included()
            work = partial(self._work_through, records, plan, workspace.store)
            workspace.runner.submit("pick all", work, lambda done: self._finish_all(*done))

    def cancel(self) -> None:
        """Stop picking; what is finished stays."""
        for kind in ("pick", "pick all"):
            self._workspace.runner.cancel(kind)

    def _on_settings(self, before: Settings, after: Settings) -> None:
        """Do again what depends on the settings that have changed."""
        is_stale = _without_cuts(before) != _without_cuts(after) and _same_view(before, after)
        if is_stale:
            self.refresh()
        if not is_stale or self._current.review is None:
            self._current.decide()

    def refresh(self) -> None:
        """Bring the micrograph that is shown up to date, if it was picked before."""
        workspace = self._workspace
        workspace.renew_plan()
        record, stored, plan = self._current.record, self._current.stored, workspace.plan
        if record is not None and stored is not None and plan is not None:
            self._submit("candidates", record, plan)

    def _submit(self, kind: JobKind, record: MicrographRecord, plan: Plan) -> None:
        workspace = self._workspace
        work = partial(_find, workspace.cache, workspace.store, record, plan)
        workspace.runner.submit(kind, work, self._land, partial(self._fail, record), live=True)

    def _land(self, found: Found) -> None:
        """Take a result; where it is not what the settings ask for now, see about a better one."""
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
        is_wanted = is_newer_shown or _same_detection(record, found, plan)
        is_under_way = workspace.runner.status("candidates").state != "idle"
        if found.stored.key != wanted and is_wanted and not is_under_way:
            self.refresh()

    def _complain_once(self, error: OSError | None) -> None:
        """Say that candidates cannot be saved, unless that was so before."""
        if error is not None and self._is_saving:
            text = f"Cannot save picks: {explain(error)}. Make room; they are kept in memory."
            self._workspace.notify("error", text)
        self._is_saving = error is None

    def _fail(self, record: MicrographRecord, error: Exception) -> None:
        self.failed.emit(record.id, explain(error))
        self._workspace.runner.errored.emit("pick", error)

    def _work_through(
        self, records: list[MicrographRecord], plan: Plan, store: ProjectStore, job: Job
    ) -> tuple[int, int]:
        """Pick one after another; return how many were picked, and how many could not be."""
        picked = failed = 0
        workspace, cache = self._workspace, self._workspace.cache
        cache.networks(plan)
        for count, record in enumerate(records):
            job.advance(count, len(records), record.path.name)
            try:
                stored = store.load_candidates(record.id)
                if stored is None or stored.key != plan.candidates_key(record):
                    found = _find(cache, store, record, plan, _Part(job, count, len(records)))
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
            "warning" if failed else "info", f"{picked} micrographs picked{bad}."
        )

    def _require_plan(self) -> Plan | None:
        self._workspace.renew_plan()
        if self._workspace.plan is None and self._workspace.problem:
            self._workspace.notify("warning", self._workspace.problem)
        return self._workspace.plan


@dataclass(frozen=True)
class _Part:
    """The job of one micrograph among many: it may be cancelled, and reports for all."""

    job: Job
    done: int
    total: int

    def advance(self, done: int, total: int, stage: str) -> None:
        self.job.advance(self.done, self.total, stage)


def _find(
    cache: StageCache, store: ProjectStore | None, record: MicrographRecord, plan: Plan, job: Job
) -> Found:
    analysis, stored = cache.pick(record, plan, job)
    unsaved = None
    try:
        if store is not None:
            store.save_candidates(record.id, stored)
    except OSError as error:
        unsaved = error
    detection = analysis.detection
    picture = detection.evidence.picture(plan.parameters.peaks)
    shown = ShownMap(picture.values, detection.view.frame, picture.limit)
    return Found(record.id, plan, stored, shown, unsaved)


def _same_detection(record: MicrographRecord, found: Found, plan: Plan | None) -> bool:
    """Tell whether what was found has the distance map that is wanted now."""
    return plan is not None and plan.detection_key(record) == found.plan.detection_key(record)


def _same_view(before: Settings, after: Settings) -> bool:
    """Tell whether only weights may change the distance map; else a person must press Pick."""
    same = before.detector.model_copy(update={"weights": after.detector.weights})
    return (before.particle, same) == (after.particle, after.detector)


def _without_cuts(settings: Settings) -> Settings:
    """Return settings in which what only cuts the list of candidates is left open."""
    stages = {
        name: getattr(settings, name).model_copy(
            update=dict.fromkeys(CUTS & set(type(getattr(settings, name)).model_fields))
        )
        for name in ("peaks", "classifier")
    }
    return settings.model_copy(update=stages)
