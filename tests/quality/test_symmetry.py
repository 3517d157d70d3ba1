import re
import shutil
import subprocess

import numpy as np
import pytest

from napari_drpnet.quality.symmetry import point_group

GROUPS = {"C1": 1, "c4": 4, "D2": 4, "D7": 14, "T": 12, "O": 24, "I": 60}
VARIANTS = ["I1", "I2", "I3", "I4"]


@pytest.mark.parametrize(("name", "order"), [*GROUPS.items(), *((name, 60) for name in VARIANTS)])
def test_a_group_is_closed(name, order):
    group = point_group(name)
    assert len(group) == order
    assert np.array_equal(group[0], np.eye(3))
    products = np.einsum("aij,bjk->abik", group, group).reshape(-1, 1, 9)
    distance = np.abs(products - group.reshape(1, -1, 9)).max(axis=2)
    assert distance.min(axis=1).max() < 1e-6


@pytest.mark.parametrize("name", ["", "C0", "D", "X3", "I5", "C100", "C4; rm"])
def test_other_names_are_refused(name):
    with pytest.raises(ValueError, match="is no point group"):
        point_group(name)


def matrices_of_relion(name):
    command = ["relion_refine", "--sym", name, "--print_symmetry_ops"]
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    blocks = re.split(r"R\(\d+\)=", text)[1:]
    words = [re.findall(r"-?\d[-+.e\d]*", block)[:9] for block in blocks]
    return np.array(words, float).reshape(-1, 1, 9)


@pytest.mark.skipif(shutil.which("relion_refine") is None, reason="RELION is not installed")
@pytest.mark.parametrize("name", ["C4", "D3", "T", "O", "I", *VARIANTS])
def test_operators_are_those_of_relion(name):
    distance = np.abs(matrices_of_relion(name) - point_group(name).reshape(1, -1, 9)).max(axis=2)
    assert distance.shape[0] == distance.shape[1]
    assert max(distance.min(axis=0).max(), distance.min(axis=1).max()) < 1e-5
