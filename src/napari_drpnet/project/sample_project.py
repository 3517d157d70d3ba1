"""The sample micrograph, opened and picked for new users."""

from functools import partial
from pathlib import Path

from napari_drpnet.base.jobs import Job
from napari_drpnet.project.jobs.lanes import JobStatus
from napari_drpnet.project.session import Session
from napari_drpnet.simulation.sample import SAMPLE_DIAMETER_ANGSTROM, sample_files


def open_sample(session: Session) -> None:
    """Open the sample micrograph, pick it, and compare the picks with the truth.

    The micrograph is simulated in a thread the first time on a computer, which takes seconds. If
    no particle diameter is set, that of the sample is used.
    """
    session.failures.forget("list")
    session.runner.submit("list", _make_files, partial(_open, session))


def _make_files(job: Job) -> tuple[Path, Path]:
    job.advance(0, 0, "the sample micrograph")
    return sample_files()


def _open(session: Session, files: tuple[Path, Path]) -> None:
    """Open the micrograph, and pick it as soon as it is in the project."""
    micrograph, truth = files

    def go_on(status: JobStatus) -> None:
        if (status.kind, status.state) == ("list", "idle"):
            session.runner.status_changed.disconnect(go_on)
            _pick(session, micrograph, truth)

    session.runner.status_changed.connect(go_on)
    session.open_paths([micrograph])


def _pick(session: Session, micrograph: Path, truth: Path) -> None:
    records = session.project.micrographs.values()
    record = next((r for r in records if r.path == micrograph.absolute()), None)
    if record is None:  # the user has cancelled, or it could not be opened
        return
    if session.current.id != record.id:
        session.current.select(record.id)
    if session.project.settings.particle is None:
        session.change("particle", diameter_angstrom=SAMPLE_DIAMETER_ANGSTROM)
    session.comparison.load(truth)
    if session.current.stored is None:
        session.picking.pick_current()
