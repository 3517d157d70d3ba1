import numpy as np

from napari_drpnet.base.picks import Picks
from napari_drpnet.project.points.review import State, review_picks
from napari_drpnet.project.points.two_scores import Fate, two_scores
from napari_drpnet.project.state.labels import Label
from resolving import resolved

HEIGHT = np.array([0.9, 0.7, 0.5, 0.3])


def test_candidates_have_their_scores_and_their_fate():
    centers = np.column_stack([np.zeros(4), 100.0 * np.arange(4)])
    probability = np.array([0.9, 0.2, np.nan, 0.4])
    picks = Picks(centers, HEIGHT, HEIGHT / 2, probability, np.zeros(4, bool))
    place = (0.0, 700.0)
    added = Label(id=1, center_yx=place, anchor_yx=place, accepted=True)
    review = review_picks(picks, (added,), 40.0)
    parameters = resolved(peaks={"threshold": 0.2})
    states = np.array(
        [
            State.ACCEPTED,
            State.REJECTED_BY_HAND,
            State.ACCEPTED,
            State.BELOW,
            State.ACCEPTED_BY_HAND,
        ]
    )
    shown = two_scores(review, states, parameters)
    assert shown.rows.tolist() == [0, 1, 3]  # one is not classified, and one is added
    assert shown.score.tolist() == [0.9, 0.7, 0.3]
    assert shown.probability.tolist() == [0.9, 0.2, 0.4]
    assert shown.fate.tolist() == [Fate.ACCEPTED, Fate.REJECTED, Fate.BELOW]
