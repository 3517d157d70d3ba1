"""Training a classifier on labels: improvement, other predictions unchanged, and its report."""

import copy

import numpy as np
import pytest
import torch
from scipy.special import expit

from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.picking.classification.patches import extract_patches, log_odds_of_patches
from napari_drpnet.picking.expected import automatic_cut
from napari_drpnet.picking.networks.card import ClassifierCard, Network
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
from napari_drpnet.training.from_labels.classifier import Adapted, adapt_classifier
from napari_drpnet.training.from_labels.replay import (
    AdaptRecipe,
    LabelledView,
    choose_replay,
    recommend_threshold,
)

RECIPE = AdaptRecipe(steps=60, folds=3, shift_px=0)
PATCH_PX = 40


def make_classifier(accept=0.5):
    torch.manual_seed(3)
    module = PatchClassifier(PATCH_PX).eval()
    card = ClassifierCard(
        particle_px=11,
        patch_px=PATCH_PX,
        accept=accept,
        licence="BSD-3-Clause",
        trained_on="nothing",
    )
    return Network(module, card, "toy", "0" * 64)


def make_view(seed=0, particles=20, rubbish=20):
    """Return a view of bright discs, which are particles, and of brighter small spots."""
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(240, 300)).astype(np.float32)
    grid = np.argwhere(np.ones((6, 8))) * [38.0, 36.0] + 22
    centers = (
        rng.permutation(grid)[: particles + rubbish]
        + rng.uniform(-4, 4, (40, 2))[: particles + rubbish]
    )
    accepted = np.arange(len(centers)) < particles
    y, x = np.ogrid[: image.shape[0], : image.shape[1]]
    for (cy, cx), good in zip(centers, accepted, strict=True):
        distance = np.hypot(y - cy, x - cx)
        image += np.where(distance < (5.5 if good else 2.5), 3.0 if good else 8.0, 0.0)
    return LabelledView(image, centers, accepted)


def take(view, rows):
    return LabelledView(view.image, view.centers_yx[rows], view.accepted[rows])


def finish(training):
    """Return all reports and the result."""
    reports = []
    while True:
        try:
            reports.append(next(training))
        except StopIteration as end:
            return reports, end.value


def adapt(labelled, replay=(), classifier=None, recipe=RECIPE, job=None) -> Adapted:
    _, adapted = finish(
        adapt_classifier(classifier or make_classifier(), labelled, replay, recipe, job)
    )
    return adapted


def classify(network, state, view):
    module = copy.deepcopy(network.module)
    module.load_state_dict(state)
    patches = extract_patches(view.image, view.centers_yx, PATCH_PX)
    odds = log_odds_of_patches(patches, Network(module, network.card, "", ""))
    return expit(odds + view.context_odds)


def test_what_is_learned_holds_on_another_micrograph():
    classifier, other = make_classifier(), make_view(seed=9)
    reports, adapted = finish(
        adapt_classifier(classifier, [make_view(1), make_view(2)], [], RECIPE)
    )
    assert adapted.improved
    assert adapted.after.rates.f1 > 0.9 > adapted.before.rates.f1
    assert adapted.after.log_loss < adapted.before.log_loss
    assert adapted.after.labels == 80
    assert adapted.after.right > 72
    old = classify(classifier, classifier.module.state_dict(), other) >= 0.5
    new = classify(classifier, adapted.state, other) >= 0.5
    assert np.mean(new == other.accepted) > 0.9 > np.mean(old == other.accepted)
    assert [report.step for report in reports] == list(range(3, 61, 3))
    assert reports[-1].loss < reports[0].loss


def test_the_classifier_in_use_and_the_convolutions_stay_as_they_are():
    classifier = make_classifier()
    before = copy.deepcopy(classifier.module.state_dict())
    adapted = adapt([make_view()], [make_view(1)], classifier)
    for name, tensor in before.items():
        assert torch.equal(classifier.module.state_dict()[name], tensor)
        assert torch.equal(adapted.state[name], tensor) == name.startswith("features")
    assert not classifier.module.training


def test_it_is_as_random_as_its_seed():
    view = make_view()
    same = [adapt([view], [make_view(1)]) for _ in range(2)]
    other = adapt([view], [make_view(1)], recipe=RECIPE.model_copy(update={"seed": 2}))
    name = "head.4.weight"
    assert torch.equal(same[0].state[name], same[1].state[name])
    assert same[0].after == same[1].after
    assert not torch.equal(same[0].state[name], other.state[name])


def test_other_candidates_keep_their_probability():
    """Few labels, all rejected, change P(particle) of all others if nothing is replayed."""
    classifier, view, others = make_classifier(), make_view(0), make_view(5)
    rejected = LabelledView(view.image, view.centers_yx[20:26], np.zeros(6, bool))
    old = classify(classifier, classifier.module.state_dict(), others)
    others = LabelledView(others.image, others.centers_yx, old >= np.median(old))
    kept = adapt([rejected], [others], classifier)
    few = adapt([rejected], [take(others, [int(np.argmax(old))])], classifier)
    moved = [np.abs(classify(classifier, a.state, others) - old)[:20].mean() for a in (kept, few)]
    assert moved[0] < 0.5 * moved[1]


def test_labels_without_sense_are_no_improvement():
    view = make_view()
    rng = np.random.default_rng(0)
    senseless = LabelledView(view.image, view.centers_yx, rng.random(40) < 0.5)
    adapted = adapt([senseless])
    assert not adapted.improved


def test_accepted_labels_alone_suffice():
    """Candidates that the old weights reject stand for the other kind."""
    view, others = make_view(), make_view(1)
    accepted = take(view, np.flatnonzero(view.accepted))
    rejected = LabelledView(others.image, others.centers_yx[20:], np.zeros(20, bool))
    adapted = adapt([accepted], [rejected])
    assert adapted.after.log_loss < adapted.before.log_loss
    assert adapted.after.labels == 20


@pytest.mark.parametrize(("parent", "expected"), [(0.3, 0.3), (0.0, 0.5)])
def test_the_cut_is_the_parents_or_a_half(parent, expected):
    assert adapt([make_view()], classifier=make_classifier(parent)).accept == expected


def test_too_few_labels_are_refused():
    view = make_view()
    with pytest.raises(ValueError, match=r"^3 labels are too few to learn from: give at least 4"):
        adapt([take(view, [0, 1, 30])])
    with pytest.raises(ValueError, match=r"^1 label is too few"):
        adapt([take(view, [0])])
    with pytest.raises(ValueError, match="0 labels"):
        adapt([])


@pytest.mark.parametrize(
    ("rows", "words"), [(slice(0, 8), "accepted"), (slice(30, 38), "rejected")]
)
def test_one_kind_of_everything_is_refused(rows, words):
    view = make_view()
    with pytest.raises(ValueError, match=f"everything is {words}"):
        adapt([take(view, rows)], [take(make_view(1), rows)])


def test_it_can_be_cancelled_between_batches():
    class StopAt:
        reported = ()

        def advance(self, done, total, stage):
            if stage == "training":
                self.reported = (*self.reported, (done, total))
                if done == 70:
                    raise Cancelled

    job = StopAt()
    with pytest.raises(Cancelled):
        adapt([make_view()], job=job)
    assert job.reported == tuple((done, 4 * 60) for done in range(1, 71))


def test_a_view_without_labels_adds_nothing():
    view = make_view()
    empty = take(view, np.empty(0, int))
    alone, with_empty = adapt([view]), adapt([view, empty], [empty])
    assert alone.after == with_empty.after


def test_candidates_at_labels_are_not_replayed():
    view = make_view()
    labels = view.centers_yx[[0, 25]] + [1.0, -1.0]
    replay = choose_replay(view, labels, 2.0, RECIPE)
    assert len(replay.centers_yx) == 38
    np.testing.assert_array_equal(replay.centers_yx[:5], view.centers_yx[1:6])
    few = choose_replay(view, labels, 2.0, AdaptRecipe(replay_count=5))
    assert len(few.accepted) == 5
    np.testing.assert_array_equal(few.centers_yx[[0, -1]], view.centers_yx[[1, 39]])
    nothing = choose_replay(take(view, [0]), labels, 2.0, RECIPE)
    assert len(nothing.centers_yx) == len(nothing.accepted) == 0


def test_the_threshold_falls_only_for_many_faint_particles():
    faint = np.array([0.25, 0.3, 0.3, 0.35, 0.38])
    assert recommend_threshold(faint, 0.4) == 0.3
    assert recommend_threshold(faint[:4], 0.4) == 0.4
    assert recommend_threshold(np.r_[faint, np.full(6, 0.8)], 0.4) == 0.4
    assert recommend_threshold(np.r_[faint, np.full(5, 0.8)], 0.4) == 0.3
    assert recommend_threshold(np.full(9, 0.01), 0.4) == 0.2
    assert recommend_threshold(np.full(9, np.nan), 0.4) == 0.4
    assert recommend_threshold(np.empty(0), 0.4) == 0.4


def test_what_the_context_knows_is_not_learned_from_the_patches():
    """If contexts classify the labels already, training changes the log-odds of patches less."""
    view = make_view()
    odds = np.where(view.accepted, 4.0, -4.0)
    with_context = LabelledView(view.image, view.centers_yx, view.accepted, odds)
    adapted = adapt([with_context])
    assert adapted.before.rates.f1 == 1.0
    assert adapted.after.log_loss < adapt([view]).before.log_loss
    classifier = make_classifier()
    moved, much = (
        np.abs(
            classify(classifier, one.state, view)
            - classify(classifier, classifier.module.state_dict(), view)
        ).max()
        for one in (adapted, adapt([view]))
    )
    assert moved < much


def test_what_is_held_out_is_reported_as_it_falls():
    reports, adapted = finish(adapt_classifier(make_classifier(), [make_view()], [], RECIPE))
    assert reports[-1].held_out_loss == pytest.approx(adapted.after.log_loss)
    assert reports[-1].held_out_loss < reports[0].held_out_loss


def test_automatic_labels_are_learned_from_but_not_validated_on():
    some = take(make_view(1), np.arange(40) % 4 == 0)
    alone = adapt([some])
    _, adapted = finish(
        adapt_classifier(make_classifier(), [some], [], RECIPE, automatic=[make_view(2)])
    )
    assert adapted.after.labels == alone.after.labels == 10
    other, network = make_view(9), make_classifier()
    wrong = [
        np.abs(classify(network, one.state, other) - other.accepted).mean()
        for one in (alone, adapted)
    ]
    assert wrong[1] < wrong[0]


def test_unreliable_labels_move_the_weights_less_far():
    classifier, rng = make_classifier(), np.random.default_rng(0)
    view = make_view()
    guessed = LabelledView(view.image, view.centers_yx, rng.permutation(view.accepted))
    _, far = finish(adapt_classifier(classifier, [guessed], [], RECIPE))
    _, near = finish(adapt_classifier(classifier, [guessed], [], RECIPE, whole=True))
    for name, old in classifier.module.state_dict().items():
        expected = old + (0.25 * (far.state[name] - old)).to(old.dtype)
        torch.testing.assert_close(near.state[name], expected)
    assert near.after.log_loss < far.after.log_loss
    assert not near.improved


@pytest.mark.parametrize("has_replay", [True, False])
def test_an_automatic_cut_is_found_as_picks_find_it_where_labels_are_whole(has_replay):
    classifier = make_classifier(accept=None)
    views, others = [make_view(1), make_view(2, rubbish=0)], [make_view(3), make_view(4)]
    replay = others if has_replay else []
    _, adapted = finish(adapt_classifier(classifier, views, replay, RECIPE, whole=True))
    right = 0
    for view, other in zip(views, others, strict=True):
        known, unlabelled = (
            classify(classifier, classifier.module.state_dict(), each) for each in (view, other)
        )
        cut = automatic_cut(np.concatenate([known, unlabelled] if has_replay else [known]), 0)
        right += np.sum((known >= cut.accept) == view.accepted)
    assert adapted.before.right == right
    assert adapted.accept is None
