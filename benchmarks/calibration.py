"""Measure the calibration of P(particle): reliability curves and calibration errors.

Candidates are those of the default detector above its threshold. A candidate is a particle if it is
matched one-to-one with a true particle at most half a diameter away. Writes its part of
docs/accuracy.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from accuracy_figures import COLOURS, GREY, panels, save
from accuracy_sets import (
    REAL,
    SCENARIOS,
    Example,
    Picker,
    examples_of,
    page_to_write,
    table,
    write_section,
)
from napari_drpnet.evaluation.scores import score_picks

BINS = 10
#: Bins with fewer candidates are not drawn.
LEAST_DRAWN = 10
DRAWN = ("all simulated", *REAL)


@dataclass(frozen=True)
class Classified:
    """P(particle) of candidates, and whether each is a particle."""

    probability: NDArray[np.float64]
    is_particle: NDArray[np.bool_]

    @classmethod
    def join(cls, parts: Iterable["Classified"]) -> "Classified":
        """Join the candidates of several micrographs or sets."""
        found = list(parts)
        return cls(
            np.concatenate([part.probability for part in found]),
            np.concatenate([part.is_particle for part in found]),
        )

    def bins(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Return count, mean P and share of particles of ten equal bins (NaN if empty)."""
        which = np.minimum((self.probability * BINS).astype(int), BINS - 1)
        count = np.bincount(which, minlength=BINS)
        with np.errstate(invalid="ignore"):
            mean = np.bincount(which, self.probability, BINS) / count
            share = np.bincount(which, self.is_particle, BINS) / count
        return count, mean, share

    @property
    def calibration_error(self) -> float:
        """Expected calibration error: mean |P − share| of the bins, weighted by their counts."""
        count, mean, share = self.bins()
        return float(np.nansum(count * np.abs(mean - share)) / count.sum())


def classify_set(
    picker: Picker, examples: Iterable[Example], *, all_candidates: bool
) -> Classified:
    parts = []
    for example in examples:
        picks = picker.pick(example, all_candidates=all_candidates)
        record = picker.record(example, picks, picks.probability)
        paired = score_picks(record.picks_yx, record.truth_yx, record.diameter_px).matching
        is_particle = np.zeros(len(record.scores), bool)
        is_particle[paired.pick_index] = True
        parts.append(Classified(record.scores, is_particle))
    return Classified.join(parts)


def row(name: str, classified: Classified, of_all: Classified) -> list[str]:
    return [
        name,
        str(len(classified.probability)),
        f"{classified.probability.mean():.3f}",
        f"{classified.is_particle.mean():.3f}",
        f"{classified.calibration_error:.3f}",
        f"{of_all.calibration_error:.3f}",
    ]


def draw(axes: Axes, title: str, sets: dict[str, Classified]) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
    for name in DRAWN:
        count, mean, share = sets[name].bins()
        shown = count >= LEAST_DRAWN
        look = {"color": COLOURS[name], "linewidth": 1.5, "clip_on": False}
        axes.plot(mean[shown], share[shown], label=name, **look)
        sizes = 100 * np.sqrt(count[shown] / count.max()) + 12
        look |= {"edgecolor": "white", "linewidth": 0.8}
        axes.scatter(mean[shown], share[shown], sizes, zorder=3, **look)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set_xlabel("P(particle)")
    axes.set_title(title, loc="left", fontsize=11, pad=12)


def main() -> None:
    page = page_to_write(__doc__)
    picker = Picker.load()
    classified, of_all = {}, {}
    for name in [*SCENARIOS, *REAL]:
        examples = examples_of(name)
        classified[name] = classify_set(picker, examples, all_candidates=False)
        of_all[name] = classify_set(picker, examples, all_candidates=True)
    for sets in (classified, of_all):
        sets["all simulated"] = Classified.join(sets[name] for name in SCENARIOS)
    heading = ["set", "picks", "mean P", "share of particles", "error", "error, all candidates"]
    names = [*SCENARIOS, "all simulated", *REAL]
    body = table(heading, [row(name, classified[name], of_all[name]) for name in names])
    print(body)
    if page:
        write_section(page, "calibration", body)
        figure, axes = panels(1, 2, 9.6, 5.7)
        draw(axes[0], "Picks: candidates above the threshold", classified)
        draw(axes[1], "All candidates", of_all)
        axes[0].set_ylabel("share of particles among the candidates")
        lines = axes[0].get_legend_handles_labels()
        figure.legend(*lines, loc="outside lower center", ncols=4, fontsize=9, frameon=False)
        save(figure, page, "accuracy-calibration")


if __name__ == "__main__":
    main()
