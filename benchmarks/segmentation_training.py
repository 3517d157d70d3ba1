"""Measure how many labelled micrographs a segmenter needs, on the KLH-like set.

A segmenter is trained on 1 to 17 simulated micrographs with their class maps, as by `drpnet train
segmenter --labels`: from scratch, and from existing weights. Each run takes about a minute of one
core or less. All are tested on the same 15 others at the defocus of the training, and at a low
one. Writes its part of docs/segmentation.md and a figure.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from matplotlib.figure import Figure

from accuracy_figures import panels, save
from accuracy_sets import Picker, table, write_section
from grid_sets import Case
from napari_drpnet.evaluation.precision_recall import Rates
from napari_drpnet.formats.masks.class_maps import write_class_map
from napari_drpnet.picking.networks.weights import load_detector
from napari_drpnet.simulation.files import write_simulated
from napari_drpnet.training.common.recipe import SegmenterData, SegmenterRecipe
from napari_drpnet.training.common.trained import NotBetterError, save_trained
from napari_drpnet.training.from_truth.class_pool import make_class_pool
from napari_drpnet.training.from_truth.train_segmenter import train_segmenter
from segmentation import as_detector, precision_recall_area
from segmentation_sets import (
    KLH_DEFOCUS_UM,
    KLH_DIAMETER_ANGSTROM,
    KLH_PIXEL_ANGSTROM,
    KLH_TRAINING,
    klh_cases,
    simulate_klh,
)

COUNTS = (1, 2, 4, 8, 12, KLH_TRAINING)
#: Number of views of all micrographs of a run together, about.
VIEWS = 24
#: Number of batches and learning rate from scratch, and from existing weights.
SCRATCH, TUNING = (160, 2e-3), (100, 5e-4)
BATCH, PATCH_DIAMETERS, VALIDATE_EVERY = 6, 6.4, 50
#: Area under the curve that counts as learned, and the most micrographs that it may take.
LEARNED, MOST = 0.9, {"scratch": 12, "weights": 2}
#: What is wanted of all micrographs: P, R and area at the defocus of training; area at the other.
BEST, BEST_ELSEWHERE = 0.95, 0.92
TITLES = {"scratch": "from scratch", "weights": "from the shipped weights"}
COLOURS = {"scratch": "#D55E00", "weights": "#0072B2"}


@dataclass(frozen=True)
class Result:
    """Result of one run.

    Parameters
    ----------
    start : str
        Key of `TITLES`.
    micrographs : int
        Number of micrographs in the training.
    seconds : float
        CPU time of the training, preparation included.
    rates : Rates
        Precision, recall and F1 at the defocus of the training.
    areas : sequence of float
        Area under the curve at each defocus of `KLH_DEFOCUS_UM`.
    """

    start: str
    micrographs: int
    seconds: float
    rates: Rates
    areas: Sequence[float]


def write_training_set(folder: Path) -> None:
    """Write the micrographs and class maps for training."""
    for number in range(KLH_TRAINING):
        simulated = simulate_klh(number, KLH_DEFOCUS_UM[0])
        write_simulated(folder, f"klh_{number:02d}", simulated)
        write_class_map(folder / f"klh_{number:02d}_classes.png", simulated.classes)


def recipe_for(folder: Path, count: int, weights: str | None) -> SegmenterRecipe:
    """Return the recipe of a run on the first micrographs of a folder."""
    part = folder / f"first_{count}"
    part.mkdir(exist_ok=True)
    for micrograph in sorted(folder.glob("*.mrc"))[:count]:
        link = part / micrograph.name
        if not link.exists():
            link.hardlink_to(micrograph)
    steps, learning_rate = TUNING if weights else SCRATCH
    return SegmenterRecipe(
        data=SegmenterData(
            fields=0,
            labels=folder,
            micrographs=part,
            diameter_px=KLH_DIAMETER_ANGSTROM / KLH_PIXEL_ANGSTROM,
            label_views=-(-VIEWS // count),
        ),
        weights=weights,
        steps=steps,
        batch=BATCH,
        patch_diameters=PATCH_DIAMETERS,
        learning_rate=learning_rate,
        validate_every=VALIDATE_EVERY,
    )


def train(recipe: SegmenterRecipe, path: Path) -> None:
    """Train a segmenter and write it to a file.

    Raises
    ------
    NotBetterError
        If the weights that it started from are still the best.
    """
    detector = load_detector(recipe.detector)
    pool = make_class_pool(recipe, detector.card.particle_px, detector.card.spectrum)
    save_trained(train_segmenter(recipe, pool, detector), path, overwrite=True)


def test(weights: str, sets: Sequence[Sequence[Case]]) -> tuple[Rates, list[float]]:
    """Return the rates at the first defocus, and the area under the curve at each."""
    picker = Picker.load(weights, "none")
    found = [precision_recall_area(picker, cases) for cases in sets]
    return found[0][0].rates, [area for _, area in found]


def run(
    folder: Path, start: str, count: int, segmenter: str, sets: Sequence[Sequence[Case]]
) -> Result:
    """Train on a number of micrographs, unless it is 0, and test."""
    weights = as_detector(segmenter)
    began = process_time()
    if count:
        path = folder / f"{start}_{count}.safetensors"
        try:
            train(recipe_for(folder, count, segmenter if start == "weights" else None), path)
            weights = str(path)
        except NotBetterError as error:
            print(f"  {error}")
    seconds = process_time() - began
    result = Result(start, count, seconds, *test(weights, sets))
    print(f"  {TITLES[start]}, {count}: {cells_of(result)}", flush=True)
    return result


def measure(segmenter: str, counts: Sequence[int]) -> list[Result]:
    """Train and test with each number of micrographs, from scratch and from weights."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_training_set(folder)
        sets = [[case.case for case in klh_cases(defocus)] for defocus in KLH_DEFOCUS_UM]
        runs = [("scratch", count) for count in counts]
        runs += [("weights", count) for count in (0, *counts)]
        return [run(folder, start, count, segmenter, sets) for start, count in runs]


def cells_of(result: Result) -> list[str]:
    """Return seconds, precision, recall and both areas as cells of a table."""
    rates = (result.rates.precision, result.rates.recall, *result.areas)
    return [f"{result.seconds:.0f} s", *(f"{rate:.3f}" for rate in rates)]


def summarize(results: Sequence[Result]) -> list[list[str]]:
    """Return what was measured, what was wanted, and whether it was reached."""
    rows = []
    for start, title in TITLES.items():
        runs = [result for result in results if result.start == start]
        enough = [result.micrographs for result in runs if result.areas[0] >= LEARNED]
        least = str(enough[0]) if enough else "more than all"
        reached = bool(enough) and enough[0] <= MOST[start]
        name = f"micrographs for an area of {LEARNED}, {title}"
        rows.append([name, least, f"≤ {MOST[start]}", "yes" if reached else "no"])
        last = runs[-1]
        worst = min(last.rates.precision, last.rates.recall, last.areas[0])
        for value, limit, of in (
            (worst, BEST, f"least of P, R and area at {KLH_DEFOCUS_UM[0]} µm"),
            (last.areas[1], BEST_ELSEWHERE, f"area at {KLH_DEFOCUS_UM[1]} µm"),
        ):
            reached = value >= limit
            name = f"{of}, {last.micrographs} micrographs, {title}"
            rows.append([name, f"{value:.3f}", f"≥ {limit}", "yes" if reached else "no"])
    return rows


def draw(results: Sequence[Result]) -> Figure:
    """Draw the area under the curve by the number of micrographs."""
    figure, (axes,) = panels(1, 1, 6.4, 3.8)
    for start, title in TITLES.items():
        runs = [result for result in results if result.start == start]
        for which, (defocus, style) in enumerate(zip(KLH_DEFOCUS_UM, ("o-", "o--"), strict=True)):
            axes.plot(
                [result.micrographs for result in runs],
                [result.areas[which] for result in runs],
                style,
                color=COLOURS[start],
                label=f"{title}, {defocus} µm",
            )
    axes.axhline(LEARNED, color="#8C8C8C", linewidth=0.8)
    axes.set(ylim=(0, 1.02), xticks=sorted({result.micrographs for result in results}))
    axes.set_xlabel("micrographs to train on")
    axes.set_ylabel("area under precision and recall")
    axes.legend(loc="lower right", fontsize=8.5, frameon=False)
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="replace this script's part of the page")
    parser.add_argument("--segmenter", default="default", help="weights to start from")
    parser.add_argument("--counts", type=int, nargs="+", default=[*COUNTS])
    arguments = parser.parse_args()
    page: Path | None = arguments.write
    results = measure(arguments.segmenter, arguments.counts)
    rows = [[TITLES[each.start], str(each.micrographs), *cells_of(each)] for each in results]
    areas = [f"area, {defocus} µm" for defocus in KLH_DEFOCUS_UM]
    heading = ["start", "micrographs", "CPU time", "precision", "recall", *areas]
    wanted = table(
        ["measured on the KLH-like set", "value", "wanted", "reached"], summarize(results)
    )
    body = f"{wanted}\n\n{table(heading, rows)}"
    print(body)
    if page:
        write_section(page, "segmentation training", body)
        save(draw(results), page, "segmentation-training")


if __name__ == "__main__":
    main()
