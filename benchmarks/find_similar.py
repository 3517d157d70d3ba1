"""Measure picking by example: a detector made from 5, 10 or 20 examples, against the default pair.

The examples are drawn from the truth of the first micrograph of a set, with an error of clicking
of 5 % of the diameter. They and the picks on them are left out of the scores. The simulated sets
are of structures and shapes on which the method was chosen; the real ones are only evaluated. With
``--write PAGE`` the table replaces its part of the page.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from accuracy_sets import Picker, page_to_write, record_inside, table, write_section
from grid import tally_of
from grid_sets import (
    CLEAN,
    COLOURED,
    DIRT,
    LONG,
    MEDIA,
    SHAPES,
    USUAL,
    VALIDATION,
    Case,
    Cell,
    real_cases,
    simulate,
)
from napari_drpnet import pick
from napari_drpnet.base.geometry import far_from
from napari_drpnet.evaluation.precision_recall import Rates, Tally
from napari_drpnet.images.preprocess import NetworkImage
from napari_drpnet.picking.cuts import ranking_score
from napari_drpnet.picking.detection import detect
from napari_drpnet.picking.loading import Networks
from napari_drpnet.picking.networks.build import build_network
from napari_drpnet.picking.networks.card import Network
from napari_drpnet.picking.parameters import (
    ClassifierParameters,
    ParticleParameters,
    PickParameters,
)
from napari_drpnet.training.from_labels.examples import ExampleView, learn_from_examples

COUNTS = (5, 10, 20)
DRAWS = 1
REAL = ("ribosome 10028", "TRPV1 10059")
#: Row, settings of the simulation, d' and look of the noise.
VALIDATION_ROWS = (
    ("faint, d' 1.5", CLEAN | {"defocus_um": 0.8}, 1.5, "ice, 0.8 µm"),
    ("faint, d' 2", CLEAN, 2.0, "ice, 1.5 µm"),
    ("faint, d' 2.5", CLEAN, 2.5, "envelope, 1.65"),
    ("faint in white noise, d' 1.5", CLEAN, 1.5, "white"),
    ("clear", USUAL | LONG, 8.0, "white"),
    ("crowded", DIRT["crowded"] | LONG, 5.0, "white"),
    ("edge of carbon", DIRT["edge of carbon"] | LONG, 5.0, "white"),
    ("ice crystals", DIRT["ice crystals"] | LONG, 5.0, "white"),
    ("cubic ice", DIRT["cubic ice"] | LONG, 5.0, "white"),
    ("stain", MEDIA["stain"] | LONG, 4.0, "white"),
)
Floats = NDArray[np.float64]


def sets() -> Iterator[tuple[str, list[Case]]]:
    """Yield the sets by name; the first micrograph of each is the one with examples."""
    for row, settings, level, look in VALIDATION_ROWS:
        number = len(row) + round(10 * level)
        structure = VALIDATION[number % 2]
        yield (
            f"{row} ({structure})",
            [simulate(Cell("", row, structure, settings, level, look, seed=5000 + number))],
        )
    for turn, shape in enumerate(SHAPES):
        level, look = (3.0, COLOURED[turn % len(COLOURED)]) if turn % 2 else (8.0, "white")
        cell = Cell("", shape, shape, CLEAN, level, look, seed=5400 + turn)
        yield f"{shape}, {look}, d' {level:g}", [simulate(cell)]
    real = list(real_cases())
    for name in REAL:
        yield f"real: {name}", [case for case in real if case.row == name][:2]


@dataclass(frozen=True)
class Result:
    """Tallies at the recommended threshold, and the best F1 at any threshold."""

    tally: Tally
    best_f1: float


def draw_examples(case: Case, count: int, seed: int) -> Floats:
    """Draw true positions that are not at the border, with an error of clicking."""
    example, rng = case.example, np.random.default_rng(seed)
    truth = record_inside(example, np.empty((0, 2)), 0.6 * example.diameter_px).truth_yx
    chosen = truth[rng.permutation(len(truth))[:count]]
    return np.asarray(chosen + rng.normal(0, 0.05 * example.diameter_px, chosen.shape))


def view_of(picker: Picker, case: Case) -> NetworkImage:
    """Preprocess a micrograph for the detector."""
    bare = replace(picker.networks, classifier=None)
    return detect(case.example.micrograph, picker.parameters_for(case.example), bare).view


def learn(picker: Picker, view: NetworkImage, examples_yx: Floats) -> Networks:
    """Make the networks of a detector of examples, without a classifier."""
    base = picker.networks.detector
    learned = learn_from_examples(
        base, [ExampleView(view.image, view.frame.to_network(examples_yx))]
    )
    module = build_network(learned.card)
    module.load_state_dict(learned.state)
    detector = Network(module.eval(), learned.card, "examples", "")
    return replace(picker.networks, detector=detector, classifier=None)


def score(networks: Networks, case: Case, examples_yx: Floats) -> tuple[Tally, list[Tally]]:
    """Return the tally at the recommended threshold, and those at other thresholds."""
    example, pixel = case.example, case.example.micrograph.pixel_size_angstrom or 1.0
    asked = PickParameters(
        particle=ParticleParameters(
            diameter_angstrom=example.diameter_px * pixel,
            pixel_size_angstrom=pixel,
            polarity=example.polarity,
        ),
        classifier=ClassifierParameters(
            classifier="none" if networks.classifier is None else "default"
        ),
    )
    picks = pick(example.micrograph, asked, networks, all_candidates=True)
    far = far_from(picks.centers_yx, examples_yx, 0.5 * example.diameter_px)
    picks = picks.where(far)
    truth = example.truth_yx
    kept = far_from(truth, examples_yx, 0.25 * example.diameter_px)
    other = replace(case, example=replace(example, truth_yx=truth[kept]))
    values = ranking_score(picks, networks.resolve(asked))
    if networks.classifier is not None:
        values = picks.probability
    cuts = np.quantile(values, np.linspace(0, 1, 40)) if len(values) else []
    at_cuts = [tally_of(other, picks.centers_yx[values >= cut]) for cut in cuts]
    return tally_of(other, picks.centers_yx[picks.accepted]), at_cuts


def measure(networks: Networks, cases: list[Case], examples_yx: Floats) -> Result:
    """Score all micrographs of a set; the examples are on the first one."""
    nothing = np.empty((0, 2))
    scored = [score(networks, c, nothing if k else examples_yx) for k, c in enumerate(cases)]
    best = mean(max((t.rates.f1 for t in at_cuts), default=0.0) for _, at_cuts in scored)
    return Result(sum((tally for tally, _ in scored), Tally(0, 0, 0)), best)


def main() -> None:
    picker = Picker.load()
    rows: dict[str, dict[str, list[Result]]] = {}
    for name, cases in sets():
        row, view = rows.setdefault(name, {}), view_of(picker, cases[0])
        for count in COUNTS:
            for draw in range(DRAWS):
                examples = draw_examples(cases[0], count, 10 * count + draw)
                learned = learn(picker, view, examples)
                row.setdefault(f"{count}", []).append(measure(learned, cases, examples))
        row.setdefault("default", []).append(measure(picker.networks, cases, examples))
        print(name, cases[0].example.name, *map(_summary, row.values()), flush=True)
    print(report(rows))
    if (page := page_to_write(__doc__)) is not None:
        write_section(page, "find similar", report(rows))


def _summary(results: list[Result]) -> str:
    rates = [result.tally.rates for result in results]
    precision, recall, f1 = (mean(getattr(r, f) for r in rates) for f in Rates._fields)
    return f"{f1:.2f} ({precision:.2f} / {recall:.2f}; {mean(r.best_f1 for r in results):.2f})"


def report(rows: dict[str, dict[str, list[Result]]]) -> str:
    """Return the table: F1 (precision / recall; best F1) of each set."""
    heading = ["set", "default pair", *(f"{count} examples" for count in COUNTS)]
    columns = ["default", *map(str, COUNTS)]
    return table(heading, [[n, *(_summary(row[c]) for c in columns)] for n, row in rows.items()])


if __name__ == "__main__":
    main()
