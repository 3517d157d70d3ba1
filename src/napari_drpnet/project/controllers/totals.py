"""Comparison of all micrographs of the project with truth, when the user asks for it."""

from functools import partial

from psygnal import Signal

from napari_drpnet.project.controllers.comparison import LiveComparison
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.picking import PickingJobs
from napari_drpnet.project.stages.decision import Decision
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.stages.totals import ComparisonTotals, compare_all
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Label, decided
from napari_drpnet.project.workspace import Workspace

Asked = list[tuple[MicrographRecord, tuple[Label, ...]]]


class ProjectComparison:
    """Compares the stored picks of all micrographs with truth, in a thread.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose project is compared.
    current : CurrentMicrograph
        Micrograph that is shown, which may be picked while it is.
    picking : PickingJobs
        Picking jobs, which report other micrographs that were picked.
    comparison : LiveComparison
        Comparison of the micrograph that is shown, which has the truth.

    Attributes
    ----------
    totals : ComparisonTotals or None
        Totals of the last comparison; None if there was none with this truth.
    changed : Signal
        Emitted when `totals` or `is_outdated` may have changed.
    """

    changed = Signal()

    def __init__(
        self,
        workspace: Workspace,
        current: CurrentMicrograph,
        picking: PickingJobs,
        comparison: LiveComparison,
    ) -> None:
        self._workspace, self._comparison = workspace, comparison
        self.totals: ComparisonTotals | None = None
        self._truth = comparison.all_yx
        self._made_of: tuple[Plan | None, Asked] = (None, [])
        self._is_repicked = False
        comparison.positions_changed.connect(self._on_truth)
        workspace.labels_changed.connect(self._on_change)
        workspace.micrographs_changed.connect(self._on_change)
        workspace.settings_changed.connect(self._on_change)
        picking.picked.connect(self._on_picked)
        current.decided.connect(self._on_decided)

    def start(self) -> None:
        """Compare all micrographs with the truth."""
        workspace = self._workspace
        ready = workspace.require_work()
        if ready is None:
            return
        basis = self._basis()
        work = partial(compare_all, basis[1], self._comparison.all_yx, *ready)
        workspace.failures.forget("compare all")
        self._is_repicked = False
        workspace.runner.submit("compare all", work, partial(self._take, basis))

    def cancel(self) -> None:
        """Stop comparing; the totals of before are kept."""
        self._workspace.runner.cancel("compare all")

    @property
    def is_outdated(self) -> bool:
        """Whether picks, settings or labels have changed since the totals were made."""
        if self.totals is None:
            return False
        return self._is_repicked or self._basis() != self._made_of

    def _basis(self) -> tuple[Plan | None, Asked]:
        """Return the plan, and all micrographs with the labels that decide."""
        project = self._workspace.project
        records = project.micrographs.values()
        return self._workspace.plan, [(each, decided(project.labels(each.id))) for each in records]

    def _take(self, basis: tuple[Plan | None, Asked], totals: ComparisonTotals) -> None:
        self.totals, self._made_of = totals, basis
        self.changed.emit()

    def _on_truth(self) -> None:
        """Forget the totals if there is another truth; the signal is also about the micrograph."""
        if self._truth is not self._comparison.all_yx:
            self._truth, self.totals = self._comparison.all_yx, None
            self._workspace.runner.invalidate("compare all")
            self.changed.emit()

    def _on_picked(self, micrograph: str) -> None:
        if self.totals is not None and micrograph in self.totals.keys:
            self._is_repicked = True
            self.changed.emit()

    def _on_decided(self, decision: Decision) -> None:
        """Notice that the micrograph that is shown has other picks."""
        if self.totals is not None:
            known = self.totals.keys.get(decision.record.id, decision.stored.key)
            self._is_repicked |= known != decision.stored.key

    def _on_change(self, _: object = None) -> None:
        if self.totals is not None:
            self.changed.emit()
