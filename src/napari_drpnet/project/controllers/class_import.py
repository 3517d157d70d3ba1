"""Import of the particles that a 2D classification of another program kept, as labels."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.wording import counted
from napari_drpnet.project.controllers.labelling import Labeller, stored_reach
from napari_drpnet.project.files.selection_labels import (
    KnownMicrographs,
    SelectionLabels,
    label_by_selection,
)
from napari_drpnet.project.files.selections import read_selection
from napari_drpnet.project.points.review import is_accepted
from napari_drpnet.project.stages.decision import decide
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Labels, given_by
from napari_drpnet.project.storage.store import ProjectStore
from napari_drpnet.project.workspace import Workspace
from napari_drpnet.relion.job_inputs import find_extractions

Asked = tuple[MicrographRecord, Labels]


class ClassImporter:
    """Labels selected particles on the micrographs of a project, and the others that there were.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose project is labelled.
    labeller : Labeller
        Adds the labels.
    """

    def __init__(self, workspace: Workspace, labeller: Labeller) -> None:
        self._workspace, self._labeller = workspace, labeller

    def knows_extraction(self, path: Path) -> bool:
        """Return whether RELION's pipeline says what the particles of a file were selected from."""
        try:
            return bool(find_extractions(path))
        except InputFileError:
            return True  # `load` says what is wrong

    def load(self, path: Path, extracted: Path | None = None) -> None:
        """Read files of particles in a thread, and label the particles as one undo step.

        Parameters
        ----------
        path : pathlib.Path
            File of the selected particles, which are accepted; see `read_selection`.
        extracted : pathlib.Path, optional
            What they were selected from; the others in it are rejected. By default it is found
            through RELION's pipeline, and else the accepted picks stand for it.
        """
        workspace = self._workspace
        ready = workspace.require_work()
        if ready is None:
            return
        project = workspace.project
        asked = [(record, project.labels(record.id)) for record in project.micrographs.values()]
        workspace.failures.forget("read labels")
        work = partial(_label, path, extracted, asked, *ready)
        workspace.runner.submit("read labels", work, partial(self._take, path))

    def _take(self, path: Path, found: SelectionLabels) -> None:
        title = f"Import 2D classes of {path.name}"
        count = self._labeller.add_classes(title, found.proposals)
        self._workspace.notify("info", f"{found.summary} {counted(count, 'new label')}.")
        for sentence in found.left_out:
            self._workspace.notify("warning", sentence)


def _label(
    path: Path,
    extracted: Path | None,
    asked: Sequence[Asked],
    plan: Plan,
    store: ProjectStore,
    job: Job,
) -> SelectionLabels:
    """Label particles on the micrographs of a project; the work of a job."""
    by_id = {record.id: (record, labels) for record, labels in asked}

    def accepted(micrograph: str) -> NDArray[np.float64]:
        """Return the accepted points without what earlier 2D classes say about them."""
        record, labels = by_id[micrograph]
        stored = store.load_candidates(micrograph)
        if stored is None:
            return np.empty((0, 2))
        decision = decide(record, stored, given_by("person", labels), plan)
        return decision.review.centers_yx[is_accepted(decision.states)]

    names = {record.id: record.name for record, _ in asked}
    known = KnownMicrographs(names, partial(stored_reach, store), accepted)
    return label_by_selection(read_selection(path, extracted), known)
