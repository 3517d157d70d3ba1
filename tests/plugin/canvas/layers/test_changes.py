"""Diamonds around the points that an outcome would change."""

import numpy as np
import pytest

pytest.importorskip("napari")

from napari_drpnet.project.learning.outcome import TrainingOutcome


@pytest.fixture
def centers(picked, session):
    return session.current.review.centers_yx


@pytest.fixture
def end(session):
    """A function that lets a training end with points that would change; None: no outcome."""

    def end(changed_yx):
        outcome = changed_yx is not None and TrainingOutcome(
            (), "person", session.current.id, (0, 0), changed_yx, np.empty((0, 2))
        )
        session.learner.outcome = outcome or None
        session.learner.finished.emit()

    return end


def diamonds(picked):
    layer = picked.changes.slot.layer
    return None if layer is None else layer.data


def test_they_come_with_a_trial_and_go_with_it(picked, session, centers, end):
    assert diamonds(picked) is None
    end(centers[:3])
    np.testing.assert_array_equal(diamonds(picked), centers[:3])
    layer = picked.changes.slot.layer
    assert (layer.size > session.current.diameter_px).all()
    assert np.array_equal(layer.scale, picked.picks.slot.layer.scale)
    session.learner.discard()
    assert len(diamonds(picked)) == 0
    assert picked.changes.slot.layer is layer  # empty, for napari takes its time to remove it


def test_they_belong_to_one_micrograph(picked, session, centers, end, wait):
    end(centers[:3])
    session.step(1)
    wait(session)
    assert len(diamonds(picked)) == 0
    session.step(-1)
    wait(session)
    np.testing.assert_array_equal(diamonds(picked), centers[:3])


def test_a_point_that_is_decided_does_not_change(picked, session, centers, end):
    end(centers[:3])
    session.current.set_label([1], accepted=False)
    np.testing.assert_array_equal(diamonds(picked), centers[[0, 2]])
    session.undo()
    assert len(diamonds(picked)) == 3


def test_a_deleted_layer_stays_away_until_the_next_trial(picked, session, centers, end, viewer):
    end(centers[:3])
    viewer.layers.remove(picked.changes.slot.layer)
    session.current.set_label([1], accepted=False)
    assert diamonds(picked) is None
    end(centers[:2])
    np.testing.assert_array_equal(diamonds(picked), centers[[0]])


def test_they_cannot_be_edited_and_the_picks_stay_active(picked, viewer, centers, end):
    end(centers[:3])
    assert not picked.changes.slot.layer.editable
    assert viewer.layers.selection.active is picked.picks.slot.layer
