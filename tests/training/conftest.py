import pytest

from napari_drpnet.training.common import fields
from napari_drpnet.training.common.fields import random_fields
from napari_drpnet.training.from_truth.pool import Pool


@pytest.fixture
def small_fields(monkeypatch):
    """Make simulated fields small."""
    monkeypatch.setattr(fields, "_SIDE_PX", 320)


@pytest.fixture(scope="session")
def toy_pool():
    """A pool of two small fields for training and two for validation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fields, "_SIDE_PX", 320)
        learned = [field for seed in (2, 3) for field in random_fields(seed, [], 11.0, 1)]
        validation = [field for seed in (4, 5) for field in random_fields(seed, [], 11.0, 1)]
    return Pool(learned, validation, "toys")
