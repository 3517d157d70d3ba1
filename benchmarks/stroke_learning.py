"""Measure what a segmenter learns from a few strokes.

Each scene is a kind of dirty micrographs of a structure that was not used in training. Two
micrographs are painted, three strokes for each class, and two others are scored, before and after a
training as by the button *Learn*. Two of the three strokes lie where the segmenter is wrong, as a
user would paint. Writes its part of docs/segmentation.md.
"""

import argparse
import copy
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import torch
from numpy.typing import NDArray

from accuracy_sets import table, write_section
from grid_sets import DIAMETER_PX, structure_named
from napari_drpnet.base.segmentation import BACKGROUND, CARBON, CLASSES, ICE, PARTICLE
from napari_drpnet.evaluation.class_scores import ClassEvaluation, evaluate_classes, pool_classes
from napari_drpnet.images.preprocess import Polarity, preprocess
from napari_drpnet.picking.networks.card import SegmenterNetwork
from napari_drpnet.picking.networks.weights import load_segmenter
from napari_drpnet.picking.segmentation.segment import class_probabilities
from napari_drpnet.simulation import simulate_micrograph
from napari_drpnet.simulation.parameters import SimulationParameters
from napari_drpnet.training.common.class_fields import INPUTS, ClassField
from napari_drpnet.training.from_strokes.painted import PaintedImage
from napari_drpnet.training.from_strokes.recipe import StrokeRecipe
from napari_drpnet.training.from_strokes.tune import tune_segmenter
from segmentation_sets import MIXES, PARTICLES, SIDE_DIAMETERS, STRUCTURES

ClassMap = NDArray[np.uint8]

SCENES = (
    "hole edge, drops, debris, particles on dirt",
    "bar between holes, hexagonal crystals",
    "gold",
    "cracks, thickness gradient, crystals",
    "rods, junk, debris",
    "stain, plateaus, debris, crystals",
)
FIRST_SEED, PAINTED, SCORED = 70_000, 2, 2
#: Strokes of each class on each micrograph, of which all but one lie where the segmenter is wrong.
STROKES = 3
#: Radius of the brush and greatest length of a stroke, in particle diameters.
RADIUS, LENGTH = 0.3, 4.0
#: What is wanted: gain of the weakest class, or its IoU; greatest loss of any class; seconds.
GAIN, ENOUGH, LOSS, SECONDS = 0.10, 0.90, 0.01, 10.0


@dataclass(frozen=True)
class Outcome:
    """Outcome of one scene: IoU of the classes before and after, and of the training."""

    scene: str
    before: dict[str, float]
    after: dict[str, float]
    improved: bool
    seconds: float
    processor_seconds: float

    @property
    def weakest(self) -> str:
        """Class with the lowest IoU before."""
        return min(self.before, key=lambda name: self.before[name])

    @property
    def gain(self) -> float:
        """Change of the IoU of the weakest class."""
        return self.after[self.weakest] - self.before[self.weakest]

    @property
    def loss(self) -> float:
        """Greatest decrease of the IoU of a class; 0 if none decreases."""
        return max(0.0, *(self.before[name] - self.after[name] for name in self.before))

    @property
    def is_reached(self) -> bool:
        """Whether the scene has the wanted gain, without a loss."""
        return (self.gain >= GAIN or self.after[self.weakest] >= ENOUGH) and self.loss <= LOSS


def simulate_scene(mix: str, number: int, segmenter: SegmenterNetwork) -> list[ClassField]:
    """Simulate the micrographs of a scene, preprocessed for a segmenter."""
    structure = structure_named(STRUCTURES[number % len(STRUCTURES)])
    side, card = SIDE_DIAMETERS * DIAMETER_PX, segmenter.card
    parameters = SimulationParameters(
        **{"particles": PARTICLES} | dict(MIXES[mix]),
        pixel_size_angstrom=structure.diameter_angstrom / DIAMETER_PX,
        height_px=side,
        width_px=side,
    )
    polarity: Polarity = "bright" if parameters.negative_stain else "dark"
    fields = []
    for which in range(PAINTED + SCORED):
        simulated = simulate_micrograph(parameters, [structure], FIRST_SEED + 10 * number + which)
        pixels = np.asarray(simulated.micrograph.pixels, float)
        view = preprocess(
            pixels, DIAMETER_PX, card.particle_px, polarity, spectrum=card.spectrum, grey=True
        )
        fields.append(ClassField.of(view, simulated.classes))
    return fields


def paint(truth: ClassMap, found: ClassMap, diameter_px: float, seed: int) -> ClassMap:
    """Paint strokes inside the areas of each true class, most of them where `found` is wrong."""
    from scipy.ndimage import distance_transform_edt, uniform_filter

    rng, strokes = np.random.default_rng(seed), np.zeros_like(truth)
    radius = RADIUS * diameter_px
    for number in (BACKGROUND, PARTICLE, ICE, CARBON):
        mask = truth == number
        if not mask.any():
            continue
        depth = distance_transform_edt(mask)
        inner = depth >= min(radius, 0.75 * depth.max())
        wrong = uniform_filter((mask & (found != number)).astype(float), 7) > 0.4
        for which in range(STROKES):
            free = inner & (strokes == 0)
            sought = free & wrong if which < STROKES - 1 and (free & wrong).any() else free
            if sought.any():
                start = rng.choice(np.argwhere(sought))
                length = 0 if number == PARTICLE else rng.uniform(2, LENGTH) * diameter_px
                for place in wander(start, inner, length, rng):
                    strokes[disc(truth.shape, place, radius) & mask] = number
    return strokes


def wander(
    start: NDArray[np.intp], inner: NDArray[np.bool_], length: float, rng: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """Yield the places of a stroke, which turns where it would leave a mask."""
    place, angle = start.astype(float), rng.uniform(0, 2 * np.pi)
    for _ in range(int(length) + 1):
        yield place
        angle += rng.normal(0, 0.15)
        ahead = place + np.array([np.sin(angle), np.cos(angle)])
        row, column = np.clip(ahead.round().astype(int), 0, np.array(inner.shape) - 1)
        if inner[row, column]:
            place = ahead
        else:
            angle += rng.uniform(0.5, 2)


def disc(shape: tuple[int, ...], middle: NDArray[np.float64], radius: float) -> NDArray[np.bool_]:
    """Return the mask of a disc."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    return np.asarray(np.hypot(y - middle[0], x - middle[1]) <= radius)


def inputs_of(field: ClassField, segmenter: SegmenterNetwork) -> NDArray[np.float32]:
    """Return the channels ``(c, h, w)`` of a field that a segmenter expects."""
    return field.inputs[[INPUTS.index(name) for name in segmenter.card.inputs]].astype(np.float32)


def classify(field: ClassField, segmenter: SegmenterNetwork) -> ClassMap:
    """Return the most probable class of each pixel."""
    probability = class_probabilities(inputs_of(field, segmenter), segmenter)
    return (probability.argmax(axis=0) + 1).astype(np.uint8)


def score(fields: list[ClassField], segmenter: SegmenterNetwork) -> ClassEvaluation:
    """Compare the class maps of all fields with their truth."""
    return pool_classes(
        [evaluate_classes(classify(each, segmenter), each.classes) for each in fields]
    )


def measure(
    mix: str,
    number: int,
    segmenter: SegmenterNetwork,
    recipe: StrokeRecipe,
) -> Outcome:
    """Paint, train and score one scene."""
    fields = simulate_scene(mix, number, segmenter)
    painted = [
        PaintedImage(
            inputs_of(field, segmenter),
            paint(field.classes, classify(field, segmenter), segmenter.card.particle_px, which),
            field.valid,
        )
        for which, field in enumerate(fields[:PAINTED])
    ]
    start, processor = perf_counter(), process_time()
    tuned = tune_segmenter(segmenter, painted, recipe)
    taken = perf_counter() - start, process_time() - processor
    trained = replace(segmenter, module=copy.deepcopy(segmenter.module))
    trained.module.load_state_dict(tuned.state)
    before, after = (score(fields[PAINTED:], each).shown_iou for each in (segmenter, trained))
    return Outcome(
        mix,
        before,
        after,
        tuned.improved,
        *taken,
    )


def summarize(outcomes: list[Outcome]) -> list[list[str]]:
    """Return what is wanted beside what is measured."""
    reached = sum(each.is_reached for each in outcomes)
    gain = float(np.mean([each.gain for each in outcomes]))
    loss = max(each.loss for each in outcomes)
    mean = np.mean(
        [each.after[name] - each.before[name] for each in outcomes for name in each.before]
    )
    slowest = max(each.seconds for each in outcomes)
    count = len(outcomes)
    return [
        [
            "scenes in which the weakest class gains .10 or reaches .90, and none loses",
            f"{reached} of {count}",
            f"{count}",
            _yes(reached == count),
        ],
        ["mean gain of the weakest class", f"{gain:+.3f}", f"{GAIN:.2f}", _yes(gain >= GAIN)],
        ["mean change of all classes", f"{mean:+.3f}", "", ""],
        ["greatest loss of a class", f"{loss:.3f}", f"{LOSS}", _yes(loss <= LOSS)],
        ["slowest training", f"{slowest:.0f} s", f"{SECONDS:.0f} s", _yes(slowest <= SECONDS)],
    ]


def rows_of(outcome: Outcome) -> list[str]:
    """Return the cells of a scene."""
    cells = [
        f"{outcome.before[name]:.2f} → {outcome.after[name]:.2f}" if name in outcome.before else ""
        for name in CLASSES
    ]
    times = f"{outcome.seconds:.1f} s ({outcome.processor_seconds:.1f} s)"
    advised = "yes" if outcome.improved else "no"
    return [outcome.scene, *cells, advised, times]


def _yes(reached: bool) -> str:
    return "yes" if reached else "no"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="replace this script's part of the page")
    parser.add_argument("--segmenter", default="default", help="weights to start from")
    parser.add_argument("--scenes", nargs="+", default=[*SCENES])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    segmenter, recipe = load_segmenter(arguments.segmenter), StrokeRecipe()
    outcomes = []
    for number, mix in enumerate(arguments.scenes):
        outcomes.append(measure(mix, number, segmenter, recipe))
        print(rows_of(outcomes[-1]), flush=True)
    wanted = table(["measured", "value", "wanted", "reached"], summarize(outcomes))
    heading = ["scene", *CLASSES, "advised to keep", "time (processor)"]
    body = f"{wanted}\n\n{table(heading, [rows_of(each) for each in outcomes])}"
    print(body)
    if arguments.write:
        write_section(arguments.write, "stroke learning", body)


if __name__ == "__main__":
    main()
