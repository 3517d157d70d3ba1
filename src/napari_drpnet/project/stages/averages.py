"""2D averages of a sample of the accepted points of a project, as the work of a job."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import inside
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.wording import listed
from napari_drpnet.evaluation.averages.classes import MOST_BOXES, ClassAverages, average_classes
from napari_drpnet.images.boxes import prepare_boxes
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.project.points.review import LABEL_REACH, is_accepted
from napari_drpnet.project.stages.decision import Decision, decide
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Labels
from napari_drpnet.project.storage.store import ProjectStore

#: Most micrographs that are read, since reading and filtering one takes a second.
_MOST_MICROGRAPHS = 12
#: Resolution of the low-pass filter in particle diameters; finer detail is not compared.
_LOWPASS_DIAMETERS = 1 / 10
#: Least number of points that are worth averaging.
LEAST_POINTS = 20
#: Percentiles of all pixels of the averages that are shown black and white.
_BLACK, _WHITE = 0.5, 99.5


@dataclass(frozen=True, eq=False)
class PickAverages:
    """Averages of points of a project.

    Parameters
    ----------
    result : ClassAverages
        Averages, and the class of each point.
    picked : frozenset of str
        Ids of the micrographs that were picked and up to date.
    missing : tuple of str
        Names of the files that are not there, whose points are left out.
    micrographs : tuple of str
        Id of the micrograph of each point.
    centers_yx : (n, 2) float array
        Centres ``(y, x)`` of the points in unbinned pixels.
    reach_px : float
        Reach of a label in unbinned pixels, see `LABEL_REACH`.
    """

    result: ClassAverages
    picked: frozenset[str]
    missing: tuple[str, ...]
    micrographs: tuple[str, ...]
    centers_yx: NDArray[np.float64]
    reach_px: float

    @cached_property
    def greys(self) -> NDArray[np.uint8]:
        """Averages as grey levels ``(c, side, side)``, with the same contrast for all."""
        averages = self.result.averages
        black, white = np.percentile(averages, (_BLACK, _WHITE))
        shares = (averages - black) / max(white - black, np.finfo(np.float32).tiny)
        return np.asarray(np.round(255 * np.clip(shares, 0, 1)), np.uint8)

    @property
    def complaint(self) -> str:
        """Message about missing files; empty if all are there."""
        return _complain(self.missing)

    def members(self, number: int) -> dict[str, NDArray[np.float64]]:
        """Return the centres ``(k, 2)`` of the points of a class, by id of the micrograph."""
        names = np.array(self.micrographs)
        chosen = self.result.classes == number
        return {
            str(name): self.centers_yx[chosen & (names == name)]
            for name in np.unique(names[chosen])
        }


def average_points(
    asked: Sequence[tuple[MicrographRecord, Labels]],
    plan: Plan,
    store: ProjectStore,
    job: Job,
    seed: int = 0,
) -> PickAverages:
    """Average accepted points of micrographs that are picked with the current settings.

    Parameters
    ----------
    asked : sequence of tuple of MicrographRecord and Labels
        Micrographs with their labels. At most 12 are used, spread evenly over the list.
    plan : Plan
        Plan for picking with the current settings.
    store : ProjectStore
        Store of the candidates.
    job : Job
        Progress callback; it may cancel the work.
    seed : int
        Seed of the random sample of at most `MOST_BOXES` points, and of the averages.

    Returns
    -------
    PickAverages

    Raises
    ------
    InputFileError
        If a micrograph cannot be read.
    ValueError
        If there are fewer than `LEAST_POINTS` accepted points.
    Cancelled
        If the work was cancelled.
    """
    missing = tuple(record.path.name for record, _ in asked if not record.path.exists())
    rng = np.random.default_rng(seed)
    decided = [found for one in asked if (found := _decided(*one, plan, store))]
    decisions = _spread([decision for decision in decided if decision.accepted_count])
    most = -(-MOST_BOXES // max(1, len(decisions)))
    boxes, names, centers = [], list[str](), []
    for done, decision in enumerate(decisions):
        job.advance(done, len(decisions), "cutting boxes")
        places = _accepted(decision)
        places = places[np.sort(rng.permutation(len(places))[:most])]
        stored = decision.stored
        source = prepare_boxes(
            read_micrograph(decision.record.path).pixels,
            stored.diameter_px,
            stored.polarity,
            lowpass_px=_LOWPASS_DIAMETERS * stored.diameter_px,
        )
        boxes.append(source.cut(places))
        names += [decision.record.id] * len(places)
        centers.append(places)
    if len(names) < LEAST_POINTS:
        remedy = _complain(missing) or "Pick more micrographs first."
        raise ValueError(f"2D averages need at least {LEAST_POINTS} accepted picks. {remedy}")
    result = average_classes(np.concatenate(boxes)[:MOST_BOXES], seed=seed, job=job)
    count = len(result.classes)
    reach_px = LABEL_REACH * min(decision.stored.diameter_px for decision in decisions)
    picked = frozenset(decision.record.id for decision in decided)
    centers_yx = np.concatenate(centers)[:count]
    return PickAverages(result, picked, missing, tuple(names[:count]), centers_yx, reach_px)


def _complain(missing: Sequence[str]) -> str:
    return f"Left out, since the file is missing: {listed(missing, 1)}." if missing else ""


def _decided(
    record: MicrographRecord, labels: Labels, plan: Plan, store: ProjectStore
) -> Decision | None:
    """Return the decision about a micrograph that is picked and up to date; None for others."""
    stored = store.load_candidates(record.id)
    if stored is None or stored.key != plan.candidates_key(record):
        return None
    return decide(record, stored, labels, plan)


def _accepted(decision: Decision) -> NDArray[np.float64]:
    """Return the centres of accepted points inside the micrograph."""
    centers = decision.review.centers_yx[is_accepted(decision.states)]
    return centers[inside(centers, decision.stored.shape, 0)]


def _spread(decisions: list[Decision]) -> list[Decision]:
    """Return at most `_MOST_MICROGRAPHS`, evenly spaced in the list."""
    count = min(len(decisions), _MOST_MICROGRAPHS)
    rows = np.linspace(0, len(decisions) - 1, count).round().astype(int)
    return [decisions[row] for row in rows]
