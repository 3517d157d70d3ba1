import re
import shutil
import subprocess

import mrcfile
import numpy as np
import pytest

from napari_drpnet.quality.efficiency import uniform_directions
from napari_drpnet.quality.symmetry import point_group
from napari_drpnet.quality.views import (
    PIXELS,
    count_views,
    expected_views,
    healpix_pixels,
    pool_views,
    view_directions,
)
from relion_jobs import random_directions, write_data

ONE = point_group("C1")


def ring_centers(nside):
    """Return the centres of all pixels, ring by ring (Górski et al. 2005, equations 4 to 9)."""
    centers = []
    for ring in range(1, 4 * nside):
        from_pole = min(ring, 4 * nside - ring)
        count = 4 * min(from_pole, nside)
        if from_pole < nside:
            z, shift = 1 - from_pole**2 / (3 * nside**2), 0.5
            z = z if ring < 2 * nside else -z
        else:
            z, shift = 4 / 3 - 2 * ring / (3 * nside), ((ring - nside + 1) % 2) / 2
        angle = (np.arange(count) + shift) * 2 * np.pi / count
        radius = np.sqrt(1 - z**2)
        centers.append(
            np.column_stack([radius * np.cos(angle), radius * np.sin(angle), np.full(count, z)])
        )
    return np.concatenate(centers)


@pytest.mark.parametrize("nside", [1, 2, 4, 32])
def test_the_center_of_each_pixel_lies_in_it(nside):
    centers = ring_centers(nside)
    assert len(centers) == 12 * nside**2
    assert np.array_equal(healpix_pixels(centers, nside), np.arange(len(centers)))


def test_pixels_have_equal_areas():
    pixels = healpix_pixels(uniform_directions(480_000), 8)
    counts = np.bincount(pixels, minlength=768)
    assert counts.min() > 0.9 * counts.mean()
    assert counts.max() < 1.1 * counts.mean()


def test_poles_and_seams_have_pixels():
    rot, tilt = np.array([0, 0, 360, -180, 180, 90]), np.array([0, 180, 90, 90, 90, 48.19])
    pixels = healpix_pixels(view_directions(rot, tilt))
    assert pixels.min() >= 0
    assert pixels.max() < PIXELS
    assert pixels[3] == pixels[4]


def test_directions_of_angles():
    directions = view_directions([0, 90, 30], [90, 90, 0])
    assert directions == pytest.approx(np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]]), abs=1e-12)


def test_expected_number_of_views():
    assert expected_views(1049, PIXELS) == pytest.approx(1006, abs=0.5)
    assert expected_views(340, PIXELS) == pytest.approx(335, abs=0.5)
    counted = [count_views(random_directions(1049, seed), ONE).stored for seed in range(8)]
    assert np.mean(counted) == pytest.approx(1006, abs=6)


@pytest.mark.parametrize(("name", "possible"), [("C1", 12288), ("C4", 3072), ("D2", 3072)])
def test_full_coverage_fills_the_asymmetric_unit(name, possible):
    counts = count_views(ring_centers(32), point_group(name))
    assert (counts.stored, counts.folded, counts.possible) == (PIXELS, possible, possible)


@pytest.mark.parametrize("name", ["C3", "D2", "O", "I"])
def test_random_views_fill_as_many_as_expected(name):
    counts = count_views(random_directions(150), point_group(name))
    assert counts.folded == pytest.approx(counts.expected, rel=0.04)


def test_symmetric_views_are_one():
    view = view_directions([20], [70])
    turned = np.concatenate([view @ operator.T for operator in point_group("D2")])
    counts = count_views(turned, point_group("D2"))
    assert (counts.stored, counts.folded) == (4, 1)


def test_pooled_views_keep_counts_and_directions():
    directions = view_directions([10, 10.1, 200], [80, 80.1, 30])
    pooled = pool_views(directions)
    assert sorted(pooled.counts) == [1, 2]
    assert np.linalg.norm(pooled.directions, axis=1) == pytest.approx([1, 1])
    double = pooled.directions[np.argmax(pooled.counts)]
    assert np.degrees(np.arccos(double @ directions[0])) < 0.2
    assert pool_views(directions, np.array([5, 1, 2])).counts.sum() == 8


def directions_of_relion(folder, group):
    """Return all directions that RELION searches at order 5."""
    generator = np.random.default_rng(0)
    write_data(
        folder / "ten.star",
        10,
        rlnImageName=[f"{number}@a.mrcs" for number in range(1, 11)],
        rlnMicrographName=["m.mrc"] * 10,
        rlnOpticsGroup=[1] * 10,
    )
    text = (folder / "ten.star").read_text()
    labels = {"rlnImagePixelSize": 9, "rlnImageSize": 16, "rlnImageDimensionality": 2}
    labels |= {"rlnVoltage": 300, "rlnSphericalAberration": 2.7, "rlnAmplitudeContrast": 0.1}
    optics = "".join(f"_{label}\n" for label in labels)
    numbers = " ".join(map(str, labels.values()))
    text = text.replace("_rlnOpticsGroup #1 \n", f"{optics}_rlnOpticsGroup\n", 1)
    text = re.sub(r"^( +1 +2\.0) *$", rf"{numbers}\1", text, count=1, flags=re.MULTILINE)
    (folder / "ten.star").write_text(text)
    for name, shape in (("a.mrcs", (10, 16, 16)), ("map.mrc", (16, 16, 16))):
        with mrcfile.new(folder / name) as file:
            file.set_data(generator.normal(0, 1, shape).astype(np.float32))
            file.voxel_size = 9
    (folder / "out").mkdir()
    command = (
        f"relion_refine --iter 0 --sym {group} --healpix_order 5 --oversampling 0 --i ten.star "
        "--ref map.mrc --o out/run --particle_diameter 100 --ini_high 60 --firstiter_cc --pad 1 "
        "--offset_range 1 --offset_step 1 --dont_combine_weights_via_disc --dont_check_norm "
        "--skip_gridding"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    lines = (folder / "out/run_it000_class001_angdist.bild").read_text().splitlines()
    starts = [line.split()[1:4] for line in lines if line.startswith(".cylinder")]
    from_center = np.array(starts, float) - 16 * 9 / 2
    return from_center / np.linalg.norm(from_center, axis=1, keepdims=True)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("relion_refine") is None, reason="RELION is not installed")
@pytest.mark.parametrize(("group", "count"), [("C1", 12288), ("O", 507)])
def test_directions_of_relion_lie_in_different_pixels(tmp_path, group, count):
    directions = directions_of_relion(tmp_path, group)
    counts = count_views(directions, point_group(group))
    assert len(directions) == counts.stored == count
    assert counts.folded <= counts.possible
