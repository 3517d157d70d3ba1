"""Automatic labels: the confident and the weak peaks of the scheme in the paper."""

from collections.abc import Iterable

import numpy as np

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.cuts import accept, on_dirt, ranking_score
from napari_drpnet.project.points.review import LABEL_REACH, Rows
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Label, labels_at
from napari_drpnet.project.storage.store import ProjectStore, StoredCandidates

#: Number of levels that a confident peak reaches, as defined in the paper.
_CONFIDENT = 3
#: Maximum number of labels of each kind on one micrograph; more would add no information.
MOST = 50

Labels = tuple[Label, ...]
#: Id of a micrograph, labels for it, and their reach (see `merge_labels`) in unbinned pixels.
Proposal = tuple[str, Labels, float]


def propose_labels(
    records: Iterable[MicrographRecord], plan: Plan, store: ProjectStore, job: Job
) -> list[Proposal]:
    """Propose labels for the candidates of picked micrographs with `label_by_confidence`.

    Parameters
    ----------
    records : iterable of MicrographRecord
        Micrographs to label. Those not picked with the current settings are left out.
    plan : Plan
        Plan for picking with the current settings.
    store : ProjectStore
        Store of the candidates.
    job : Job
        Progress callback, called for each micrograph; it may cancel the work.

    Returns
    -------
    list of tuple
        One proposal for each micrograph that is picked.

    Raises
    ------
    Cancelled
        If the work was cancelled.
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
    """Label confident particles and confident non-particles on one micrograph.

    The levels of the paper are multiples of the threshold. Here that is the threshold of the
    detector alone, since a lower one recommended by a classifier lets noise pass. If too few
    levels fit below the height of a particle, as on an absolute map, the levels are smaller, such
    that half of the accepted picks are confident; weak picks then lie below the threshold too.
    The paper's rule that flat boxes contain no particle is left out, since most of the flattest
    candidates of the shipped detector are particles. Candidates on dirt are not labelled, since it
    is not known what they are.
    """
    from napari_drpnet.training.common.labels import label_by_confidence

    threshold = max(plan.parameters.peaks.threshold, plan.weights.detector.threshold)
    picks = accept(stored.picks, plan.parameters)
    score = ranking_score(picks, plan.parameters)
    accepted = score[picks.accepted & (score > 0)]
    if not len(accepted):
        return ()
    level = min(threshold or np.inf, float(np.median(accepted)) / _CONFIDENT)
    chosen = (score >= level) & ~on_dirt(picks, plan.parameters)
    picks, score = picks.where(chosen), score[chosen]
    alike = np.ones(len(score))
    labels = label_by_confidence(score, picks.centers_yx, alike, level, stored.diameter_px)
    rows = np.concatenate([_evenly(np.flatnonzero(labels == kind)) for kind in (1, 0)])
    return labels_at(picks.centers_yx[rows], labels[rows] == 1, "model")


def _evenly(rows: Rows) -> Rows:
    """Choose evenly spaced rows of a list, including the first and the last."""
    count = min(len(rows), MOST)
    return np.asarray(rows[np.linspace(0, len(rows) - 1, count).round().astype(int)])
