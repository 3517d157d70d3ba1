"""Measure F1, false picks and calibration over the whole range of micrographs; see grid_sets.py.

`pick` at its defaults is compared with a Laplacian of Gaussian: with one setting for everything,
chosen on validation proteins (``--choose-laplacian`` repeats the choice), and with the best
threshold for each micrograph. A network should not be worse than that one setting: "muted" is the
share of micrographs on which the Laplacian is better by more than 0.02.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from accuracy_sets import Picker, record_inside, table, write_section
from calibration import Classified
from grid_sets import (
    DETECTABILITIES,
    LOOKS,
    VALIDATION,
    Case,
    all_cases,
    grid_cells,
    simulate,
)
from laplacian import SHAPES, THRESHOLDS, find_blobs
from napari_drpnet.evaluation.precision_recall import Tally
from napari_drpnet.evaluation.scores import ScoredMicrograph, score_picks, trace_curve

Floats = NDArray[np.float64]

#: Blob size, least distance and threshold with the highest mean F1 on the cells of 5gjv and 6utj:
#: what `choose_setting` returns.
BLOB_DIAMETERS, LEAST_DISTANCE, THRESHOLD = 0.8, 0.75, 2.4
#: Difference of F1 from which the Laplacian counts as better.
MUTED = 0.02
#: F1 at its best threshold below which the Laplacian is hardly better than random picks.
VISIBLE = 0.6
#: Cell of a table without a number.
NOTHING = "–"
GRID = ("signal", "media", "shapes", "dirt", "invalid area")
#: Groups that are also picked with unknown polarity.
ANY_POLARITY = ("media", "named")


class LaplacianScore(NamedTuple):
    """F1 and number of picks at the one setting, and F1 at the best threshold."""

    fixed: float
    picks: int
    best: float


@dataclass(frozen=True)
class Score:
    """Scores of one micrograph.

    Parameters
    ----------
    group, row, name : str
        Group, row and name of the case.
    detectability : float or None
        d' of the case.
    tally : Tally
        Counts of the accepted picks that are evaluated.
    f1_auto : float
        F1 with unknown polarity; NaN if that was not measured.
    laplacian : LaplacianScore
        Scores of the Laplacian of Gaussian.
    classified : Classified
        All candidates with P(particle).
    """

    group: str
    row: str
    name: str
    detectability: float | None
    tally: Tally
    f1_auto: float
    laplacian: LaplacianScore
    classified: Classified

    @property
    def f1(self) -> float:
        """F1 of the accepted picks."""
        return self.tally.rates.f1

    @property
    def muted(self) -> bool:
        """Whether the Laplacian at its one setting is better."""
        return self.laplacian.fixed - self.f1 > MUTED


def record_of(case: Case, picks_yx: Floats, scores: Floats | None = None) -> ScoredMicrograph:
    """Combine the picks and the truth that are evaluated."""
    kept = case.counts(picks_yx)
    return record_inside(
        case.example,
        picks_yx[kept],
        case.border * case.example.diameter_px,
        None if scores is None else scores[kept],
    )


def tally_of(case: Case, picks_yx: Floats) -> Tally:
    """Count correct and wrong picks and missed particles."""
    record = record_of(case, picks_yx)
    return score_picks(record.picks_yx, record.truth_yx, record.diameter_px, case.radius).tally


def score_laplacian(case: Case) -> LaplacianScore:
    blobs = find_blobs(case.example, BLOB_DIAMETERS, LEAST_DISTANCE)
    fixed = tally_of(case, blobs.centers_yx[blobs.height >= THRESHOLD])
    best = trace_curve([record_of(case, blobs.centers_yx, blobs.height)], case.radius).best
    best_f1 = best.rates.f1 if best and fixed.particles else 0.0
    return LaplacianScore(fixed.rates.f1, fixed.picks, best_f1)


def score_picker(picker: Picker, case: Case, laplacian: LaplacianScore) -> Score:
    """Pick once, and keep the accepted picks and P(particle) of all candidates."""
    picks = picker.pick(case.example, all_candidates=True)
    f1_auto = np.nan
    if case.group in ANY_POLARITY:
        other = picker.pick(case.example, find_polarity=True)
        f1_auto = tally_of(case, other.centers_yx[other.accepted]).rates.f1
    known = picks.where(~np.isnan(picks.probability))
    record = record_of(case, known.centers_yx, known.probability)
    paired = score_picks(record.picks_yx, record.truth_yx, record.diameter_px, case.radius)
    is_particle = np.zeros(len(record.scores), bool)
    is_particle[paired.matching.pick_index] = True
    return Score(
        case.group,
        case.row,
        case.example.name,
        case.detectability,
        tally_of(case, picks.centers_yx[picks.accepted]),
        f1_auto,
        laplacian,
        Classified(record.scores, is_particle),
    )


def score_all(pickers: dict[str, Picker]) -> dict[str, list[Score]]:
    """Score each pair on each case, and print the scores."""
    scores: dict[str, list[Score]] = {pair: [] for pair in pickers}
    for number, case in enumerate(all_cases(), 1):
        laplacian = score_laplacian(case)
        ours = [score_picker(picker, case, laplacian) for picker in pickers.values()]
        for found, score in zip(scores.values(), ours, strict=True):
            found.append(score)
        print(f"{number:4} {case.group}, {case.row}: {case.example.name}: ", end="")
        if ours[0].tally.particles:
            values = [f"{score.f1:.3f}" for score in ours]
            found_auto = "" if np.isnan(ours[0].f1_auto) else f" ({ours[0].f1_auto:.3f} auto)"
            print(f"{' '.join(values)}{found_auto} | {laplacian.fixed:.3f} {laplacian.best:.3f}")
        else:
            print(" ".join(str(score.tally.picks) for score in ours), f"| {laplacian.picks} picks")
    return scores


def choose_setting() -> tuple[float, float, float]:
    """Return blob size, least distance and threshold of best mean F1 on validation cells."""
    total = np.zeros((len(SHAPES), len(THRESHOLDS)))
    for number, cell in enumerate(grid_cells(VALIDATION), 1):
        case = simulate(cell)
        print(f"{number:4} {case.group}, {case.row}: {case.example.name}", flush=True)
        for i, shape in enumerate(SHAPES):
            blobs = find_blobs(case.example, *shape)
            curve = trace_curve([record_of(case, blobs.centers_yx, blobs.height)], case.radius)
            picked = np.searchsorted(-curve.thresholds, -THRESHOLDS, "right")
            total[i] += np.concatenate([[0.0], curve.f1])[picked]
    for shape, sums in zip(SHAPES, total, strict=True):
        best = int(sums.argmax())
        print(shape, f"threshold {THRESHOLDS[best]:.1f}: mean F1 {sums[best] / number:.3f}")
    shape_index, threshold_index = np.unravel_index(int(total.argmax()), total.shape)
    return (*SHAPES[shape_index], float(THRESHOLDS[threshold_index]))


def mean(values: Iterable[float]) -> str:
    """Format a mean; a dash if any value is unknown."""
    average = float(np.mean(list(values)))
    return NOTHING if np.isnan(average) else f"{average:.3f}"


def rates_row(title: str, scores: Sequence[Score]) -> list[str]:
    """Return cells of a table: our rates, F1 of the Laplacian, share muted, calibration."""
    return [
        title,
        str(len(scores)),
        mean(score.f1 for score in scores),
        mean(score.tally.rates.precision for score in scores),
        mean(score.tally.rates.recall for score in scores),
        mean(score.f1_auto for score in scores),
        mean(score.laplacian.fixed for score in scores),
        mean(score.laplacian.best for score in scores),
        f"{100 * np.mean([score.muted for score in scores]):.0f} %",
        calibration_error(scores),
    ]


def calibration_error(scores: Sequence[Score]) -> str:
    """Format the expected calibration error of all candidates of some micrographs."""
    classified = Classified.join(score.classified for score in scores)
    return f"{classified.calibration_error:.3f}" if len(classified.probability) else NOTHING


RATES = [
    "micrographs",
    "number",
    "ours",
    "precision",
    "recall",
    "polarity found",
    "Laplacian, one setting",
    "Laplacian, best threshold for each",
    "muted",
    "calibration error",
]


def table_of_rates(scores: Sequence[Score], by: Callable[[Score], str], *totals: str) -> str:
    """Return a table with one line for each group or row, and lines for all of them."""
    titles = list(dict.fromkeys(by(score) for score in scores))
    rows = [rates_row(t, [score for score in scores if by(score) == t]) for t in titles]
    rows += [rates_row(total, scores) for total in totals]
    shown = [k for k in range(len(RATES)) if any(row[k] != NOTHING for row in rows)]
    return table([RATES[k] for k in shown], [[row[k] for k in shown] for row in rows])


def signal_table(scores: Sequence[Score]) -> str:
    """Return a table of F1 for each d' and noise, with that of the Laplacian in brackets."""
    rows = []
    for look in LOOKS:
        found = {score.detectability: score for score in scores if score.row == look}
        cells = [found[d] for d in DETECTABILITIES]
        rows.append([look, *(f"{c.f1:.2f} ({c.laplacian.fixed:.2f})" for c in cells)])
    average = []
    for d in DETECTABILITIES:
        cells = [score for score in scores if score.detectability == d]
        ours, blobs = (np.mean([f(c) for c in cells]) for f in (_f1, _fixed))
        average.append(f"{ours:.2f} ({blobs:.2f})")
    return table(["noise", *(f"d' {d:g}" for d in DETECTABILITIES)], [*rows, ["mean", *average]])


def _f1(score: Score) -> float:
    return score.f1


def _fixed(score: Score) -> float:
    return score.laplacian.fixed


def empty_table(scores: Sequence[Score]) -> str:
    """Return a table of false picks on micrographs without particles."""
    titles = list(dict.fromkeys(score.row for score in scores))
    rows = []
    for title in titles:
        cells = [score for score in scores if score.row == title]
        rows.append(
            [
                title,
                str(len(cells)),
                f"{np.mean([c.tally.picks for c in cells]):.1f}",
                f"{np.mean([c.laplacian.picks for c in cells]):.1f}",
            ]
        )
    return table(["no particles", "number", "ours: false picks each", "Laplacian"], rows)


def calibration_text(scores: Sequence[Score]) -> str:
    """Describe the calibration errors of single micrographs and of all together."""
    errors = {
        f"{score.row}, {score.name}": score.classified.calibration_error
        for score in scores
        if len(score.classified.probability)
    }
    if not errors:
        return "No P(particle): no classifier."
    worst = max(errors, key=lambda name: errors[name])
    return (
        f"Calibration error of single micrographs: median {np.median(list(errors.values())):.3f}, "
        f"greatest {errors[worst]:.3f} ({worst}); of all together {calibration_error(scores)}."
    )


def report(scores: Sequence[Score]) -> str:
    """Return all tables of one pair."""

    def of(*groups: str) -> list[Score]:
        return [score for score in scores if score.group in groups]

    grid = of(*GRID)
    clear = [score for score in grid if score.laplacian.best >= VISIBLE]
    muted, muted_clear = (np.mean([score.muted for score in part]) for part in (grid, clear))
    parts = [
        f"On {100 * muted:.1f} % of the {len(grid)} micrographs of the grid the Laplacian at its "
        f"one setting is better by more than {MUTED}; on {100 * muted_clear:.1f} % of the "
        f"{len(clear)} on which its best threshold reaches an F1 of {VISIBLE}.",
        table_of_rates(grid, lambda score: score.group, "all"),
        "F1 by d' and noise; in brackets the Laplacian at its one setting:",
        signal_table(of("signal")),
        *(table_of_rates(of(group), lambda score: score.row) for group in GRID[1:]),
        "Sets by name:",
        table_of_rates(of("named"), lambda score: score.row),
        "Real micrographs:",
        table_of_rates(of("real"), lambda score: score.row),
        empty_table(of("empties", "real, empty")),
        calibration_text(of(*GRID, "named", "empties")),
    ]
    return "\n\n".join(parts)


def heading(pair: str) -> str:
    return "**detector {}, classifier {}**".format(*pair.rsplit(":", 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="replace this script's part of the page")
    parser.add_argument("--weights", nargs="+", default=["default:default"])
    parser.add_argument(
        "--choose-laplacian",
        action="store_true",
        help="choose its setting on validation cells, and stop",
    )
    arguments = parser.parse_args()
    if arguments.choose_laplacian:
        print(choose_setting())
        return
    started = time.process_time()
    pickers = {pair: Picker.load(*pair.rsplit(":", 1)) for pair in arguments.weights}
    scores = score_all(pickers)
    body = "\n\n".join(f"{heading(pair)}\n\n{report(found)}" for pair, found in scores.items())
    print(f"{body}\n\n{time.process_time() - started:.0f} s of one core")
    if arguments.write:
        write_section(arguments.write, "grid", body)


if __name__ == "__main__":
    main()
