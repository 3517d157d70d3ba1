"""2D averages of the project: made in a thread, and their classes accepted or rejected."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_drpnet.base.wording import counted
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.gallery import Gallery
from napari_drpnet.project.controllers.labelling import Labeller
from napari_drpnet.project.controllers.picking import PickingJobs
from napari_drpnet.project.stages.averages import PickAverages, average_points
from napari_drpnet.project.stages.decision import Decision
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Labels, given_by
from napari_drpnet.project.storage.store import StoredCandidates
from napari_drpnet.project.workspace import Workspace

Basis = tuple[Plan | None, dict[str, tuple[MicrographRecord, Labels]]]


@dataclass(frozen=True, eq=False)
class ClassTile:
    """What is drawn of one class.

    Parameters
    ----------
    greys : (side, side) uint8 array
        Average, at the grey scale of all averages.
    count : int
        Number of points.
    is_suspect : bool
        Whether the average looks like junk.
    accepted : bool or None
        Whether the class was accepted or rejected; None if neither.
    """

    greys: NDArray[np.uint8]
    count: int
    is_suspect: bool
    accepted: bool | None


class Averager:
    """Makes 2D averages of accepted points, and turns decisions about classes into labels.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose project is averaged.
    current : CurrentMicrograph
        Micrograph that is shown, which may be picked while it is.
    labeller : Labeller
        Labels of many micrographs.
    picking : PickingJobs
        Picking jobs, which report other micrographs that were picked.
    gallery : Gallery
        Gallery that lists the members of the chosen class.

    Attributes
    ----------
    averages : PickAverages or None
        The averages that were made last. They are those of the points of that time.
    chosen : int or None
        Class whose members the gallery lists.
    changed : Signal
        Emitted when `averages`, `chosen`, `tiles` or `is_outdated` may have changed, as often as
        settings and labels do.
    """

    changed = Signal()

    def __init__(
        self,
        workspace: Workspace,
        current: CurrentMicrograph,
        labeller: Labeller,
        picking: PickingJobs,
        gallery: Gallery,
    ) -> None:
        self._workspace, self._labeller, self._gallery = workspace, labeller, gallery
        self.averages: PickAverages | None = None
        self.chosen: int | None = None
        self._made_of: Basis = (None, {})
        self._picked = set[str]()
        self._stored: StoredCandidates | None = None
        workspace.project_changed.connect(self._forget)
        workspace.labels_changed.connect(self._on_change)
        workspace.micrographs_changed.connect(self._on_change)
        workspace.settings_changed.connect(self._on_change)
        picking.picked.connect(self._on_picked)
        current.decided.connect(self._on_decided)

    # ---- the averages

    def make(self) -> None:
        """Average a sample of the accepted points of all included micrographs, in a thread."""
        workspace = self._workspace
        ready = workspace.require_work()
        if ready is None:
            return
        asked = [(record, workspace.project.labels(record.id)) for record in workspace.included()]
        workspace.failures.forget("averages")
        work, take = partial(average_points, asked, *ready), partial(self._take, self._basis())
        workspace.runner.submit("averages", work, take)

    def cancel(self) -> None:
        """Cancel averaging; earlier averages are kept."""
        self._workspace.runner.cancel("averages")

    @property
    def is_outdated(self) -> bool:
        """Whether picks, settings or labels of single points have changed since averaging.

        Decisions about classes do not count.
        """
        if self.averages is None:
            return False
        basis = self._basis()
        is_more_picked = bool((self._picked & basis[1].keys()) - self.averages.picked)
        return is_more_picked or basis != self._made_of

    def tiles(self) -> list[ClassTile]:
        """Return what is drawn of each class, the largest one first."""
        averages = self.averages
        if averages is None:
            return []
        counts, suspects = averages.result.counts.tolist(), averages.result.suspects.tolist()
        verdicts = [
            self._labeller.class_verdict(averages.members(number), averages.reach_px)
            for number in range(len(counts))
        ]
        parts = zip(averages.greys, counts, suspects, verdicts, strict=True)
        return [ClassTile(*part) for part in parts]

    # ---- classes

    def choose(self, number: int | None) -> None:
        """List the members of a class in the gallery; None for all points again."""
        if self.averages is not None and number != self.chosen:
            self.chosen = number
            self._gallery.show_only(None if number is None else self.averages.members(number))
            self.changed.emit()

    def decide(self, number: int, accepted: bool) -> None:
        """Accept or reject the members of a class as one undo step."""
        if self.averages is None:
            return
        members = self.averages.members(number)
        total = sum(map(len, members.values()))
        count = self._labeller.label_class(members, self.averages.reach_px, accepted)
        verb = "accepted" if accepted else "rejected"
        kept = f"; {total - count:,} had a label already" if count < total else ""
        self._workspace.notify("info", f"{counted(count, 'pick')} {verb}{kept}.")

    # ---- changes

    def _basis(self) -> Basis:
        """Return the plan, and the included micrographs with the labels of single points."""
        workspace = self._workspace
        labels = {
            record.id: (record, given_by("person", workspace.project.labels(record.id)))
            for record in workspace.included()
        }
        return workspace.plan, labels

    def _take(self, basis: Basis, averages: PickAverages) -> None:
        self.choose(None)
        self.averages, self._made_of = averages, basis
        if averages.complaint:
            self._workspace.notify("warning", averages.complaint)
        self.changed.emit()

    def _forget(self) -> None:
        self.averages, self.chosen, self._made_of = None, None, (None, {})
        self._picked.clear()
        self._stored = None
        self.changed.emit()

    def _on_picked(self, micrograph: str) -> None:
        self._picked.add(micrograph)
        self._on_change()

    def _on_decided(self, decision: Decision) -> None:
        """Note whether the micrograph that is shown is picked with the current settings."""
        if decision.stored is self._stored:
            return
        self._stored = decision.stored
        if decision.stored.key == decision.plan.candidates_key(decision.record):
            self._on_picked(decision.record.id)

    def _on_change(self, _: object = None) -> None:
        if self.averages is not None:
            self.changed.emit()
