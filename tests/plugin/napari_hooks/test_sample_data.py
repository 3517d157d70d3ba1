"""The sample in napari's menu."""

import numpy as np
import pytest

npe2 = pytest.importorskip("npe2")

from napari.components import ViewerModel  # noqa: E402

from napari_drpnet.formats import read_coordinates  # noqa: E402
from napari_drpnet.simulation import sample, simulate_micrograph  # noqa: E402
from napari_drpnet.simulation.parameters import SimulationParameters  # noqa: E402

SMALL = SimulationParameters(width_px=128, height_px=96, diameter_angstrom=30, particles=4)


def test_the_sample_is_a_micrograph_with_rings_at_its_particles(npe2pm, tmp_path, monkeypatch):
    monkeypatch.setenv("DRPNET_CACHE", str(tmp_path))
    monkeypatch.setattr(sample, "_simulate", lambda: simulate_micrograph(SMALL, seed=1))
    with npe2pm.tmp_plugin(package="napari-drpnet"):
        viewer = ViewerModel()
        image, truth = viewer.open_sample("napari-drpnet", "simulated_micrograph")
    micrograph_file, truth_file = sample.sample_files()
    assert image.metadata["path"] == str(micrograph_file)
    assert truth.metadata == {"path": str(truth_file), "shape": (96, 128)}
    np.testing.assert_array_equal(truth.data, read_coordinates(truth_file).centers_yx)
    assert truth.name == "truth"
    assert truth.scale.tolist() == image.scale.tolist() == [1.5, 1.5]
    assert viewer.layers.units is not None  # the same for all layers
    np.testing.assert_allclose(truth.size, 120)
