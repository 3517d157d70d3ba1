"""RELION 3.1 itself: a project whose jobs are added and run by `relion_pipeliner`."""

import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import starfile

from waiting import LIMIT_S

RUNNING, SCHEDULED, FINISHED, FAILED, ABORTED = range(5)
MICROGRAPHS, COORDINATES, PARTICLES, PDF = 1, 2, 3, 13
LIST = "micrographs_ctf.star"
DIAMETER_ANGSTROM, PIXEL_ANGSTROM = 200, 3
#: Side of the boxes in pixels of the micrograph, and to how many pixels they are scaled.
BOX, SCALED = 100, 36


def is_installed() -> bool:
    return all(map(shutil.which, ("relion_preprocess", "relion_pipeliner")))


def drpnet(folder: Path, *arguments: object) -> str:
    """Run `drpnet` in a folder, and return what it prints."""
    command = [sys.executable, "-m", "napari_drpnet", *map(str, arguments)]
    return run(command, folder).stdout


def simulate(folder: Path, count: int, seed: int = 0) -> None:
    """Simulate a project with folders that hold the same names, and two optics groups."""
    size = ("--height", 1024, "--width", 1024, "--pixel-size", PIXEL_ANGSTROM, "--particles", 80)
    sample = ("--shape", "arms", "--diameter", DIAMETER_ANGSTROM, "--defocus-range", 1, 2.8)
    several = ("--count", count, "--folders", 2, "--optics-groups", 2, "--seed", seed)
    drpnet(folder.parent, "simulate", "--out", folder, "--relion", *several, *sample, *size)


def run(command: str | list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end; its output is in the error if it fails."""
    words = shlex.split(command) if isinstance(command, str) else command
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=10 * LIMIT_S)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done


class Project:
    """A RELION project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, kind: str, **options: object) -> str:
        """Add a job to the pipeline, and return its name, such as ``Extract/job003/``."""
        options = {"do_queue": "No", **options}
        text = ";".join(f"{name} == {value}" for name, value in options.items())
        before = set(self.states())
        self._pipeliner("--addJob", kind, "--addJobOptions", text)
        (job,) = set(self.states()) - before
        return job

    def add_picker(self, **parameters: object) -> str:
        """Add an external job that picks."""
        params = {
            f"param{number}_{key}": value
            for number, pair in enumerate(parameters.items(), start=1)
            for key, value in zip(("label", "value"), pair, strict=True)
        }
        program = f"{sys.executable} -m napari_drpnet relion"
        return self.add("External", fn_exe=program, in_mic=LIST, nr_threads=1, **params)

    def add_extraction(self, coordinates: str) -> str:
        return self.add(
            "Extract",
            star_mics=LIST,
            coords_suffix=coordinates,
            extract_size=BOX,
            do_rescale="Yes",
            rescale=SCALED,
            do_invert="Yes",
            do_norm="Yes",
            bg_diameter=-1,
            nr_mpi=1,
        )

    def add_classification(self, particles: str, classes: int, iterations: int) -> str:
        return self.add(
            "Class2D",
            fn_img=particles,
            nr_classes=classes,
            nr_iter=iterations,
            do_ctf_correction="Yes",
            tau_fudge=2,
            particle_diameter=240,
            psi_sampling=12,
            offset_range=4,
            offset_step=2,
            do_preread_images="Yes",
            nr_pool=30,
            nr_mpi=1,
            nr_threads=1,
            use_gpu="No",
        )

    def add_selection(self, particles: str, label: str, least: float, most: float) -> str:
        """Add a job that selects particles by the values of a column."""
        return self.add(
            "Select",
            fn_data=particles,
            do_select_values="Yes",
            select_label=label,
            select_minval=least,
            select_maxval=most,
        )

    def run(self, job: str) -> None:
        """Run a scheduled job to its end, or continue one that has ended."""
        self._pipeliner("--RunJobs", job, "--sec_wait_after", "1")

    def start(self, job: str) -> "subprocess.Popen[bytes]":
        """Run a scheduled job in the background."""
        command = ["relion_pipeliner", "--RunJobs", job, "--sec_wait_after", "1"]
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)

    def states(self) -> dict[str, int]:
        """Return the state of each job in the pipeline."""
        table = self._pipeline().get("pipeline_processes")
        if table is None:
            return {}
        names, states = "rlnPipeLineProcessName", "rlnPipeLineProcessStatus"
        return dict(zip(table[names], table[states], strict=True))

    def nodes(self) -> dict[str, int]:
        """Return the type of each file in the pipeline."""
        table = self._pipeline()["pipeline_nodes"]
        names, kinds = "rlnPipeLineNodeName", "rlnPipeLineNodeType"
        return dict(zip(table[names], table[kinds], strict=True))

    def inputs(self, job: str) -> set[str]:
        """Return the files that a job takes, as the pipeline has it."""
        table = self._pipeline()["pipeline_input_edges"]
        return set(table["rlnPipeLineEdgeFromNode"][table["rlnPipeLineEdgeProcess"] == job])

    def text(self, name: str) -> str:
        """Return the text of a file without progress bars."""
        lines = (self.folder / name).read_text().split("\n")
        return "\n".join(line.rsplit("\r", 1)[-1] for line in lines)

    def table(self, name: str, block: str = "particles"):
        return starfile.read(self.folder / name, always_dict=True)[block]

    def _pipeline(self):
        return starfile.read(self.folder / "default_pipeline.star", always_dict=True)

    def _pipeliner(self, *arguments: str) -> None:
        run(["relion_pipeliner", *arguments], self.folder)


def wait_until(condition, what: str) -> None:
    """Wait until another program has done something."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)
