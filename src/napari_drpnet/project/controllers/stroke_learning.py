"""Training of the segmenter on strokes, whose outcome the user keeps or discards."""

from functools import partial

from psygnal import Signal

from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.segmenting import Segmenting
from napari_drpnet.project.learning.stroke_training import (
    ChangedClasses,
    SegmenterOutcome,
    StrokeTraining,
)
from napari_drpnet.project.state.edits import Settings, SettingsEdit
from napari_drpnet.project.state.strokes import painted_classes
from napari_drpnet.project.workspace import Workspace
from napari_drpnet.training.from_strokes.recipe import LEAST_CLASSES, StrokeRecipe


class StrokeLearner:
    """Trains the segmenter on the strokes of included micrographs, as the job ``"learn"``.

    Nothing changes in the project or on disk until `keep` is called.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose strokes are used.
    current : CurrentMicrograph
        Micrograph that is shown.
    segmenting : Segmenting
        Segmenting, whose segmenter is trained.

    Attributes
    ----------
    outcome : SegmenterOutcome or None
        Outcome of the training, until it is kept or discarded.
    finished : Signal
        Emitted when `outcome` has been set or cleared.
    """

    finished = Signal()

    def __init__(
        self, workspace: Workspace, current: CurrentMicrograph, segmenting: Segmenting
    ) -> None:
        self._workspace, self._current, self._segmenting = workspace, current, segmenting
        self._kept: str | None = None
        self.outcome: SegmenterOutcome | None = None
        workspace.project_changed.connect(self._forget)

    # ---- what there is

    @property
    def problem(self) -> str:
        """Message that says why training cannot start and what to do; "" if it can."""
        if self._workspace.plan is None:
            return self._workspace.problem or "Open micrographs first."
        strokes = (strokes for _, strokes in self._workspace.project.painted)
        if len(painted_classes(strokes)) < LEAST_CLASSES:
            return f"Paint strokes of at least {LEAST_CLASSES} classes on included micrographs."
        return "" if self._segmenting.plan else "There is no segmenter to train: choose one."

    @property
    def changes(self) -> ChangedClasses | None:
        """What the outcome would change on the micrograph that is shown; None if unknown."""
        changes = self.outcome.changes if self.outcome is not None else None
        return changes if changes is not None and changes.micrograph == self._current.id else None

    @property
    def is_kept(self) -> bool:
        """Whether the segmenter in use is the one that was kept last."""
        settings = self._workspace.project.settings
        return self._kept in (settings.segmenter.segmenter, settings.detector.weights)

    # ---- training

    def train(self, recipe: StrokeRecipe | None = None) -> None:
        """Start training; an outcome that was not kept is discarded."""
        workspace = self._workspace
        problem, plan, store = self.problem, self._segmenting.plan, workspace.store
        if problem or plan is None or store is None:
            workspace.notify("warning", problem or "Open micrographs first.")
            return
        self._forget()
        workspace.failures.forget("learn")
        shown, recipe = self._current.record, recipe or StrokeRecipe()
        training = StrokeTraining(workspace.project.painted, shown, plan, recipe)
        workspace.runner.submit("learn", partial(training.run, workspace.cache), self._take)

    def cancel(self) -> None:
        """Cancel training; the segmenter is unchanged."""
        self._workspace.runner.cancel("learn")

    # ---- outcome

    def keep(self) -> None:
        """Save the trained segmenter in the project and use it for picking, as one undo step."""
        workspace, outcome = self._workspace, self.outcome
        saved = workspace.save_weights(outcome.save) if outcome is not None else None
        if saved is None:
            return
        self._forget()
        self._kept = path = str(saved)
        before, plan = workspace.project.settings, workspace.plan
        picks = plan is not None and plan.picks_by_segmentation
        after = _with_segmenter(before, self._segmenting.segmenter, path, picks=picks)
        workspace.do(SettingsEdit(before=before, after=after))
        workspace.settle()

    def discard(self) -> None:
        """Discard the outcome; the segmenter is unchanged."""
        self._forget()

    # ---- inside

    def _forget(self) -> None:
        self._kept = self.outcome = None
        self.finished.emit()

    def _take(self, outcome: SegmenterOutcome) -> None:
        self.outcome = outcome
        self.finished.emit()


def _with_segmenter(settings: Settings, old: str, new: str, *, picks: bool) -> Settings:
    """Return settings with new weights in place of the old segmenter.

    `picks` says whether the detector is a segmenter. If it is the old one, it is replaced too, and
    no segmenter is chosen for dirt if there was none.
    """
    update: dict[str, object] = {}
    if picks and settings.detector.weights == old:
        update["detector"] = settings.detector.model_copy(update={"weights": new})
    if not update or settings.segmenter.segmenter == old:
        update["segmenter"] = settings.segmenter.model_copy(update={"segmenter": new})
    return settings.model_copy(update=update)
