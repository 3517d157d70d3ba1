"""Measure F1 with worse micrographs or settings: curves and tables of docs/accuracy.md.

The default detector and classifier are used with their recommended settings, without and with the
default segmenter; and picks by segmentation alone. Noise is added as the
authors of CASSPER did for their reviewers; the ratio in dB is that of the variance of the
micrograph, including its own noise, to the variance of the added noise.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes

from accuracy_figures import COLOURS, GREY, panels, save
from accuracy_sets import (
    DIAMETER_PX,
    HELD_OUT,
    SCENARIOS,
    SIDE_PX,
    Example,
    Picker,
    page_to_write,
    real_examples,
    simulated_example,
    table,
    write_section,
)

STRUCTURES = HELD_OUT[:4]
#: Ends of the names of rows: picks by segmentation, and the default pair with the segmenter.
SEGMENTATION, VETO = ": segmentation", ": default + veto"
APOFERRITIN, RIBOSOME = "apoferritin 10146", "ribosome 10028"
NOISE_DB = (0, -5, -10, -13, -16, -20, -25)
DEFOCUS_UM = (0.5, 0.75, 1, 1.5, 2, 2.5, 3)
DIAMETER_PERCENT = (-25, -20, -10, 0, 10, 20, 25)
PIXEL_SIZES_ANGSTROM = (0.5, 1, 1.5, 2, 3, 4.5, 6)
#: For other pixel sizes: small structures in fields that can be simulated at 0.5 Å, two of each.
SMALL, SIDE_DIAMETERS, SEEDS = HELD_OUT[:3], 12, (7000, 8000)


@dataclass(frozen=True)
class Sweep:
    """F1 of several sets for values of one quantity."""

    title: str
    axis: str
    values: tuple[float, ...]
    value_format: str
    f1: dict[str, list[float]]


def sweep(
    title: str,
    axis: str,
    values: tuple[float, ...],
    value_format: str,
    names: Iterable[str],
    measure: Callable[[str, float], dict[str, float]],
) -> Sweep:
    """Measure each named set at each value with each picker, and print the results."""
    print(title, flush=True)
    found: dict[str, list[float]] = {}
    for name in names:
        by_value = [measure(name, value) for value in values]
        for picker in by_value[0]:
            row = [f1[picker] for f1 in by_value]
            found[name + picker] = row
            print(f"  {name}{picker}: {' '.join(f'{f1:.3f}' for f1 in row)}", flush=True)
    return Sweep(title, axis, values, value_format, found)


def with_noise(example: Example, kind: str, ratio_db: float) -> Example:
    """Add noise whose variance is that of the micrograph divided by the ratio.

    For Poisson noise the grey values are taken as intensities, with a number of counts per pixel
    for which the noise has the wanted variance.
    """
    rng = np.random.default_rng(round(-ratio_db))
    pixels = np.asarray(example.micrograph.pixels, np.float32)
    variance = pixels.var() / 10 ** (ratio_db / 10)
    if kind == "Gaussian":
        noisy = pixels + rng.standard_normal(pixels.shape, np.float32) * np.sqrt(variance)
    else:
        counts_per_grey = pixels.mean() / variance
        noisy = rng.poisson(np.maximum(pixels, 0) * counts_per_grey) / counts_per_grey
    micrograph = replace(example.micrograph, pixels=np.asarray(noisy, np.float32))
    return replace(example, micrograph=micrograph)


def at_pixel_size(scenario: str, pixel_size_angstrom: float) -> list[Example]:
    """Simulate fields with the same width in particle diameters at any pixel size."""
    wanted = dict(SCENARIOS[scenario])
    standard_diameters = SIDE_PX / DIAMETER_PX
    wanted["particles"] = round(wanted["particles"] * (SIDE_DIAMETERS / standard_diameters) ** 2)
    wanted["pixel_size_angstrom"] = pixel_size_angstrom
    return [
        simulated_example(name, wanted, SIDE_DIAMETERS, seed) for name in SMALL for seed in SEEDS
    ]


def measure_all(pickers: dict[str, Picker]) -> list[Sweep]:
    def f1(examples: Iterable[Example], diameter_error: float = 0.0) -> dict[str, float]:
        made = list(examples)
        return {
            name: float(picker.evaluate(made, diameter_error).main.macro.f1)
            for name, picker in pickers.items()
        }

    def simulated(scenario: str, **changes: float) -> list[Example]:
        wanted = SCENARIOS[scenario] | changes
        return [simulated_example(structure, wanted) for structure in STRUCTURES]

    def noise(name: str, ratio_db: float) -> dict[str, float]:
        of_set, kind = name.split(", ")
        return f1(with_noise(example, kind, ratio_db) for example in sets[of_set])

    def defocus(scenario: str, defocus_um: float) -> dict[str, float]:
        return f1(simulated(scenario, defocus_um=defocus_um))

    def diameter(name: str, percent: float) -> dict[str, float]:
        return f1(sets[name], percent / 100)

    def pixel_size(scenario: str, pixel: float) -> dict[str, float]:
        return f1(at_pixel_size(scenario, pixel))

    sets = {name: simulated(name) for name in ("clean", "crowded")}
    sets |= {name: list(real_examples(name)) for name in (APOFERRITIN, RIBOSOME)}
    noisy = [f"{name}, {k}" for name in sets if name != "crowded" for k in ("Gaussian", "Poisson")]
    pair = ("clean", "faint")
    wrong = "diameter given, % off"
    return [
        sweep("Added noise", "micrograph / added noise, dB", NOISE_DB, "{:g} dB", noisy, noise),
        sweep("Defocus", "defocus, µm", DEFOCUS_UM, "{:g} µm", pair, defocus),
        sweep("Wrong diameter", wrong, DIAMETER_PERCENT, "{:+g} %", sets, diameter),
        sweep("Pixel size", "pixel size, Å", PIXEL_SIZES_ANGSTROM, "{:g} Å", pair, pixel_size),
    ]


def draw(axes: Axes, of: Sweep) -> None:
    of_default = {name: f1 for name, f1 in of.f1.items() if ": " not in name}
    for name, f1 in of_default.items():
        style = "o--" if name.endswith("Poisson") else "o-"
        look = {"color": COLOURS[name.split(", ")[0]], "linewidth": 1.6, "markersize": 4}
        axes.plot(of.values, f1, style, label=name, **look)
    if of.values[0] > of.values[-1]:
        axes.invert_xaxis()
    axes.set(ylim=(0, 1.02), xticks=of.values)
    axes.set_xticklabels([f"{value:g}" for value in of.values])
    axes.set_xlabel(of.axis)
    axes.set_title(of.title, loc="left", fontsize=11)
    axes.grid(axis="y", color=GREY, alpha=0.25, linewidth=0.6)
    axes.legend(loc="lower left", fontsize=8, frameon=False)


def greatest_loss(sweeps: Iterable[Sweep]) -> str:
    """Return a sentence about the greatest loss of F1 by the segmenter."""
    losses = [
        (without - vetoed, each.title, name.removesuffix(VETO), each.value_format.format(value))
        for each in sweeps
        for name, row in each.f1.items()
        if name.endswith(VETO)
        for value, without, vetoed in zip(
            each.values, each.f1[name.removesuffix(VETO)], row, strict=True
        )
    ]
    loss, title, name, value = max(losses)
    place = f"{title.lower()}, {name}, {value}"
    return f"Greatest loss of F1 by the veto: {max(loss, 0.0):.3f} ({place}); wanted ≤ 0.005."


def main() -> None:
    page = page_to_write(__doc__)
    pickers = {
        "": Picker.load(),
        SEGMENTATION: Picker.load("segmenter-default", "none"),
        VETO: Picker.load(segmenter="default"),
    }
    sweeps = measure_all(pickers)
    tables = []
    for each in sweeps:
        heading = [each.title, *map(each.value_format.format, each.values)]
        lines = [[name, *(f"{f1:.2f}" for f1 in row)] for name, row in each.f1.items()]
        tables.append(table(heading, lines))
    body = "\n\n".join([*tables, greatest_loss(sweeps)])
    print(body)
    if page:
        write_section(page, "robustness", body)
        figure, axes = panels(2, 2, 9.6, 7.2)
        for where, each in zip(axes, sweeps, strict=True):
            draw(where, each)
        for where in axes[::2]:
            where.set_ylabel("F1")
        save(figure, page, "accuracy-robustness")


if __name__ == "__main__":
    main()
