import os
import shutil
import subprocess
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.quality.reconstructions import reconstruct_subsets
from relion_jobs import JOB, angles, half_maps, random_directions, table, write_data, write_map

#: Stands in for RELION: counts its particles, and copies a map of each half set.
PROGRAM = """#!/bin/sh
grep -c @ "$2" >> "{folder}/counts"
cp "{folder}/half$6.mrc" "$4"
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_data(Path(JOB, "run_data.star"), 250, **angles(random_directions(250)))
    Path("Extract/job003").mkdir(parents=True)
    Path("Extract/job003/a.mrcs").touch()
    return tmp_path


def install(folder, monkeypatch, script):
    program = folder / "bin" / "relion_reconstruct"
    program.parent.mkdir()
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def test_three_subsets_of_each_size_and_all(project, monkeypatch):
    install(project, monkeypatch, PROGRAM.format(folder=project))
    for half, density in enumerate(half_maps(), 1):
        write_map(project / f"half{half}.mrc", density)
    points = reconstruct_subsets(Path(JOB, "run_data.star"), "C1")
    assert [point.count for point in points] == [100, 100, 100, 200, 200, 200, 250]
    assert {point.method for point in points} == {"angles of the full set"}
    assert points[0].angstrom == pytest.approx(30.0, abs=1)
    counts = (project / "counts").read_text().split()
    assert counts == ["100"] * 6 + ["200"] * 6 + ["250"] * 2


def test_progress_is_reported_and_cancels(project, monkeypatch):
    class Cancelling:
        def advance(self, done, total, stage):
            assert (done, total, stage) == (1, 7, "reconstructions")
            raise Cancelled

    install(project, monkeypatch, PROGRAM.format(folder=project))
    for half, density in enumerate(half_maps(), 1):
        write_map(project / f"half{half}.mrc", density)
    with pytest.raises(Cancelled):
        reconstruct_subsets(Path(JOB, "run_data.star"), "C1", Cancelling())


def test_failures_of_relion_are_named(project, monkeypatch):
    install(project, monkeypatch, "#!/bin/sh\necho 'ERROR: no memory' >&2\nexit 1\n")
    with pytest.raises(InputFileError, match="relion_reconstruct: failed: ERROR: no memory"):
        reconstruct_subsets(Path(JOB, "run_data.star"), "C1")


def test_without_relion_images_or_half_sets_nothing_is_started(project, monkeypatch):
    data = Path(JOB, "run_data.star")
    install(project, monkeypatch, "#!/bin/sh\nexit 1\n")
    Path("Extract/job003/a.mrcs").unlink()
    with pytest.raises(InputFileError, match=r"a.mrcs: there are no images"):
        reconstruct_subsets(data, "C1")
    write_data(data, 250, rlnRandomSubset=[1] * 250)
    with pytest.raises(InputFileError, match="one half set only"):
        reconstruct_subsets(data, "C1")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputFileError, match=r"is not on the PATH\. Load RELION"):
        reconstruct_subsets(data, "C1")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("relion_reconstruct") is None, reason="RELION is not installed")
def test_resolution_rises_with_the_number_of_particles(project):
    count, side = 420, 16
    write_map(project / "map.mrc", half_maps(side, noise=0)[0], pixel=9.0)
    optics = table(
        "optics",
        rlnOpticsGroup=[1],
        rlnOpticsGroupName=["a"],
        rlnMicrographOriginalPixelSize=[2.0],
        rlnImagePixelSize=[9.0],
        rlnImageSize=[side],
        rlnImageDimensionality=[2],
        rlnVoltage=[300],
        rlnSphericalAberration=[2.7],
        rlnAmplitudeContrast=[0.1],
    )
    particles = table(
        "particles",
        **angles(random_directions(count)),
        rlnAnglePsi=np.zeros(count),
        rlnOriginXAngst=np.zeros(count),
        rlnOriginYAngst=np.zeros(count),
        rlnDefocusU=np.linspace(1e4, 2e4, count),
        rlnDefocusV=np.linspace(1e4, 2e4, count),
        rlnDefocusAngle=np.zeros(count),
        rlnOpticsGroup=np.ones(count, int),
        rlnRandomSubset=np.arange(count) % 2 + 1,
    )
    Path("true.star").write_text(optics + particles)
    command = "relion_project --i map.mrc --o noisy --ang true.star --angpix 9 --ctf --add_noise"
    subprocess.run([*command.split(), "--white_noise", "4"], check=True, capture_output=True)
    assert len(mrcfile.read("noisy.mrcs")) == count
    points = reconstruct_subsets(Path("noisy.star"), "C1")
    small = np.mean([point.angstrom for point in points if point.count == 100])
    assert points[-1].count == count
    assert points[-1].angstrom < small
