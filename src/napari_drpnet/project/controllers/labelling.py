"""Labels of many micrographs: writing and reading files, and automatic labelling."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import far_from
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.wording import counted, listed
from napari_drpnet.formats.micrograph_names import NameMatches, match_names
from napari_drpnet.project.files.label_files import has_labels, read_labels, write_labels
from napari_drpnet.project.files.starting_points import read_starting_points
from napari_drpnet.project.notices import explain
from napari_drpnet.project.points.review import LABEL_REACH
from napari_drpnet.project.stages.auto_labels import Proposal, propose_labels
from napari_drpnet.project.state.edits import EditGroup, LabelEdit, MicrographRecord
from napari_drpnet.project.state.labels import (
    Label,
    contradictions,
    contrary,
    decided,
    given_by,
    labels_at,
    labels_near,
    merge_labels,
)
from napari_drpnet.project.storage.store import ProjectStore
from napari_drpnet.project.workspace import Workspace

Labels = tuple[Label, ...]


class Labeller:
    """Writes, reads and makes labels of many micrographs; new labels are one undo step.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose project is labelled.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    # ---- files

    def save(self, path: Path) -> None:
        """Write all labels of the project to a ``.csv`` or ``.star`` file."""
        project, labels = self._workspace.project, dict[str, Labels]()
        for record in project.micrographs.values():
            if given := project.labels(record.id):
                labels[record.name] = labels.get(record.name, ()) + given
        try:
            write_labels(path, labels)
        except OSError as error:
            text = f"Cannot write the labels: {explain(error)}. Choose another folder."
            self._workspace.notify("error", text)
            return
        count = sum(map(len, labels.values()))
        self._workspace.notify("info", f"{counted(count, 'label')} written to {path.name}.")

    def load(self, path: Path, scale: float = 1.0) -> None:
        """Read labels or coordinates in a thread, and add those that are new.

        Parameters
        ----------
        path : pathlib.Path
            File of `save`, with a column for the label. The positions in any other coordinate
            file, or in a folder of them, become particles that the user has accepted.
        scale : float
            Unbinned pixels per pixel of the coordinates. Labels are always in unbinned pixels.
        """
        workspace = self._workspace
        if workspace.store is None:
            workspace.notify("warning", "Open micrographs first.")
            return
        records = list(workspace.project.micrographs.values())
        work = partial(_read, path, scale, records, workspace.store)
        workspace.failures.forget("read labels")
        workspace.runner.submit("read labels", work, lambda read: self._take_file(path, *read))

    def _take_file(self, path: Path, proposals: list[Proposal], matches: NameMatches) -> None:
        project, notify = self._workspace.project, self._workspace.notify
        contrary = sum(
            contradictions(project.labels(name), given, reach) for name, given, reach in proposals
        )
        count = self._add(f"Import {path.name}", proposals)
        given = sum(len(labels) for _, labels, _ in proposals)
        there = f"; {given - count:,} were there already" if given > count else ""
        notify("info", f"{counted(count, 'label')} imported{there}.")
        if contrary:
            notify("warning", f"Left out {counted(contrary, 'label')} that contradicted yours.")
        if unknown := matches.unknown:
            remedy = "Open those micrographs, and import again."
            notify("warning", f"No micrograph of the project is called {listed(unknown)}. {remedy}")
        if several := matches.ambiguous:
            remedy = "Write their folders into the file."
            notify("warning", f"Several micrographs may be meant by {listed(several)}. {remedy}")

    # ---- automatic

    @property
    def has_automatic(self) -> bool:
        """Whether any label of the project is automatic."""
        return any(self._automatic(name) for name in self._workspace.project.micrographs)

    def label_automatically(self) -> None:
        """Label the strongest and the weakest picks of all included micrographs.

        Earlier automatic labels on them are replaced; those of the user are kept.
        """
        workspace = self._workspace
        ready = workspace.require_work()
        if ready is None:
            return
        workspace.failures.forget("label")
        work = partial(propose_labels, workspace.included(), *ready)
        workspace.runner.submit("label", work, self._take_proposals)

    def cancel(self) -> None:
        """Cancel automatic labelling without changing any label."""
        self._workspace.runner.cancel("label")

    def forget_automatic(self) -> None:
        """Remove all automatic labels."""
        project = self._workspace.project
        edits = tuple(
            LabelEdit(micrograph=name, before=automatic, after=())
            for name in project.micrographs
            if (automatic := self._automatic(name))
        )
        self._workspace.do(EditGroup(title="Remove automatic labels", edits=edits))

    def _take_proposals(self, proposals: list[Proposal]) -> None:
        replaced = {name: self._automatic(name) for name, _, _ in proposals}
        count = self._add("Label automatically", proposals, replaced)
        if not count:
            text = "No pick stands out from the others: label some yourself."
            self._workspace.notify("warning", text if proposals else "Press Pick first.")

    # ---- 2D classes

    def label_class(
        self, places: Mapping[str, NDArray[np.float64]], reach_px: float, accepted: bool
    ) -> int:
        """Accept or reject all members of a 2D class as one undo step.

        Members that the user has labelled one by one keep these labels. Labels of a model, and
        earlier ones of another 2D class, are replaced.

        Parameters
        ----------
        places : dict of str to (n, 2) float array
            Centres ``(y, x)`` of the members in unbinned pixels, by id of the micrograph.
        reach_px : float
            Largest distance at which two labels count as the same position, in unbinned pixels.
        accepted : bool
            Whether the members are particles.

        Returns
        -------
        int
            Number of members that were labelled; the others have that label already, or one of
            the user.
        """
        project = self._workspace.project
        proposals = list[Proposal]()
        for name, centers in places.items():
            clicked = [o.center_yx for o in given_by("person", project.labels(name))]
            open_rows = far_from(centers, clicked, reach_px)
            given = labels_at(centers[open_rows], accepted, "classes")
            proposals.append((name, given, reach_px))
        return self.add_classes("Accept 2D class" if accepted else "Reject 2D class", proposals)

    def class_verdict(
        self, places: Mapping[str, NDArray[np.float64]], reach_px: float
    ) -> bool | None:
        """Return whether a 2D class is accepted or rejected by its labels.

        Parameters
        ----------
        places : dict of str to (n, 2) float array
            Centres ``(y, x)`` of the members in unbinned pixels, by id of the micrograph.
        reach_px : float
            Largest distance of a label from its member, in unbinned pixels.

        Returns
        -------
        bool or None
            None unless each member has a label of the user, some have one of `label_class`, and
            these agree.
        """
        verdicts = set[bool]()
        for name, centers in places.items():
            labels = decided(self._workspace.project.labels(name))
            if far_from(centers, [o.center_yx for o in labels], reach_px).any():
                return None
            of_classes = labels_near(given_by("classes", labels), centers, reach_px)
            verdicts |= {o.accepted for o in of_classes}
        return verdicts.pop() if len(verdicts) == 1 else None

    def add_classes(self, title: str, proposals: list[Proposal]) -> int:
        """Add labels by 2D classes as one undo step, and return their number.

        Labels of a model near them, and contrary ones of earlier 2D classes, are replaced. Labels
        that the user has given one by one stay.
        """
        project = self._workspace.project
        replaced = {
            name: contrary(given_by("classes", project.labels(name)), given, reach_px)
            for name, given, reach_px in proposals
        }
        return self._add(title, proposals, replaced)

    # ---- shared

    def _automatic(self, micrograph: str) -> Labels:
        return given_by("model", self._workspace.project.labels(micrograph))

    def _add(
        self, title: str, proposals: list[Proposal], replaced: Mapping[str, Labels] | None = None
    ) -> int:
        """Add labels as one undo step, and return their number.

        Existing labels in `replaced`, by micrograph, are removed first.
        """
        project, edits = self._workspace.project, []
        for name, given, reach_px in proposals:
            if name in project.micrographs:
                old = (replaced or {}).get(name, ())
                here = tuple(label for label in project.labels(name) if label not in old)
                removed, added = merge_labels(here, given, reach_px)
                first = project.next_label_id(name)
                after = tuple(
                    label.model_copy(update={"id": first + k}) for k, label in enumerate(added)
                )
                edits.append(LabelEdit(micrograph=name, before=old + removed, after=after))
        self._workspace.do(EditGroup(title=title, edits=tuple(edits)))
        return sum(len(edit.after) for edit in edits)


def _read(
    path: Path, scale: float, records: list[MicrographRecord], store: ProjectStore, job: Job
) -> tuple[list[Proposal], NameMatches]:
    """Read a file; return the labels of known micrographs, and how their names were matched."""
    labels = read_labels(path) if has_labels(path) else read_starting_points(path, scale)
    ids = {record.name: record.id for record in records}
    matches = match_names(labels, ids)
    proposals = [
        (micrograph, labels[name], stored_reach(store, micrograph))
        for name, known in matches.found.items()
        for micrograph in [ids[known]]
    ]
    return proposals, matches


def stored_reach(store: ProjectStore, micrograph: str) -> float:
    """Return the reach of labels in unbinned pixels; 0 for micrographs that were never picked."""
    stored = store.load_candidates(micrograph)
    return LABEL_REACH * stored.diameter_px if stored else 0.0
