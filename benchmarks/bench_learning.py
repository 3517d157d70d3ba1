"""Measure training on twenty corrections: F1 on other micrographs before and after, and time.

A simulated expert who knows the truth corrects ten points on each of two micrographs, in a session
as in the window. Then the classifier is trained (or the detector, or both: ``--train``), and the
new weights are kept if validation calls them better. Two other micrographs are picked with the old
and the new weights. There are two experts: one corrects mistakes (wrong picks, rejected particles
and missed ones) and then confirms other points, the other labels the points of "most uncertain
next". Both label the most uncertain points first.

The proteins were not used to train the shipped weights, and neither they nor the seeds were used to
tune the recipe. The data folder `shared` must be beside the checkout, or be named by DRPNET_SHARED.
"""

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import get_args

import mrcfile
import numpy as np
from scipy.spatial import cKDTree

from napari_drpnet import pick, read_micrograph, simulate_micrograph
from napari_drpnet.base.geometry import inside
from napari_drpnet.evaluation.scores import score_picks
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.project.controllers.learning import Subject
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.points.review import State, is_accepted, order_by_doubt
from napari_drpnet.project.session import Session, SessionOptions
from napari_drpnet.simulation import read_structure
from napari_drpnet.simulation.noise import add_noise
from napari_drpnet.simulation.parameters import SimulationParameters

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("DRPNET_SHARED", ROOT.parent / "shared"))

DIAMETER_PX, SIDE_PX, FIRST_SEED = 64, 1152, 40_000
CORRECTIONS, LABELLED, TESTED = 20, 2, 2

PROTEINS = {
    "1qvr": "1qvr.pdb.gz",
    "1igy": "1igy.pdb.gz",
    "3cf3": "3cf3.pdb.gz",
    "4v4r": "map5A_4v4r.mrc.gz",
    "4v7r": "map5A_4v7r.mrc.gz",
    "2uv8": "map5A_2uv8.mrc.gz",
    "4v94": "map10A_4v94.mrc.gz",
}
DIRT: dict[str, dict[str, object]] = {
    "carbon + ice": {
        "particles": 120,
        "carbon": True,
        "ice_crystals": 8,
        "junk": 5,
        "ice_variation": 0.12,
    },
    "junk": {"particles": 120, "junk": 25, "ice_variation": 0.1},
    "crystals": {"particles": 100, "ice_crystals": 25, "junk": 3, "dose": 15.0},
    "faint, dirty": {
        "particles": 140,
        "dose": 8.0,
        "defocus_um": 0.8,
        "b_factor": 300.0,
        "ice_crystals": 6,
        "junk": 6,
    },
    "dirty stain": {
        "particles": 130,
        "negative_stain": True,
        "junk": 15,
        "defocus_um": 1.0,
        "dose": 10.0,
    },
}
#: Harder conditions: coloured noise to a d' of 3, and an uneven film of stain.
HARD: dict[str, dict[str, object]] = {
    "coloured": {"particles": 140, "ice_crystals": 2, "junk": 3},
    "uneven stain": {
        "particles": 130,
        "negative_stain": True,
        "dose": 10.0,
        "film_unevenness": 0.4,
        "film_scale": 0.6,
        "stain_puddles": 6,
        "stain_plateaus": 2,
    },
}
DETECTABILITY = 3.0
#: Pairs of protein and dirt.
SCENES = [
    *((list(PROTEINS)[n % len(PROTEINS)], list(DIRT)[n % len(DIRT)]) for n in range(14)),
    *((protein, "coloured") for protein in ("1qvr", "1igy", "3cf3", "4v94")),
    *((protein, "uneven stain") for protein in ("4v4r", "2uv8")),
]


@dataclass(frozen=True)
class Scene:
    """Micrographs of one protein in one kind of dirt, with true centres in unbinned pixels."""

    paths: list[Path]
    truth: dict[Path, np.ndarray]
    parameters: PickParameters


@dataclass(frozen=True)
class TrainingResult:
    """Result of training on the labels of an expert."""

    labels: int
    f1: float
    improved: bool
    seconds: float
    held_out: tuple[float, float]

    def guarded(self, before: float) -> float:
        """Return the F1 if new weights are kept only when validation calls them better."""
        return self.f1 if self.improved else before


def make_scene(protein: str, dirt: str, seed: int, folder: Path) -> Scene:
    structure = read_structure(SHARED / "data/structures" / PROTEINS[protein])
    pixel = structure.diameter_angstrom / DIAMETER_PX
    asked = {"height_px": SIDE_PX, "width_px": SIDE_PX, "pixel_size_angstrom": pixel}
    parameters = SimulationParameters.model_validate(asked | (DIRT | HARD)[dirt])
    truth = {}
    for number in range(LABELLED + TESTED):
        result = simulate_micrograph(parameters, [structure], seed=seed + number)
        path = folder / f"{number}.mrc"
        pixels = result.micrograph.pixels
        if dirt == "coloured":
            rng = np.random.default_rng(seed + number)
            pixels = add_noise(
                pixels, result.centers_yx, DIAMETER_PX, DETECTABILITY, grainy, rng
            ).astype(np.float32)
        with mrcfile.new(path) as file:
            file.set_data(pixels)
            file.voxel_size = pixel
        truth[path] = result.centers_yx
    polarity = "bright" if parameters.negative_stain else "dark"
    particle = {
        "diameter_angstrom": structure.diameter_angstrom,
        "pixel_size_angstrom": pixel,
        "polarity": polarity,
    }
    return Scene(list(truth), truth, PickParameters.model_validate({"particle": particle}))


def grainy(frequency: np.ndarray) -> np.ndarray:
    """Return the power spectrum of noise with a grain of a quarter to half a particle."""
    per_diameter = frequency * DIAMETER_PX
    return np.exp(-(((per_diameter - 3) / 1.5) ** 2)) + 0.02


def f1(scene: Scene, parameters: PickParameters) -> float:
    """Return the mean F1 on the micrographs without labels."""
    scores = []
    for path in scene.paths[LABELLED:]:
        micrograph = read_micrograph(path)
        picks = pick(micrograph, parameters)
        centers = picks.centers_yx[picks.accepted]
        found = score_picks(centers, scene.truth[path], DIAMETER_PX).tally
        # Particles in the border that picks leave out cannot be found.
        least = int(inside(scene.truth[path], micrograph.shape, DIAMETER_PX / 2).sum())
        right = min(found.true_positives, least)
        scores.append(2 * right / max(1, right + found.false_positives + least))
    return float(np.mean(scores))


def find_mistakes(session: Session, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of wrong picks, most uncertain first, and the missed particles."""
    current, plan = session.current, session.plan
    assert current.review is not None
    assert plan is not None
    rows = order_by_doubt(current.review, current.states, plan.parameters)
    right = is_particle(current.review.centers_yx[rows], truth)
    mistaken = rows[is_accepted(current.states[rows]) != right]
    found = current.review.centers_yx[current.states != State.BELOW]
    distance, _ = cKDTree(found).query(truth) if len(found) else (np.full(len(truth), np.inf), 0)
    within = inside(truth, (SIDE_PX, SIDE_PX), DIAMETER_PX / 2)
    return mistaken, truth[within & (distance > DIAMETER_PX / 2)]


def is_particle(centers_yx: np.ndarray, truth: np.ndarray) -> np.ndarray:
    distance, _ = cKDTree(truth).query(centers_yx)
    return np.asarray(distance <= DIAMETER_PX / 2)


def correct(session: Session, truth: np.ndarray, expert: str, wanted: int) -> None:
    """Label points of the current micrograph as an expert does."""
    current, plan = session.current, session.plan
    assert current.review is not None
    assert plan is not None
    rows, missed = order_by_doubt(current.review, current.states, plan.parameters), np.empty((0, 2))
    if expert == "mistakes":
        mistaken, missed = find_mistakes(session, truth)
        mistaken = mistaken[:wanted]
        missed = missed[: wanted - len(mistaken)]
        sure = rows[~np.isin(rows, mistaken)]
        rows = np.concatenate([mistaken, sure])
    rows = rows[: wanted - len(missed)]
    right = is_particle(current.review.centers_yx[rows], truth)
    for row, good in zip(rows.tolist(), right, strict=True):
        current.set_label([row], bool(good))
    current.add(missed)


def train(
    scene: Scene,
    expert: str,
    folder: Path,
    subject: Subject = "classifier",
    corrections: int = CORRECTIONS,
) -> TrainingResult:
    """Label and train in a session, keep the new weights, and pick the other micrographs."""
    main = MainThreadQueue()
    session = Session(main, SessionOptions(device="cpu", projects_root=folder / expert))

    def wait() -> None:
        for _ in range(2):  # a result may start another job
            main.run_until(lambda: not session.runner.is_busy, 120)
            main.run_pending()

    session.open_paths(scene.paths)
    wait()
    session.change("particle", **scene.parameters.particle.model_dump())
    wanted = [
        corrections // LABELLED + (number < corrections % LABELLED) for number in range(LABELLED)
    ]
    for number, record in enumerate(list(session.project.micrographs.values())[:LABELLED]):
        session.current.select(record.id)
        session.picking.pick_current()
        wait()
        correct(session, scene.truth[record.path], expert, wanted[number])
    counts, learner = session.learner.counts, session.learner
    learner.choose(subject=subject)
    start = perf_counter()
    learner.train()
    wait()
    seconds, outcome = perf_counter() - start, learner.outcome
    assert outcome is not None, learner.problem
    learner.keep()
    wait()
    parameters = session.project.settings.parameters
    assert parameters is not None
    score = f1(scene, parameters)
    session.close()
    trained = outcome.networks[-1]
    held_out = trained.before.rates.f1, trained.after.rates.f1
    return TrainingResult(
        counts.accepted + counts.rejected, score, outcome.improved, seconds, held_out
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=len(SCENES), help="number of scenes")
    parser.add_argument("--train", choices=get_args(Subject), default="classifier")
    arguments = parser.parse_args()
    subject = arguments.train
    changes: dict[str, list[tuple[float, float]]] = {"mistakes": [], "doubt": []}
    print("F1 on micrographs without labels; * = the guard keeps the old weights")
    print(f"{'protein':8s}{'dirt':14s}{'before':>7s}", end="")
    print("".join(f" | {name:>8s} labels held-out F1      s" for name in changes))
    for number, (protein, dirt) in enumerate(SCENES[: arguments.scenes]):
        with tempfile.TemporaryDirectory() as folder:
            scene = make_scene(protein, dirt, FIRST_SEED + 10 * number, Path(folder))
            before = f1(scene, scene.parameters)
            print(f"{protein:8s}{dirt:14s}{before:7.3f}", end="")
            for expert, pairs in changes.items():
                result = train(scene, expert, Path(folder), subject)
                pairs.append((before, result.guarded(before)))
                mark = " " if result.improved else "*"
                held = "{:.2f} → {:.2f}".format(*result.held_out)
                text = f" | {result.f1:7.3f}{mark} {result.labels:6d} {held} {result.seconds:6.1f}"
                print(text, end="", flush=True)
            print()
    for expert, pairs in changes.items():
        old, new = np.array(pairs).T
        reached = int(((new - old >= 0.05) | (new >= 0.95)).sum())
        falls = int((new - old < -0.005).sum())
        print(
            f"{expert}: mean {old.mean():.3f} → {new.mean():.3f}, least change "
            f"{(new - old).min():+.3f}, falls by more than 0.005 in {falls}, "
            f"+0.05 or 0.95 reached in {reached} of {len(old)}"
        )


if __name__ == "__main__":
    main()
