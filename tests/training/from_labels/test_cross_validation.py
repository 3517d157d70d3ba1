import torch

from napari_drpnet.training.from_labels.cross_validation import interpolate


def test_interpolated_weights_lie_between():
    old, new = (
        {"a": torch.zeros(2), "n": torch.tensor(3)},
        {"a": torch.ones(2), "n": torch.tensor(3)},
    )
    between = interpolate(old, new, 0.25)
    assert between["a"].tolist() == [0.25, 0.25]
    assert between["n"] == 3
