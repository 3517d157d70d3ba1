"""Training examples of each micrograph: its labels, and other candidates to replay."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.classification.classify import context_log_odds
from napari_drpnet.picking.cuts import accept, on_dirt, ranking_score
from napari_drpnet.project.points.review import LABEL_REACH, State, review_picks
from napari_drpnet.project.stages.cache import Analysis, StageCache
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Label, Source, weaker
from napari_drpnet.project.storage.store import StoredCandidates
from napari_drpnet.training.from_labels.replay import AdaptRecipe, LabelledView, choose_replay

Floats = NDArray[np.float64]
Labels = tuple[Label, ...]
Asked = tuple[MicrographRecord, Labels]

#: Candidates below this fraction of the threshold are not replayed, since they are never shown.
_SEEN = 0.5


@dataclass(frozen=True, eq=False)
class ExampleSet:
    """Training examples of one micrograph.

    Parameters
    ----------
    analysis : Analysis
        Result of the current networks on the micrograph.
    validating, helping : tuple of Label
        Labels that are also used for validation, and labels that are used for training only.
    labelled, automatic : LabelledView
        The same two sets of labels in the view of the classifier.
    replay : LabelledView
        Unlabelled candidates whose P(particle) is to be preserved. Those on dirt are left out:
        that they are rejected says nothing about the classifier.
    accepted_score : (k,) float array
        Scores of the points accepted by the user, in map units; NaN without a candidate.
    """

    analysis: Analysis
    validating: Labels
    helping: Labels
    labelled: LabelledView
    automatic: LabelledView
    replay: LabelledView
    accepted_score: Floats


def read_example_set(
    cache: StageCache, asked: Asked, plan: Plan, recipe: AdaptRecipe, weakest: Source, job: Job
) -> ExampleSet:
    """Collect the training examples of a micrograph.

    Parameters
    ----------
    cache : StageCache
        Cache that finds the candidates, or reuses their detection.
    asked : tuple of MicrographRecord and tuple of Label
        Micrograph with its labels.
    plan : Plan
        Plan for picking it, with or without a classifier.
    recipe : AdaptRecipe
        Recipe that sets how many candidates are replayed.
    weakest : {'person', 'classes', 'model'}
        Weakest source of the labels that are used for validation too.
    job : Job
        Progress callback; it may cancel the work.

    Returns
    -------
    ExampleSet
        Training examples of the micrograph.

    Raises
    ------
    InputFileError
        If the micrograph or the weights cannot be used.
    Cancelled
        If the work was cancelled.
    """
    record, labels = asked
    parameters = plan.parameters
    analysis, stored = cache.pick(record, plan, job)
    networks = cache.networks(plan)
    helping = weaker(labels, weakest)
    of_help = {label.id for label in helping}
    validating = tuple(label for label in labels if label.id not in of_help)
    context = context_log_odds(stored.picks, analysis.detection, networks)
    labelled, automatic = (
        _as_seen(given, analysis, stored, context) for given in (validating, helping)
    )
    seen = ranking_score(stored.picks, parameters) >= _SEEN * plan.cut
    seen &= ~on_dirt(stored.picks, parameters)
    view, decided = analysis.detection.classifier_view, accept(stored.picks, parameters)
    everything = LabelledView(
        view.image, view.frame.to_network(decided.centers_yx), decided.accepted, context
    )
    reach = LABEL_REACH * stored.diameter_px / float(view.frame.scale_yx.mean())
    known = np.concatenate([labelled.centers_yx, automatic.centers_yx])
    replay = choose_replay(everything.where(seen), known, reach, recipe)
    review = review_picks(stored.picks, labels, stored.diameter_px)
    by_hand = review.decide(parameters) == State.ACCEPTED_BY_HAND
    accepted_score = review.score(parameters)[by_hand]
    return ExampleSet(analysis, validating, helping, labelled, automatic, replay, accepted_score)


def places(labels: Labels) -> Floats:
    """Return the centres ``(y, x)`` of labels, ``(n, 2)`` in unbinned pixels."""
    return np.array([label.center_yx for label in labels], float).reshape(-1, 2)


def accepted_labels(labels: Labels) -> NDArray[np.bool_]:
    """Return whether each label is accepted, ``(n,)``."""
    return np.array([label.accepted for label in labels], bool)


def _as_seen(
    labels: Labels, analysis: Analysis, stored: StoredCandidates, context: Floats
) -> LabelledView:
    """Convert labels to the view of the classifier, each with the context of its candidate.

    A label without a candidate, such as that of an added point, has the context 0, so that the
    patch alone is used for training.
    """
    view, centers = analysis.detection.classifier_view, places(labels)
    context = np.append(context, 0.0)
    rows = np.full(len(centers), len(stored.picks))
    if len(stored.picks) and len(centers):
        anchors = [label.anchor_yx for label in labels]
        reach = LABEL_REACH * stored.diameter_px
        _, rows = cKDTree(stored.picks.centers_yx).query(anchors, distance_upper_bound=reach)
    return LabelledView(
        view.image, view.frame.to_network(centers), accepted_labels(labels), context[rows]
    )
