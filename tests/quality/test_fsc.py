import shutil
import subprocess

import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.quality.fsc import (
    find_resolution,
    fourier_shell_correlation,
    read_half_maps,
)
from napari_drpnet.relion.star_tables import numbers, read_tables
from relion_jobs import PIXEL, half_maps, write_map

#: What relion_postprocess 3.1.3 writes for `half_maps()`, and its _rlnFinalResolution.
RECORDED = [1.0, 0.998372, 0.993414, 0.980657, 0.968306, 0.865184, 0.566926, 0.199580, 0.024273]
RECORDED += [-0.01998, -0.02656, 0.021354, -0.00637]
FINAL = 30.857143


@pytest.fixture
def halves(tmp_path):
    paths = [tmp_path / f"run_half{half}_class001_unfil.mrc" for half in (1, 2)]
    for path, density in zip(paths, half_maps(), strict=True):
        write_map(path, density)
    return paths


def test_the_curve_recorded_from_relion(halves):
    frequency, correlation = read_half_maps(*halves, pixel_angstrom=1.0)
    assert correlation == pytest.approx(RECORDED, abs=1e-5)
    assert frequency[-1] == pytest.approx(1 / (2 * PIXEL))
    assert find_resolution(frequency, correlation).angstrom == pytest.approx(FINAL, abs=1e-5)


@pytest.mark.skipif(shutil.which("relion_postprocess") is None, reason="RELION is not installed")
@pytest.mark.parametrize(("side", "noise"), [(20, 0.05), (27, 0.1), (36, 0.3)])
def test_the_curve_and_resolution_of_relion(tmp_path, side, noise):
    paths = [tmp_path / f"half{half}_class001_unfil.mrc" for half in (1, 2)]
    for path, density in zip(paths, half_maps(side, noise, side), strict=True):
        write_map(path, density)
    command = ["relion_postprocess", "--i", paths[0], "--angpix", "9", "--o", tmp_path / "post"]
    subprocess.run(command, check=False, capture_output=True)
    tables = read_tables(tmp_path / "post.star")
    stated = numbers("", tables["fsc"], "rlnFourierShellCorrelationUnmaskedMaps")
    frequency, correlation = read_half_maps(*paths, pixel_angstrom=9.0)
    assert correlation == pytest.approx(stated, abs=1e-5)
    final = float(tables["general"]["rlnFinalResolution"][0])
    assert find_resolution(frequency, correlation).angstrom == pytest.approx(final, abs=1e-5)


def test_equal_maps_correlate_and_empty_ones_do_not():
    density = half_maps()[0]
    assert fourier_shell_correlation(density, density) == pytest.approx(np.ones(13))
    assert np.all(fourier_shell_correlation(density, 0 * density) == 0)
    assert fourier_shell_correlation(density, 1e37 * density) == pytest.approx(np.ones(13))


def test_the_first_crossing_counts():
    frequency = np.arange(6) / 60
    found = find_resolution(frequency, np.array([1, 0.9, 0.343, 0.0, 0.2, 0.1]))
    assert found.angstrom == pytest.approx(30)
    assert 20 < found.interpolated < 30
    assert found.rises_again
    assert not found.at_nyquist


def test_a_curve_that_stays_above_ends_at_nyquist():
    found = find_resolution(np.arange(4) / 36, np.array([1, 0.9, 0.8, 0.5]))
    assert found.at_nyquist
    assert (found.angstrom, found.interpolated) == (12, 12)


@pytest.mark.parametrize("curve", [[1.0], [1.0, 0.1, 0.9]])
def test_no_correlation_is_no_resolution(curve):
    assert find_resolution(np.arange(len(curve)) / 10, np.array(curve)) is None


def test_maps_that_do_not_fit_are_refused(halves, tmp_path):
    first, second = halves
    filtered = tmp_path / "run_half1_class001.mrc"
    shutil.copy(first, filtered)
    with pytest.raises(InputFileError, match="is filtered"):
        read_half_maps(filtered, second, 1.0)
    write_map(second, half_maps()[1], pixel=8.0)
    with pytest.raises(InputFileError, match=r"pixels of 8 Å, and .* of 9 Å"):
        read_half_maps(first, second, 1.0)
    write_map(second, half_maps(side=20)[1])
    with pytest.raises(InputFileError, match=r"half2.* are not two equal cubes"):
        read_half_maps(first, second, 1.0)
    write_map(second, half_maps()[1])
    content = bytearray(second.read_bytes())
    content[1024:1028] = np.float32(np.nan).tobytes()
    second.write_bytes(content)
    with pytest.raises(InputFileError, match=r"half2.* no numbers"):
        read_half_maps(first, second, 1.0)
