"""What the labels of whole real micrographs bring: each is left out once, and picked.

The shipped detector is fine-tuned on all other micrographs of the set, with every expert
coordinate: for longer and faster than from a few clicks, by a recipe that was chosen on simulated
micrographs alone. Beside it stands the detector as it is, which has seen none. No classifier takes
part.
"""

from collections.abc import Generator
from copy import deepcopy
from dataclasses import replace
from typing import TypeVar

import numpy as np

from accuracy_sets import Example, Picker, page_to_write, real_examples, table, write_section
from napari_drpnet.evaluation.precision_recall import Rates
from napari_drpnet.evaluation.scores import evaluate_picks
from napari_drpnet.images.preprocess import preprocess
from napari_drpnet.picking.networks.card import AnyCard
from napari_drpnet.training.from_labels.detector import (
    LabelledImage,
    Tuned,
    TuneRecipe,
    tune_detector,
)

SETS = ("ribosome 10028", "apoferritin 10146")
RECIPE = TuneRecipe(steps=160, learning_rate=1e-3)
NOTHING = np.empty((0, 2))

Result = TypeVar("Result")


def result_of(training: Generator[object, None, Result]) -> Result:
    """Run a training to its end."""
    while True:
        try:
            next(training)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def label(example: Example, card: AnyCard) -> LabelledImage:
    """Take every expert coordinate for a label, in the view of a detector."""
    pixels, diameter_px = example.micrograph.pixels, example.diameter_px
    view = preprocess(
        pixels, diameter_px, card.particle_px, example.polarity, spectrum=card.spectrum
    )
    return LabelledImage(
        view.image, view.frame.to_network(example.truth_yx), NOTHING, complete=True
    )


def with_tuned(picker: Picker, tuned: Tuned) -> Picker:
    """Pick with what was learned, at the threshold that goes with it."""
    detector = picker.networks.detector
    module = deepcopy(detector.module)
    module.load_state_dict(tuned.state)
    networks = replace(picker.networks, detector=replace(detector, module=module))
    peaks = picker.parameters.peaks.model_copy(update={"threshold": tuned.threshold})
    return Picker(networks, picker.parameters.model_copy(update={"peaks": peaks}))


def leave_one_out(picker: Picker, examples: list[Example]) -> tuple[Rates, list[float]]:
    """Return the mean rates on micrographs that were left out, and the thresholds."""
    labelled = [label(example, picker.networks.detector.card) for example in examples]
    rates, thresholds = [], []
    for number, example in enumerate(examples):
        others = labelled[:number] + labelled[number + 1 :]
        tuned = result_of(tune_detector(picker.networks.detector, others, RECIPE))
        taught = with_tuned(picker, tuned)
        record = taught.rank(example)
        rates.append(evaluate_picks([record], threshold=tuned.threshold).main.macro)
        thresholds.append(tuned.threshold)
        print(f"  {example.name}: F1 {rates[-1].f1:.3f}, better: {tuned.improved}", flush=True)
    return Rates(*np.mean(rates, axis=0).tolist()), thresholds


def main() -> None:
    page = page_to_write(__doc__)
    picker = Picker.load("default", "none")
    rows = []
    for name in SETS:
        print(name, flush=True)
        examples = list(real_examples(name))
        zero = picker.evaluate(examples).main.macro
        taught, thresholds = leave_one_out(picker, examples)
        used = f"{min(thresholds):.2f} to {max(thresholds):.2f}"
        for what, cut, rates in (
            ("as shipped", f"{picker.threshold:.2f}", zero),
            ("taught by the others", used, taught),
        ):
            figures = [f"{rates.f1:.3f}", f"{rates.precision:.3f}", f"{rates.recall:.3f}"]
            rows.append([name, what, cut, *figures])
    heading = ["set", "detector", "threshold", "F1", "precision", "recall"]
    body = table(heading, rows)
    print(body)
    if page:
        write_section(page, "leave one out", body)


if __name__ == "__main__":
    main()
