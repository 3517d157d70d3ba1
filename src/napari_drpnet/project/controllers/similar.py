"""A detector of what looks like the particles that the user has accepted by hand."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal

from napari_drpnet.base.errors import UnknownPixelSizeError
from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.networks.card import DetectorCard
from napari_drpnet.picking.parameters import (
    ClassifierParameters,
    DetectorParameters,
    PeakParameters,
)
from napari_drpnet.project.controllers.ahead import PickWhenShown
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.picking import PickingJobs
from napari_drpnet.project.learning.outcome import save_as_new
from napari_drpnet.project.notices import explain
from napari_drpnet.project.stages.cache import StageCache
from napari_drpnet.project.stages.plan import Plan, make_plan
from napari_drpnet.project.state.edits import MicrographRecord, Settings, SettingsEdit
from napari_drpnet.project.state.labels import Label, given_by
from napari_drpnet.project.workspace import Workspace

if TYPE_CHECKING:
    from napari_drpnet.training.from_labels.examples import LearnedDetector

#: Micrograph with the positions ``(n, 2)`` of its examples, ``(y, x)`` in unbinned pixels.
Shown = tuple[MicrographRecord, np.ndarray]
#: Least number of examples.
LEAST = 5
#: Architectures of detectors whose map can be used.
_BASES = ("fcrn", "multiscale")


class SimilarFinder:
    """Learns a detector from the accepted labels of the user, as the job ``"find similar"``.

    The new detector is used at once, without a classifier, which is one undo step. When it is
    discarded or undone, micrographs that were not picked before are not picked again.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose labels are used.
    current : CurrentMicrograph
        Micrograph that is shown.
    picking : PickingJobs
        Picking jobs.
    ahead : PickWhenShown
        Picking of micrographs when they are shown.

    Attributes
    ----------
    changed : Signal
        Emitted when `can_discard` may have changed.
    """

    changed = Signal()

    def __init__(
        self,
        workspace: Workspace,
        current: CurrentMicrograph,
        picking: PickingJobs,
        ahead: PickWhenShown,
    ) -> None:
        self._workspace, self._current = workspace, current
        self._picking, self._ahead = picking, ahead
        self._step: tuple[Settings, Settings] | None = None
        self._bare: set[str] = set()
        self._picked_shown: bool | None = None
        workspace.project_changed.connect(self._forget)
        workspace.settings_changed.connect(self.changed.emit)
        workspace.settings_replaced.connect(self._on_settings)

    @property
    def example_count(self) -> int:
        """Number of examples: particles that the user has accepted or added."""
        return sum(len(centers) for _, centers in self._examples())

    @property
    def can_discard(self) -> bool:
        """Whether the settings are those of the last detector that was found."""
        return self._step is not None and self._step[1] == self._workspace.project.settings

    def find(self) -> None:
        """Learn from the examples, and pick with the new detector."""
        workspace, examples = self._workspace, self._examples()
        workspace.failures.forget("find similar")
        if self.example_count < LEAST:
            text = f"Add at least {LEAST} particles first: there are {self.example_count}."
            workspace.notify("info", text)
        elif self._picking.require_plan() is not None:
            plan = make_plan(_base_settings(workspace.project.settings, workspace.plan).parameters)
            if isinstance(plan, Plan):
                work = partial(_learn, workspace.cache, examples, plan)
                workspace.runner.submit("find similar", work, self._take, self._fail)

    def cancel(self) -> None:
        """Cancel the search; nothing changes."""
        self._workspace.runner.cancel("find similar")

    def discard(self) -> None:
        """Pick as before, as one undo step."""
        if self._step is not None and self.can_discard:
            before, after = self._step
            self._workspace.do(SettingsEdit(before=after, after=before))
            self._workspace.settle()

    def _on_settings(self, before: Settings, after: Settings) -> None:
        """Forget the picks of micrographs that had none, if the last detector is given up."""
        workspace, store = self._workspace, self._workspace.store
        if (after, before) != self._step or store is None:
            return
        try:
            store.remove_candidates(self._bare & workspace.project.micrographs.keys())
        except OSError as error:
            workspace.notify("error", f"Cannot remove picks: {explain(error)}.")
        if self._picked_shown is None:
            self._ahead.turn(None)
        if self._current.id in self._bare:
            self._current.forget_candidates()

    def _examples(self) -> list[Shown]:
        project = self._workspace.project
        found = [
            (record, [label.center_yx for label in _accepted(project.labels(record.id))])
            for record in self._workspace.included()
        ]
        return [(record, np.array(centers)) for record, centers in found if centers]

    def _forget(self) -> None:
        self._step = None
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        if isinstance(error, UnknownPixelSizeError):
            self._picking.ask(
                "pixel_size_angstrom", "Give the pixel size: the file does not say it."
            )
        else:
            self._workspace.runner.errored.emit("find similar", error)

    def _take(self, learned: "LearnedDetector") -> None:
        workspace, project = self._workspace, self._workspace.project
        before, store = project.settings, workspace.store
        path = workspace.save_weights(
            lambda folder: save_as_new(folder, "examples", learned.state, learned.card)
        )
        if path is None or store is None:
            return
        peaks = before.peaks.model_copy(
            update={"threshold": None, "sigma_px": None, "score": None, "level": 1}
        )
        detector = before.detector.model_copy(
            update={"weights": str(path), "normalization": None, "map_units": None}
        )
        update = {"detector": detector, "peaks": peaks, "classifier": _NO_CLASSIFIER}
        after = before.model_copy(update=update)
        self._step = before, after
        self._bare = project.micrographs.keys() - store.stored_ids()
        self._picked_shown = store.picks_shown
        workspace.do(SettingsEdit(before=before, after=after))
        workspace.settle()
        if self._current.stored is None:
            self._picking.pick_current()


_NO_CLASSIFIER = ClassifierParameters(classifier="none")


def _accepted(labels: tuple[Label, ...]) -> list[Label]:
    return [label for label in given_by("person", labels) if label.accepted]


def _base_settings(settings: Settings, plan: Plan | None) -> Settings:
    """Return settings with the detector in use, or the default if its map cannot be used."""
    card = plan.weights.detector if plan else None
    usable = (
        isinstance(card, DetectorCard)
        and card.architecture in _BASES
        and card.map_units == "absolute"
        and card.kind == "detector"
    )
    weights = settings.detector.weights if usable else "default"
    detector = DetectorParameters(
        weights=weights, device=settings.detector.device, precision=settings.detector.precision
    )
    update = {"detector": detector, "peaks": PeakParameters(), "classifier": _NO_CLASSIFIER}
    return settings.model_copy(update=update)


def _learn(cache: StageCache, examples: list[Shown], plan: Plan, job: Job) -> "LearnedDetector":
    """Learn a detector; the work of a job."""
    from napari_drpnet.training.from_labels.examples import ExampleView, learn_from_examples

    views = []
    for done, (record, centers) in enumerate(examples):
        job.advance(done, len(examples), "looking at examples")
        view = cache.analyse(record, plan, job).detection.view
        views.append(ExampleView(view.image, view.frame.to_network(centers)))
    return learn_from_examples(cache.networks(plan).detector, views)
