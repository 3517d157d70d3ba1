"""The loop of all fits."""

import pytest
import torch

from napari_drpnet.base.jobs import Cancelled, SilentJob
from napari_drpnet.training.common.descent import descend


class Notes:
    """Job that stores its reports, and cancels the work after some."""

    def __init__(self, last=100):
        self.reports, self.last = [], last

    def advance(self, done, total, stage):
        self.reports.append((done, total, stage))
        if done == self.last:
            raise Cancelled


def bowl():
    """Return a parameter, and its squared distance from 3."""
    place = torch.nn.Parameter(torch.zeros(()))
    return place, lambda: (place - 3) ** 2


def test_the_loss_falls_to_its_least_value_and_the_rate_to_zero():
    place, draw_loss = bowl()
    optimizer, job = torch.optim.Adam([place], lr=0.3), Notes()
    losses = list(descend(optimizer, draw_loss, 60, job))
    assert losses[0] == 9
    assert losses[-1] < 0.01
    assert len(losses) == 60
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0, abs=1e-9)
    assert job.reports[0] == (1, 60, "training")
    assert job.reports[-1] == (60, 60, "training")


def test_it_is_cancelled_between_batches():
    place, draw_loss = bowl()
    losses = []
    with pytest.raises(Cancelled):
        losses += descend(torch.optim.Adam([place], lr=0.3), draw_loss, 60, Notes(last=4))
    assert place.item() > 0


def test_the_learning_rate_is_that_of_the_optimizer_at_first():
    place, draw_loss = bowl()
    next(descend(torch.optim.SGD([place], lr=0.1), draw_loss, 10, SilentJob()))
    assert place.item() == pytest.approx(0.6)
