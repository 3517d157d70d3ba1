import numpy as np
import pytest

from napari_drpnet.training.from_labels.label_scores import is_clearly_more


@pytest.mark.parametrize(
    ("gained", "lost", "is_clear"),
    [(0, 0, False), (4, 0, False), (5, 0, True), (22, 17, False), (48, 10, True), (10, 48, False)],
)
def test_more_right_labels_are_clear_only_beyond_chance(gained, lost, is_clear):
    before = np.repeat([False, True, True], [gained, lost, 300])
    after = np.repeat([True, False, True], [gained, lost, 300])
    assert is_clearly_more(before, after) == is_clear
