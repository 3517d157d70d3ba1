"""Measure what one round of 2D classification by RELION teaches the classifier.

For each scene, micrographs with dirt are simulated and picked with the shipped weights. RELION 3.1
extracts the picks and classifies them. Classes are selected by a rule that does not look at the
truth. `drpnet train labels` learns from this selection, and other micrographs
of the same kind, which it has not seen, are picked with the old and the new weights. Writes its
part of docs/learning.md. RELION must be installed, and the data folder `shared` must be beside the
checkout, or be named by DRPNET_SHARED.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mrcfile
import numpy as np
from numpy.typing import NDArray

from accuracy_sets import SHARED, table, write_section
from napari_drpnet.evaluation.matching import match_one_to_one
from napari_drpnet.evaluation.scores import RADII
from napari_drpnet.formats import read_coordinates
from napari_drpnet.quality.classes import ClassAverage, read_classes
from napari_drpnet.quality.job_folders import find_refinement
from napari_drpnet.quality.particles import read_particles
from napari_drpnet.relion.lists import read_micrographs_star
from napari_drpnet.relion.star_tables import read_tables, write_tables
from napari_drpnet.simulation import read_structure

#: Diameter in pixels, side of a micrograph, side of a box, and of a box in RELION.
DIAMETER_PX, SIDE_PX, BOX_PX, SCALED_PX = 64, 1152, 96, 32
LEARNED, TESTED, FIRST_SEED = 8, 6, 81_000
CLASSES, ITERATIONS = 12, 12
#: Greatest brightness at the edge of a particle, relative to its middle, in a selected class.
MOST_AT_EDGE = 0.5
LIST, PARTICLES = "micrographs_ctf.star", "Extract/job002/particles.star"
CLASSIFIED, SELECTED = "Class2D/job003", "Select/job004/particles.star"

#: File of the structure, and options of the simulation.
SCENES: dict[str, tuple[str, dict[str, object]]] = {
    "debris (1bxn)": ("1bxn.pdb.gz", {"particles": 60, "debris": 40, "ice_variation": 0.1}),
    "junk (4cr2)": ("map5A_4cr2.mrc.gz", {"particles": 70, "junk": 30, "ice_variation": 0.1}),
    "carbon, drops, crystals (5gjv)": (
        "5gjv.pdb.gz",
        {"particles": 70, "carbon": True, "ice_drops": 12, "ice_crystals": 12, "junk": 6},
    ),
    "hexagonal ice, debris (2cg9)": (
        "2cg9.pdb.gz",
        {"particles": 60, "hexagonal_ice": 25, "debris": 15},
    ),
    "faint, dirty (6utj)": (
        "map5A_6utj.mrc.gz",
        {"particles": 80, "dose": 10.0, "ice_crystals": 10, "junk": 12, "debris": 10},
    ),
    "rods, junk (6rd4)": ("map5A_6rd4.mrc.gz", {"particles": 60, "rods": 12, "junk": 15}),
}


@dataclass(frozen=True)
class Outcome:
    """Outcome of one scene: what was selected, and F1 on other micrographs."""

    scene: str
    extracted: int
    selected: int
    precision: tuple[float, float]
    before: float
    after: float
    improved: bool

    @property
    def kept(self) -> float:
        """F1 if the new weights are kept only where the command calls them better."""
        return self.after if self.improved else self.before


class Workplace:
    """A RELION project of one scene.

    Parameters
    ----------
    folder : pathlib.Path
        Project folder, which is made.
    structure : pathlib.Path
        Structure of the particles.
    """

    def __init__(self, folder: Path, structure: Path) -> None:
        self.folder, self.structure = folder, structure
        self.diameter = read_structure(structure).diameter_angstrom
        self.pixel = self.diameter / DIAMETER_PX

    def drpnet(self, *words: object) -> str:
        """Run a command of drpnet in the project, and return what it prints."""
        return self.run(sys.executable, "-m", "napari_drpnet", *words)

    def run(self, *words: object) -> str:
        """Run a program in the project."""
        done = subprocess.run(
            [str(word) for word in words], cwd=self.folder, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return done.stdout

    def simulate(self, count: int, seed: int, options: dict[str, object]) -> None:
        """Simulate micrographs with a range of defocus, unless they are there."""
        if (self.folder / LIST).exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        sizes = {"height_px": SIDE_PX, "width_px": SIDE_PX, "pixel_size": self.pixel}
        words: list[object] = []
        for name, value in {**sizes, **options}.items():
            flag = f"--{name.removesuffix('_px').replace('_', '-')}"
            words += [flag] if value is True else [flag, value]
        place = ("--out", self.folder, "--relion", "--structure", self.structure)
        self.drpnet("simulate", *place, "--count", count, "--seed", seed, "--overwrite",
                    "--defocus-range", 1.0, 2.4, *words)  # fmt: skip

    def pick(self, out: str, *options: object) -> None:
        """Pick all micrographs of the list."""
        self.drpnet("pick", LIST, "--diameter", self.diameter, "--out", out, "--resume", *options)

    def f1(self, out: str) -> float:
        """Return the F1 of picks on all micrographs together."""
        scores = self.drpnet("evaluate", out, "Micrographs", "--diameter", DIAMETER_PX,
                             "--frame", SIDE_PX, SIDE_PX, "--json")  # fmt: skip
        return float(json.loads(scores)["radii"][0]["micro"]["f1"])

    def extract(self) -> None:
        """Extract the picks with RELION, unless that is done."""
        if (self.folder / PARTICLES).exists():
            return
        folder = Path(PARTICLES).parent
        (self.folder / folder).mkdir(parents=True, exist_ok=True)
        self.run(
            "relion_preprocess", "--i", LIST, "--coord_dir", "DRPnet/", "--coord_suffix",
            "_autopick.star", "--part_star", PARTICLES, "--part_dir", f"{folder}/", "--extract",
            "--extract_size", BOX_PX, "--scale", SCALED_PX, "--norm", "--bg_radius",
            round(0.37 * SCALED_PX), "--white_dust", -1, "--black_dust", -1, "--invert_contrast",
        )  # fmt: skip

    def classify(self) -> None:
        """Classify the particles in 2D with RELION, unless that is done."""
        folder = self.folder / CLASSIFIED
        if (folder / f"run_it{ITERATIONS:03d}_model.star").exists():
            return
        folder.mkdir(parents=True, exist_ok=True)
        self.run(
            "relion_refine", "--o", f"{CLASSIFIED}/run", "--i", PARTICLES,
            "--dont_combine_weights_via_disc", "--preread_images", "--pool", 30, "--pad", 2,
            "--ctf", "--norm", "--scale", "--flatten_solvent", "--zero_mask", "--j", 1,
            "--iter", ITERATIONS, "--K", CLASSES, "--tau2_fudge", 2, "--random_seed", 1,
            "--particle_diameter", 1.2 * self.diameter, "--oversampling", 1, "--psi_step", 24,
            "--offset_range", 4, "--offset_step", 2,
        )  # fmt: skip

    def select(self) -> None:
        """Write the particles of the classes that `good_classes` finds."""
        files = find_refinement(self.folder / CLASSIFIED)
        classes = read_classes(files, read_particles(files.data))
        averages = mrcfile.read(self.folder / CLASSIFIED / f"run_it{ITERATIONS:03d}_classes.mrcs")
        good = good_classes(classes, averages)
        tables = read_tables(files.data)
        rows = tables["particles"]
        keep = [number in map(str, good) for number in rows["rlnClassNumber"]]
        columns = {
            label: [word for word, kept in zip(rows[label], keep, strict=True) if kept]
            for label in rows.labels
        }
        optics = {label: tables["optics"][label] for label in tables["optics"].labels}
        (self.folder / SELECTED).parent.mkdir(parents=True, exist_ok=True)
        write_tables(self.folder / SELECTED, {"optics": optics, "particles": columns})

    def learn(self, subject: str, weights: Path) -> str:
        """Train a network on the selection, and return what the command prints."""
        particles = ("--labels", SELECTED, "--extracted", PARTICLES)
        named = ("--diameter", self.diameter, "--train", subject, "--out", weights)
        return self.drpnet("train", "labels", LIST, *particles, *named, "--overwrite", "--json")

    def precision(self, star: str) -> tuple[int, float]:
        """Return the number of particles in a file, and the share of them that is right."""
        particles = read_coordinates(self.folder / star)
        names = np.array(particles.micrograph_names)
        right = 0
        for entry in read_micrographs_star(self.folder / LIST):
            true = read_coordinates((self.folder / entry.name).with_suffix(".csv")).centers_yx
            places = particles.centers_yx[names == entry.name]
            right += len(match_one_to_one(places, true, RADII[0] * DIAMETER_PX).pick_index)
        return len(particles), right / max(1, len(particles))


def good_classes(classes: Sequence[ClassAverage], averages: NDArray[np.float32]) -> list[int]:
    """Return the numbers of the classes that a person would select, without a look at the truth.

    Nothing bright in their average reaches the edge of the particle, as a rod or a film does; they
    have at least a quarter of the mean share, and their resolution is within 1.5 times the best of
    such classes.
    """
    resolution = {
        each.number: each.resolution_angstrom
        for each, average in zip(classes, averages, strict=True)
        if each.resolution_angstrom
        and each.share > 0.25 / len(classes)
        and edge_brightness(average) < MOST_AT_EDGE
    }
    best = min(resolution.values())
    return [number for number, its in resolution.items() if its < 1.51 * best]


def edge_brightness(average: NDArray[np.float32]) -> float:
    """Return how bright a class average is at the edge of the particle, relative to its middle."""
    offsets = np.arange(SCALED_PX) - SCALED_PX // 2
    radius = np.hypot(offsets[:, None], offsets) * BOX_PX / SCALED_PX / DIAMETER_PX
    ground = np.median(average[radius < 0.6])
    edge = np.percentile(average[(radius > 0.48) & (radius < 0.56)], 95) - ground
    middle = np.percentile(average[radius < 0.5], 99) - ground
    return float(edge / middle)


def measure(scene: str, number: int, folder: Path, train: str) -> Outcome:
    """Play one scene."""
    name, options = SCENES[scene]
    structure, seed = SHARED / "data/structures" / name, FIRST_SEED + 100 * number
    here, there = (Workplace(folder / part, structure) for part in ("learned", "tested"))
    here.simulate(LEARNED, seed, options)
    there.simulate(TESTED, seed + 50, options)
    here.pick("DRPnet")
    there.pick("Before")
    here.extract()
    here.classify()
    here.select()
    weights = folder / "learned.safetensors"
    learned = here.learn(train, weights)
    there.pick("After", "--classifier" if train == "classifier" else "--weights", weights)
    (extracted, of_all), (selected, of_selected) = map(here.precision, (PARTICLES, SELECTED))
    return Outcome(
        scene,
        extracted,
        selected,
        (of_all, of_selected),
        there.f1("Before"),
        there.f1("After"),
        json.loads(learned)["improved"],
    )


def row_of(outcome: Outcome) -> list[str]:
    """Return the cells of a scene."""
    before, after = outcome.precision
    return [
        outcome.scene,
        f"{outcome.selected} of {outcome.extracted}",
        f"{before:.2f} → {after:.2f}",
        f"{outcome.before:.3f} → {outcome.kept:.3f}",
        "yes" if outcome.improved else f"no ({outcome.after:.3f})",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="replace this script's part of the page")
    parser.add_argument("--train", choices=("classifier", "detector"), default="classifier")
    parser.add_argument("--scenes", nargs="+", choices=[*SCENES], default=[*SCENES])
    parser.add_argument(
        "--keep",
        type=Path,
        help="folder for the files of all scenes; what is there is not done again",
    )
    arguments = parser.parse_args()
    outcomes = []
    with tempfile.TemporaryDirectory() as temporary:
        for scene in arguments.scenes:
            number = list(SCENES).index(scene)
            folder = (arguments.keep or Path(temporary)).absolute() / f"scene{number}"
            outcomes.append(measure(scene, number, folder, arguments.train))
            print(row_of(outcomes[-1]), flush=True)
    heading = [
        "scene", "selected", "precision of extracted → selected", "F1 on other micrographs",
        "called better",
    ]  # fmt: skip
    mean = np.mean([[each.before, each.kept] for each in outcomes], axis=0)
    rows = [row_of(each) for each in outcomes]
    rows.append(["mean", "", "", "{:.3f} → {:.3f}".format(*mean), ""])
    body = table(heading, rows)
    print(body)
    if arguments.write:
        write_section(arguments.write, "learning from classes", body)


if __name__ == "__main__":
    main()
