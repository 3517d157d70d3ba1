"""Weights between those before a training and those after it."""

import torch
from torch import Tensor

State = dict[str, Tensor]


def interpolate(old: State, new: State, step: float) -> State:
    """Return weights between old and new ones, as far from the old as `step`, at most 1, says."""
    return {
        name: torch.lerp(tensor, new[name], step) if tensor.is_floating_point() else tensor
        for name, tensor in old.items()
    }
