"""The jobs that pick: the micrograph shown, all included ones, and anew when a slider moves."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from napari_drpnet.jobs import Cancelled, Job
from napari_drpnet.peaks import smooth
from napari_drpnet.project.derivation import CUTS
from napari_drpnet.project.edits import MicrographRecord, Settings
from napari_drpnet.project.notices import explain
from napari_drpnet.project.picker import Picker
from napari_drpnet.project.plan import Plan
from napari_drpnet.project.shown import ShownMap
from napari_drpnet.project.store import ProjectStore, StoredCandidates

if TYPE_CHECKING:
    from napari_drpnet.project.session import Session

#: Brightest value of the distance map, by the units of the detector.
MAP_LIMITS = {"absolute": 1.0, "published": 255.0}


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
    session : Session
        Whose they are.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._is_saving = True

    def pick_current(self) -> None:
        """Pick the micrograph that is shown."""
        record, plan = self._session.current.record, self._require_plan()
        if record is not None and plan is not None:
            self._submit("pick", record, plan)

    def pick_all(self) -> None:
        """Pick all included micrographs that are not picked with these settings."""
        session, plan = self._session, self._require_plan()
        if plan is not None and session.store is not None:
            records = session.included()
            work = partial(self._work_through, records, plan, session.store)
            session.runner.submit("pick all", work, lambda done: self._finish_all(*done))

    def cancel(self) -> None:
        """Stop picking; what is finished stays."""
        for kind in ("pick", "pick all"):
            self._session.runner.cancel(kind)

    def on_settings(self, before: Settings, after: Settings) -> None:
        """Do again what depends on the settings that have changed."""
        current = self._session.current
        is_stale = _without_cuts(before) != _without_cuts(after) and _same_view(before, after)
        if is_stale:
            self.refresh()
        if not is_stale or current.review is None:
            current.decide()

    def refresh(self) -> None:
        """Bring the micrograph that is shown up to date, if it was picked before."""
        session = self._session
        session.renew_plan()
        record, stored, plan = session.current.record, session.current.stored, session.plan
        if record is not None and stored is not None and plan is not None:
            self._submit("candidates", record, plan)

    def _submit(self, kind: str, record: MicrographRecord, plan: Plan) -> None:
        session = self._session
        work = partial(_find, session.picker, session.store, record, plan)
        session.runner.submit(kind, work, self._land, partial(self._fail, record), live=True)

    def _land(self, found: Found) -> None:
        """Take a result; where it is not what the settings ask for now, see about a better one."""
        session = self._session
        self._complain_once(found.unsaved)
        record, plan = session.project.micrographs.get(found.micrograph), session.plan
        if record is None:
            return
        if record.id != session.current.id:
            session.summaries.refresh_one(record.id)
            return
        shown = session.current.stored
        wanted = plan and plan.candidates_key(record)
        is_newer_shown = shown is not None and shown.key == wanted != found.stored.key
        if not is_newer_shown:
            session.current.show_candidates(found.stored, found.map)
        is_wanted = is_newer_shown or _same_detection(record, found, plan)
        is_under_way = session.runner.status("candidates").state != "idle"
        if found.stored.key != wanted and is_wanted and not is_under_way:
            self.refresh()

    def _complain_once(self, error: OSError | None) -> None:
        """Say that candidates cannot be saved, unless that was so before."""
        if error is not None and self._is_saving:
            text = f"Cannot save picks: {explain(error)}. Make room; they are kept in memory."
            self._session.notify("error", text)
        self._is_saving = error is None

    def _fail(self, record: MicrographRecord, error: Exception) -> None:
        self._session.summaries.note_failure(record.id, explain(error))
        self._session.runner.errored.emit("pick", error)

    def _work_through(
        self, records: list[MicrographRecord], plan: Plan, store: ProjectStore, job: Job
    ) -> tuple[int, int]:
        """Pick one after another; return how many were picked, and how many could not be."""
        picked = failed = 0
        session, picker = self._session, self._session.picker
        picker.networks(plan.parameters, plan.weights)
        for count, record in enumerate(records):
            job.advance(count, len(records), record.path.name)
            try:
                stored = store.load_candidates(record.id)
                if stored is None or stored.key != plan.candidates_key(record):
                    found = _find(picker, store, record, plan, _Part(job, count, len(records)))
                    session.deliver_part(store, partial(self._land, found))
                picked += 1
            except Cancelled:
                raise
            except Exception as error:  # noqa: BLE001 - one bad micrograph must not end the rest
                failed += 1
                fail = partial(session.summaries.note_failure, record.id, explain(error))
                session.deliver_part(store, fail)
        return picked, failed

    def _finish_all(self, picked: int, failed: int) -> None:
        self._session.summaries.refresh()
        bad = f"; {failed} could not be picked: see their status" if failed else ""
        self._session.notify("warning" if failed else "info", f"{picked} micrographs picked{bad}.")

    def _require_plan(self) -> Plan | None:
        self._session.renew_plan()
        if self._session.plan is None and self._session.problem:
            self._session.notify("warning", self._session.problem)
        return self._session.plan


@dataclass(frozen=True)
class _Part:
    """The job of one micrograph among many: it may be cancelled, and reports for all."""

    job: Job
    done: int
    total: int

    def advance(self, done: int, total: int, stage: str) -> None:
        self.job.advance(self.done, self.total, stage)


def _find(
    picker: Picker, store: ProjectStore | None, record: MicrographRecord, plan: Plan, job: Job
) -> Found:
    analysis, stored = picker.pick(record, plan.parameters, plan.weights, job)
    unsaved = None
    try:
        if store is not None:
            store.save_candidates(record.id, stored)
    except OSError as error:
        unsaved = error
    sigma_px, units = plan.parameters.peaks.sigma_px, plan.parameters.detector.map_units
    assert sigma_px is not None
    assert units is not None
    smoothed = smooth(analysis.detection.distance_map, sigma_px)
    shown = ShownMap(smoothed, analysis.detection.view.frame, MAP_LIMITS[units])
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
