"""Labels without a person: the confident and the weak peaks of the paper's own scheme."""

from collections.abc import Iterable

import numpy as np

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.cuts import accept, ranking_score
from napari_drpnet.project.points.review import LABEL_REACH, Rows
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Label
from napari_drpnet.project.storage.store import ProjectStore, StoredCandidates

#: Levels of a confident peak, as the paper counts them.
_CONFIDENT = 3
#: Of either kind on one micrograph, at most: more would teach nothing new.
MOST = 50

Labels = tuple[Label, ...]
#: Id of a micrograph, labels for it, and how far they hold, unbinned pixels.
Proposal = tuple[str, Labels, float]


def propose_labels(
    records: Iterable[MicrographRecord], plan: Plan, store: ProjectStore, job: Job
) -> list[Proposal]:
    """Label the candidates of picked micrographs, as `label_by_confidence` does.

    Parameters
    ----------
    records : iterable of MicrographRecord
        Those that are not picked with these settings are left out.
    plan : Plan
        How they are picked.
    store : ProjectStore
        Knows what was picked.
    job : Job
        Told after each micrograph; may cancel.

    Raises
    ------
    Cancelled
        When the job says so.
    """
    proposals, wanted = [], list(records)
    for count, record in enumerate(wanted):
        job.advance(count, len(wanted), "labelling")
        stored = store.load_candidates(record.id)
        if stored is not None and stored.key == plan.candidates_key(record):
            labels = label_candidates(stored, plan)
            proposals.append((record.id, labels, LABEL_REACH * stored.diameter_px))
    return proposals


def label_candidates(stored: StoredCandidates, plan: Plan) -> Labels:
    """Label what is surely a particle, and what surely is none, on one micrograph.

    The paper's levels are multiples of the threshold: that of the detector alone, since one that
    a classifier recommends lets noise pass. Where too few fit below the height of a particle, as
    on an absolute map, they are smaller: then half of the accepted picks are confident, and weak
    ones lie below the threshold too. The paper's rule that flat boxes are none is left out: among
    the candidates of the shipped detector the flattest are particles, mostly.
    """
    from napari_drpnet.training.common.labels import label_by_confidence

    threshold = max(plan.parameters.peaks.threshold, plan.weights.detector.threshold)
    picks = accept(stored.picks, plan.parameters)
    score = ranking_score(picks, plan.parameters)
    accepted = score[picks.accepted & (score > 0)]
    if not len(accepted):
        return ()
    level = min(threshold or np.inf, float(np.median(accepted)) / _CONFIDENT)
    picks, score = picks.where(score >= level), score[score >= level]
    alike = np.ones(len(score))
    verdicts = label_by_confidence(score, picks.centers_yx, alike, level, stored.diameter_px)
    chosen = np.concatenate([_evenly(np.flatnonzero(verdicts == kind)) for kind in (1, 0)])
    places = [(float(y), float(x)) for y, x in picks.centers_yx[chosen]]
    return tuple(
        Label(id=k, center_yx=place, anchor_yx=place, accepted=bool(verdict), source="model")
        for k, (place, verdict) in enumerate(zip(places, verdicts[chosen], strict=True))
    )


def _evenly(rows: Rows) -> Rows:
    """Choose rows evenly down the list, the best and the worst among them."""
    count = min(len(rows), MOST)
    return np.asarray(rows[np.linspace(0, len(rows) - 1, count).round().astype(int)])
