"""Score weights on real and simulated micrographs: tables and curves of docs/accuracy.md.

Run ``python benchmarks/accuracy.py`` (or ``make accuracy``); see accuracy_sets.py for the data.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from accuracy_figures import COLOURS, panels, save
from accuracy_sets import (
    EMPTY_PICTURES,
    REAL,
    SCENARIOS,
    Picker,
    examples_of,
    published_detector,
    table,
    write_section,
)
from napari_drpnet.evaluation.report import draw_f1_contours
from napari_drpnet.evaluation.scores import Evaluation

PAIRS = (
    "default:default",
    "default:none",
    "multiscale:multiscale-classifier",
    "fcrn:fcrn-classifier",
    "published:none",
)


def evaluate(pairs: list[str]) -> dict[str, dict[str, Evaluation]]:
    """Evaluate each pair of detector and classifier on each set, at its fixed threshold."""
    pickers = {pair: Picker.load(*pair.rsplit(":", 1)) for pair in pairs}
    results: dict[str, dict[str, Evaluation]] = {pair: {} for pair in pairs}
    for name in [*SCENARIOS, *REAL, EMPTY_PICTURES]:
        examples = examples_of(name)
        for pair, picker in pickers.items():
            results[pair][name] = picker.evaluate(examples)
    return results


def rows(results: dict[str, Evaluation]) -> list[list[str]]:
    """Return F1, precision and recall at the threshold, and the best F1, for each set."""
    found = []
    for name, evaluation in results.items():
        at = evaluation.main
        if not at.pooled.particles:
            found.append([name, f"{at.pooled.picks / len(at.scores):.1f} false picks each"])
            found[-1] += [""] * 3
            continue
        best = at.curve.best
        rates = (at.macro.f1, at.macro.precision, at.macro.recall, best.rates.f1 if best else 0.0)
        found.append([name, *(f"{rate:.3f}" for rate in rates)])
    means = [results[name].main.macro.f1 for name in SCENARIOS if name != "empty"]
    return [*found, ["mean of the simulated sets", f"{np.mean(means):.3f}", "", "", ""]]


def draw(results: dict[str, Evaluation], page: Path) -> None:
    """Draw the curves of one detector for simulated sets (left) and real sets (right)."""
    figure, axes = panels(1, 2, 9.6, 5.2)
    with_particles = [name for name in SCENARIOS if name != "empty"]
    for each, names, title in zip(
        axes, (with_particles, list(REAL)), ("Simulated", "Real"), strict=True
    ):
        draw_f1_contours(each, (0.7, 0.8, 0.9))
        for name in names:
            draw_curve(each, name, results[name])
        each.set(xlim=(0.5, 1.005), ylim=(0.5, 1.005), aspect="equal")
        each.set_xlabel("recall")
        each.set_title(title, loc="left", fontsize=11, pad=10)
        each.legend(loc="lower left", fontsize=8.5, frameon=False)
    axes[0].set_ylabel("precision")
    save(figure, page, "accuracy-pr")


def draw_curve(axes: Axes, name: str, evaluation: Evaluation) -> None:
    at = evaluation.main
    label = f"{name}: average precision {at.curve.average_precision:.3f}"
    steps = {"drawstyle": "steps-pre", "color": COLOURS[name], "linewidth": 1.7}
    axes.plot(
        [0.0, *at.curve.recall],
        [*at.curve.precision[:1], *at.curve.precision],
        label=label,
        **steps,
    )
    dot = {"color": COLOURS[name], "markersize": 8, "markeredgecolor": "white", "clip_on": False}
    axes.plot(at.micro.recall, at.micro.precision, "o", zorder=5, **dot)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="replace the tables in this page")
    parser.add_argument("--weights", nargs="*", help="detector:classifier pairs to score")
    arguments = parser.parse_args()
    pairs = arguments.weights or list(PAIRS)
    if "published:none" in pairs:
        with published_detector():
            results = evaluate(pairs)
    else:
        results = evaluate(pairs)
    parts = []
    for pair in pairs:
        detector, _, classifier = pair.rpartition(":")
        heading = ["set", "F1", "precision", "recall", "best F1"]
        title = f"**detector {detector}, classifier {classifier}**"
        parts.append(f"{title}\n\n{table(heading, rows(results[pair]))}")
    body = "\n\n".join(parts)
    print(body)
    if arguments.write:
        write_section(arguments.write, "tables", body)
        draw(results[pairs[0]], arguments.write)


if __name__ == "__main__":
    main()
