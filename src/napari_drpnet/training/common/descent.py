"""The loop of all fits by gradient descent in batches."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from napari_drpnet.base.jobs import Job


def descend(
    optimizer: torch.optim.Optimizer, draw_loss: Callable[[], Tensor], steps: int, job: Job
) -> Iterator[float]:
    """Minimise a loss with a learning rate that falls by a cosine, and yield each loss.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Optimizer of the parameters, with the learning rate at the start.
    draw_loss : callable
        Returns the loss of a batch.
    steps : int
        Number of batches.
    job : Job
        Progress callback, called after each batch; it may cancel the work.

    Yields
    ------
    float
        Loss of a batch.

    Raises
    ------
    Cancelled
        If the work was cancelled between batches.
    """
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(1, steps + 1):
        loss = draw_loss()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        job.advance(step, steps, "training")
        yield float(loss.detach())
