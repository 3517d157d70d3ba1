from pathlib import PurePosixPath

import numpy as np
import pytest
import starfile
from scipy.spatial.transform import Rotation

from napari_drpnet.images.mrc_files import decode_volume
from napari_drpnet.relion.lists import read_micrographs_star
from napari_drpnet.simulation import make_shape
from napari_drpnet.simulation.parameters import SimulationParameters
from napari_drpnet.simulation.relion_project import (
    TrueParticles,
    euler_angles,
    project_files,
    write_project,
)
from napari_drpnet.simulation.scene import random_rotation
from napari_drpnet.simulation.series import PlannedMicrograph

PARAMETERS = SimulationParameters(pixel_size_angstrom=3, voltage_kv=200)


def relion_matrix(rot, tilt, psi):
    """Return the matrix that RELION's Euler_angles2matrix makes, which acts on (x, y, z)."""
    (ca, cb, cg), (sa, sb, sg) = (f(np.radians([rot, tilt, psi])) for f in (np.cos, np.sin))
    return np.array(
        [
            [cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb],
            [-sg * cb * ca - cg * sa, -sg * cb * sa + cg * ca, sg * sb],
            [sb * ca, sb * sa, cb],
        ]
    )


def particles(number, count=3):
    rng = np.random.default_rng(number)
    planned = PlannedMicrograph(PurePosixPath(f"grid{number}/sim_0001"), 0, 1.0 + number, number)
    rotations = np.array([random_rotation(rng) for _ in range(count)]).reshape(-1, 3, 3)
    return TrueParticles(planned, rng.uniform(0, 99, (count, 2)), np.arange(count) % 2, rotations)


@pytest.fixture
def project(tmp_path):
    rng = np.random.default_rng(0)
    structures = [make_shape("arms", 90.0, rng), make_shape("rod", 300.0, rng)]
    micrographs = [particles(1), particles(2, count=0), particles(3, count=4)]
    write_project(tmp_path, PARAMETERS, structures, micrographs)
    return tmp_path, structures, micrographs


def test_the_angles_turn_the_points_as_the_rotations_do():
    rng = np.random.default_rng(3)
    rotations = np.array([random_rotation(rng) for _ in range(20)])
    point = np.array([1.0, 2.0, 3.0])
    for rotation, angles in zip(rotations, euler_angles(rotations), strict=True):
        in_relion = relion_matrix(*angles) @ point[::-1]
        np.testing.assert_allclose(in_relion[::-1], rotation @ point, atol=1e-9)
    assert euler_angles(np.empty((0, 3, 3))).shape == (0, 3)


def test_the_list_has_names_groups_and_defocus(project):
    folder, _, _ = project
    entries = read_micrographs_star(folder / "micrographs_ctf.star")
    assert [entry.name for entry in entries] == [
        f"Micrographs/grid{number}/sim_0001.mrc" for number in (1, 2, 3)
    ]
    assert [entry.defocus_angstrom for entry in entries] == [20000, 30000, 40000]
    assert {entry.pixel_size_angstrom for entry in entries} == {3.0}
    optics = starfile.read(folder / "micrographs_ctf.star")["optics"]
    assert optics["rlnOpticsGroupName"].tolist() == [f"opticsGroup{k}" for k in (1, 2, 3)]
    assert set(optics["rlnVoltage"]) == {200.0}
    assert set(optics["rlnAmplitudeContrast"]) == {0.08}


def test_the_truth_has_a_row_for_each_particle(project):
    folder, _, (first, _, last) = project
    table = starfile.read(folder / "Truth/particles.star")["particles"]
    assert table["rlnOpticsGroup"].tolist() == [1] * 3 + [3] * 4
    assert table["rlnClassNumber"].tolist() == [1, 2, 1, 1, 2, 1, 2]
    centers = np.concatenate([first.centers_yx, last.centers_yx])
    np.testing.assert_allclose(table[["rlnCoordinateY", "rlnCoordinateX"]], centers, atol=1e-4)
    angles = table[["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]].to_numpy()
    np.testing.assert_allclose(
        Rotation.from_euler("ZYZ", angles[3:], degrees=True).inv().as_matrix()[:, ::-1, ::-1],
        last.rotations,
        atol=1e-5,
    )
    assert table["rlnDefocusV"].tolist() == [20000.0] * 3 + [40000.0] * 4


def test_the_maps_contain_the_structures(project):
    folder, structures, _ = project
    for path, structure in zip(project_files(folder, 2)[2:], structures, strict=True):
        density, voxel = decode_volume(path)
        assert density.sum() * voxel**3 == pytest.approx(structure.weights.sum(), rel=0.01)
    assert density.shape[0] <= 128
    assert voxel > 3  # the second structure is too large for voxels of a pixel


def test_a_project_without_particles(tmp_path):
    write_project(tmp_path, PARAMETERS, [], [particles(1, count=0)])
    assert "_rlnAngleRot" in (tmp_path / "Truth/particles.star").read_text()


def test_jobs_of_an_existing_project_are_kept(tmp_path):
    pipeline = tmp_path / "default_pipeline.star"
    write_project(tmp_path, PARAMETERS, [], [])
    assert "_rlnPipeLineJobCounter" in pipeline.read_text()
    assert (tmp_path / ".gui_projectdir").exists()
    pipeline.write_text("with jobs")
    write_project(tmp_path, PARAMETERS, [], [])
    assert pipeline.read_text() == "with jobs"
