import numpy as np
import pytest

from napari_drpnet.formats import Coordinates, read_coordinates
from napari_drpnet.project.files.export_joint import write_joint


def picks(count):
    return Coordinates(np.full((count, 2), 5.0), np.ones(count))


def write(path, counts, **how):
    return write_joint(path, "cryosparc", {name: picks(n) for name, n in counts.items()}, **how)


def counts(path):
    names = read_coordinates(path).micrograph_names
    return {name: names.count(name) for name in sorted(set(names))}


@pytest.fixture
def full(tmp_path):
    """A file of 2 particles of a.mrc and 3 of b.mrc."""
    path = tmp_path / "cryosparc.star"
    assert write(path, {"a.mrc": 2, "b.mrc": 3}) == (True, False)
    return path


@pytest.mark.parametrize(
    ("picked", "extend", "after", "result"),
    [
        ({"a.mrc": 1}, False, {"a.mrc": 1}, (True, False)),
        ({"a.mrc": 1}, True, {"a.mrc": 1, "b.mrc": 3}, (True, False)),
        ({"a.mrc": 0, "c.mrc": 4}, False, {"a.mrc": 2, "c.mrc": 4}, (True, True)),
        ({"a.mrc": 0}, False, {"a.mrc": 2, "b.mrc": 3}, (False, True)),
        ({"c.mrc": 0}, False, {"a.mrc": 2, "b.mrc": 3}, (False, True)),
        ({"a.mrc": 0}, True, {"a.mrc": 2, "b.mrc": 3}, (True, True)),
        ({"c.mrc": 0}, True, {"a.mrc": 2, "b.mrc": 3}, (True, False)),
    ],
)
def test_earlier_particles_are_kept_where_there_are_none_now(full, picked, extend, after, result):
    assert write(full, picked, extend=extend) == result
    assert counts(full) == after


@pytest.mark.parametrize(("extend", "after"), [(False, {}), (True, {"b.mrc": 3})])
def test_earlier_particles_go_if_that_is_asked_for(full, extend, after):
    assert write(full, {"a.mrc": 0}, extend=extend, may_empty=True) == (True, False)
    assert counts(full) == after
