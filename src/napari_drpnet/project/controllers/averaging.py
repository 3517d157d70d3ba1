"""2D averages of the project: made in a thread, and their classes accepted or rejected."""

from functools import partial

from psygnal import Signal

from napari_drpnet.base.wording import counted
from napari_drpnet.project.controllers.labelling import Labeller
from napari_drpnet.project.stages.averages import PickAverages, average_points
from napari_drpnet.project.workspace import Workspace


class Averager:
    """Makes 2D averages of accepted points, and turns decisions about classes into labels.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose project is averaged.
    labeller : Labeller
        Labels of many micrographs.

    Attributes
    ----------
    averages : PickAverages or None
        The averages that were made last. They are those of the points of that time.
    changed : Signal
        Emitted when `averages` has changed.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace, labeller: Labeller) -> None:
        self._workspace, self._labeller = workspace, labeller
        self.averages: PickAverages | None = None
        workspace.project_changed.connect(self._forget)

    def make(self) -> None:
        """Average a sample of the accepted points of all included micrographs, in a thread."""
        workspace = self._workspace
        workspace.renew_plan()
        plan, store = workspace.plan, workspace.store
        if plan is None or store is None:
            workspace.notify("warning", workspace.problem or "Open micrographs first.")
            return
        asked = [(record, workspace.project.labels(record.id)) for record in workspace.included()]
        workspace.failures.forget("averages")
        work = partial(average_points, asked, plan, store)
        workspace.runner.submit("averages", work, self._take)

    def cancel(self) -> None:
        """Cancel averaging; earlier averages are kept."""
        self._workspace.runner.cancel("averages")

    def decide(self, number: int, accepted: bool) -> None:
        """Accept or reject the members of a class as one undo step."""
        if self.averages is None:
            return
        members = self.averages.members(number)
        total = sum(map(len, members.values()))
        count = self._labeller.label_class(members, self.averages.reach_px, accepted)
        verb = "accepted" if accepted else "rejected"
        kept = f"; {total - count} had a label already" if count < total else ""
        self._workspace.notify("info", f"{counted(count, 'pick')} {verb}{kept}.")

    def _take(self, averages: PickAverages) -> None:
        self.averages = averages
        self.changed.emit()

    def _forget(self) -> None:
        self.averages = None
        self.changed.emit()
