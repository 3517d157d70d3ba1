"""Measure `drpnet quality` for a large refinement: ``python benchmarks/quality.py``.

Makes a job folder with a ``run_data.star`` of 100,000 particles and the files of a refinement that
ended with local searches at order 7, runs the command in a process of its own, and prints its time
and its greatest memory beside the budgets. On a busy machine the time of the processor counts.
"""

import argparse
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

BUDGET_S, BUDGET_MB = 10, 1000
SIDE, PIXEL = 256, 1.1

#: Columns of a refinement of RELION 3.1 in order; those with a name are not plain numbers.
_LABELS = """
rlnCoordinateX rlnCoordinateY rlnAutopickFigureOfMerit rlnClassNumber rlnAnglePsi rlnImageName
rlnMicrographName rlnOpticsGroup rlnCtfMaxResolution rlnCtfFigureOfMerit rlnDefocusU rlnDefocusV
rlnDefocusAngle rlnCtfBfactor rlnCtfScalefactor rlnPhaseShift rlnGroupNumber rlnAngleRot
rlnAngleTilt rlnOriginXAngst rlnOriginYAngst rlnNormCorrection rlnLogLikeliContribution
rlnMaxValueProbDistribution rlnNrOfSignificantSamples rlnRandomSubset
"""
COLUMNS = _LABELS.split()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--particles", type=int, default=100_000, help="number of particles")
    parser.add_argument("--symmetry", default="D2", help="point group of the refinement")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        job = Path(folder, "Refine3D", "job012")
        write_job(job, options.particles, options.symmetry)
        start = perf_counter()
        subprocess.run([sys.executable, "-m", "napari_drpnet", "quality", str(job)], check=True)
        seconds = perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    megabytes = used.ru_maxrss / 1024
    print(f"\n{options.particles:,} particles, {options.symmetry}")
    print(f"time       {seconds:6.1f} s   {verdict(seconds, BUDGET_S)}")
    print(f"processor  {used.ru_utime:6.1f} s   {verdict(used.ru_utime, BUDGET_S)}")
    print(f"memory     {megabytes:6.0f} MB  {verdict(megabytes, BUDGET_MB)}")


def verdict(value: float, budget: float) -> str:
    """Say whether a value is within its budget."""
    return f"budget {budget}{'' if value <= budget else '  OVER BUDGET'}"


def write_job(job: Path, count: int, symmetry: str) -> None:
    """Write the files of a converged refinement of particles with uniform views."""
    job.mkdir(parents=True)
    labels = "\n".join(f"_{label} #{number}" for number, label in enumerate(COLUMNS, 1))
    rows = particle_rows(count)
    (job / "run_data.star").write_text(f"\ndata_particles\n\nloop_\n{labels}\n{rows}\n")
    directions = "\n".join(f"{row % 360:12.6f} {row % 180:12.6f}" for row in range(12 * 4**7))
    (job / "run_sampling.star").write_text(
        f"\ndata_sampling_general\n\n_rlnIs3DSampling 1\n_rlnHealpixOrder 7\n"
        f"_rlnSymmetryGroup {symmetry}\n\ndata_sampling_directions\n\nloop_\n_rlnAngleRot #1\n"
        f"_rlnAngleTilt #2\n{directions}\n"
    )
    curve = "\n".join(f"{1 / (1 + (shell / 60) ** 6):.6f}" for shell in range(SIDE // 2 + 1))
    weights = "0.000005\n" * 12 * 4**7
    (job / "run_model.star").write_text(
        f"\ndata_model_general\n\n_rlnOriginalImageSize {SIDE}\n_rlnPixelSize {PIXEL}\n\n"
        f"data_model_class_1\n\nloop_\n_rlnGoldStandardFsc #1\n{curve}\n\n"
        f"data_model_pdf_orient_class_1\n\nloop_\n_rlnOrientationDistribution #1\n{weights}\n"
    )


def particle_rows(count: int) -> str:
    """Return the rows of particles, 300 on each micrograph."""
    generator = np.random.default_rng(0)
    numbers = generator.uniform(0, 100, (count, len(COLUMNS)))
    numbers[:, COLUMNS.index("rlnAngleRot")] = generator.uniform(-180, 180, count)
    tilt = np.degrees(np.arccos(generator.uniform(-1, 1, count)))
    numbers[:, COLUMNS.index("rlnAngleTilt")] = tilt
    numbers[:, COLUMNS.index("rlnClassNumber")] = 1
    places = COLUMNS.index("rlnImageName"), COLUMNS.index("rlnMicrographName")
    rows = []
    for row, values in enumerate(numbers):
        words = [f"{value:12.6f}" for value in values]
        name = f"Micrographs/mic_{row // 300:04d}"
        words[places[0]] = f"{row % 300 + 1:06d}@Extract/job003/{name}.mrcs"
        words[places[1]] = f"MotionCorr/job002/{name}.mrc"
        rows.append(" ".join(words))
    return "\n".join(rows)


if __name__ == "__main__":
    main()
