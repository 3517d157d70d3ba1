"""Measure F1 on a new protein by the number of clicks, for classifier and detector.

A simulated expert labels the most uncertain points, half of the clicks on each of two micrographs,
in a session as in the window; two other micrographs are picked with the new weights, which are
always used, whether validation calls them better or not. The proteins were not used to train the
shipped weights, and neither they nor the seeds were used to tune the recipes.
"""

import argparse
import tempfile
from pathlib import Path
from typing import get_args

import numpy as np
from matplotlib.figure import Figure

from accuracy_sets import table, write_section
from bench_learning import f1, make_scene, train
from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.project.controllers.learning import Subject

CLICKS = (5, 10, 20, 50, 100, 200)
SCENES = (
    ("1qvr", "carbon + ice"),
    ("4v4r", "faint, dirty"),
    ("2uv8", "junk"),
    ("1qvr", "faint, dirty"),
    ("4v4r", "crystals"),
    ("2uv8", "dirty stain"),
)
COLOURS = {"classifier": "#0072B2", "detector": "#D55E00", "both": "#009E73"}
FIRST_SEED = 60_000


def curves(protein: str, dirt: str, seed: int, learners: list[Subject]) -> dict[str, list[float]]:
    """Return F1 after 0 clicks and after each of `CLICKS`, by trained network."""
    with tempfile.TemporaryDirectory() as folder:
        scene = make_scene(protein, dirt, seed, Path(folder))
        before = f1(scene, scene.parameters)
        found: dict[str, list[float]] = {}
        for learner in learners:
            found[learner] = [before]
            for clicks in CLICKS:
                place = Path(folder) / f"{learner} {clicks}"
                found[learner].append(train(scene, "doubt", place, learner, clicks).f1)
            figures = " ".join(f"{value:.3f}" for value in found[learner])
            print(f"{protein} {dirt}, {learner}: {figures}", flush=True)
    return found


def draw(found: list[dict[str, list[float]]]) -> Figure:
    """Draw a thin line for each scene, and thick lines for the means."""
    figure = Figure(figsize=(7, 3.6), dpi=130, layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(CLICKS) + 1)
    for learner in found[0]:
        colour = COLOURS[learner]
        values = np.array([scene[learner] for scene in found])
        axes.plot(places, values.T, color=colour, linewidth=0.8, alpha=0.35)
        axes.plot(places, values.mean(axis=0), "o-", color=colour, label=f"{learner}, mean")
    axes.set_xticks(places, [str(count) for count in (0, *CLICKS)])
    axes.set_xlabel("clicks, on two micrographs")
    axes.set_ylabel("F1 on two others")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="replace this script's part of the page")
    parser.add_argument("--scenes", type=int, default=len(SCENES), help="number of scenes")
    parser.add_argument(
        "--train", nargs="+", choices=get_args(Subject), default=["classifier", "detector"]
    )
    arguments = parser.parse_args()
    page: Path | None = arguments.write
    scenes = SCENES[: arguments.scenes]
    found = [
        curves(*scene, FIRST_SEED + 10 * number, arguments.train)
        for number, scene in enumerate(scenes)
    ]
    rows = []
    for learner in arguments.train:
        of_scenes = [scene[learner] for scene in found]
        rows += [
            [f"{protein}, {dirt}", learner, *(f"{value:.3f}" for value in values)]
            for (protein, dirt), values in zip(scenes, of_scenes, strict=True)
        ]
        rows.append(["**mean**", learner, *(f"{v:.3f}" for v in np.mean(of_scenes, axis=0))])
    body = table(["scene", "trained", *(f"{count} clicks" for count in (0, *CLICKS))], rows)
    print(body)
    if page:
        write_section(page, "training size", body)
        with atomic_file(page.parent / "images" / "training-size.png") as temporary:
            draw(found).savefig(temporary, format="png")


if __name__ == "__main__":
    main()
