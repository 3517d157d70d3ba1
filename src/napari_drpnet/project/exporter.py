"""Exports the points of a project: gathers them, and writes them in a thread."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_drpnet.batch.outputs import default_box_size
from napari_drpnet.jobs import Job
from napari_drpnet.project.edits import MicrographRecord
from napari_drpnet.project.export import (
    ExportedMicrograph,
    ExportOptions,
    ExportReport,
    export_picks,
    preview_lines,
)
from napari_drpnet.project.labels import Label
from napari_drpnet.project.review import review_picks
from napari_drpnet.project.store import ProjectStore, StoredCandidates

if TYPE_CHECKING:
    from napari_drpnet.project.session import Plan, Session

Asked = tuple[MicrographRecord, tuple[Label, ...]]


class Exporter:
    """Writes the accepted points of micrographs.

    Parameters
    ----------
    session : Session
        Whose points they are.
    """

    finished = Signal(ExportReport)

    def __init__(self, session: "Session") -> None:
        self._session = session

    def export(self, folder: Path, options: ExportOptions, *, only_current: bool) -> None:
        """Write the micrograph that is shown, or all included ones that are picked."""
        session = self._session
        if session.store is None or session.plan is None:
            session.notify("warning", session.problem or "Open micrographs and pick them first.")
            return
        shown = [session.current.record] if session.current.record else []
        records = shown if only_current else session.included()
        asked = [(record, session.project.labels(record.id)) for record in records]
        picked = _gather(asked, session.plan, session.store)
        work = partial(
            _export,
            folder,
            picked,
            options,
            session.project.settings.micrographs_star,
            only_current,
            len(asked),
        )
        session.runner.submit("export", work, self._finish)

    def preview(self, options: ExportOptions) -> str:
        """Return the first rows that would be written about the micrograph that is shown."""
        current = self._session.current
        if current.review is None or current.stored is None:
            return ""
        box_size = options.box_size_px or default_box_size(current.stored.diameter_px)
        coordinates = current.review.accepted_coordinates(current.states)
        shape = current.stored.shape
        return preview_lines(coordinates, shape, options.formats[0], float(box_size))

    def _finish(self, report: ExportReport) -> None:
        for message in report.failed:
            self._session.notify("error", message)
        self.finished.emit(report)


def _gather(asked: list[Asked], plan: "Plan", store: ProjectStore) -> Iterator[ExportedMicrograph]:
    for record, labels in asked:
        stored = store.load_candidates(record.id)
        if stored is not None:
            yield _exported(record, labels, stored, plan)


def _exported(
    record: MicrographRecord, labels: tuple[Label, ...], stored: StoredCandidates, plan: "Plan"
) -> ExportedMicrograph:
    review = review_picks(stored.picks, labels, stored.diameter_px)
    return ExportedMicrograph(
        record.name,
        PurePosixPath(record.output),
        review.accepted_coordinates(review.decide(plan.parameters)),
        stored.shape,
        stored.diameter_px,
    )


def _export(
    folder: Path,
    picked: Iterator[ExportedMicrograph],
    options: ExportOptions,
    micrographs_star: Path | None,
    extend: bool,
    total: int,
    job: Job,
) -> ExportReport:
    return export_picks(
        folder,
        picked,
        options,
        micrographs_star=micrographs_star,
        extend=extend,
        total=total,
        job=job,
    )
