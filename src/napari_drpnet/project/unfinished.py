"""What would be lost if the window closed now."""

from napari_drpnet.base.wording import counted
from napari_drpnet.project.jobs.lanes import JobKind
from napari_drpnet.project.session import Session

#: Jobs that take long or write files, with what is said about them while they run.
_JOBS: dict[JobKind, str] = {
    "pick": "This micrograph is being picked.",
    "pick all": "Micrographs are being picked. Those that are finished are saved.",
    "label": "Automatic labels are being made.",
    "train": "Networks are being trained.",
    "learn": "The segmenter is being trained.",
    "export": "Files are being written. Those that are finished stay.",
}


def unfinished_work(session: Session) -> list[str]:
    """Return sentences about jobs that run and results that are not saved.

    Settings, labels and picks are saved as they change, so that they are named only if they could
    not be written.
    """
    runner, store = session.runner, session.store
    found = [text for kind, text in _JOBS.items() if runner.status(kind).state != "idle"]
    if session.learner.outcome is not None:
        found.append("Trained networks are neither kept nor discarded.")
    if session.stroke_learner.outcome is not None:
        found.append("A trained segmenter is neither kept nor discarded.")
    if store is not None and store.unsaved:
        found.append(f"{counted(store.unsaved, 'edit')} could not be saved: is the disk full?")
    return found
