"""Compare pickers on EMPIAR-10017, and a Laplacian of Gaussian on every set of the page.

All are evaluated by one rule: picks nearer to the edge than half a diameter are dropped, the others
are matched one-to-one with the truth at most half a diameter away, and rates are means over
micrographs. The Laplacian-of-Gaussian picker has the preprocessing of `pick`, and the threshold,
blob size and least distance that are best on the evaluated micrographs. Writes its parts of
docs/accuracy.md.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from accuracy_sets import (
    REAL,
    SCENARIOS,
    SHARED,
    Example,
    Picker,
    examples_of,
    page_to_write,
    published_detector,
    record_inside,
    table,
    write_section,
)
from laplacian import SHAPES, THRESHOLDS, find_blobs
from napari_drpnet import read_coordinates
from napari_drpnet.base.geometry import flip_rows
from napari_drpnet.evaluation.precision_recall import Rates
from napari_drpnet.evaluation.scores import RADII, evaluate_picks, score_picks
from relion_log import find_blobs_by_relion, is_installed

Positions = NDArray[np.float64]

GALACTOSIDASE = "EMPIAR-10017 (denoised)"
BORDER_DIAMETERS = 0.5
PIXEL_ANGSTROM = 1.77
#: Diameters that RELION's tutorial gives for this protein.
RELION_ANGSTROM = (150.0, 180.0)
#: Width of the border of 10017 in which no particles are labelled, pixels.
UNLABELLED_PX = 130
OURS = (
    (
        "ours, default",
        "default",
        "default",
        "simulations; 3 micrographs of 10059; 6 pictures without particles",
    ),
    ("ours, fcrn + fcrn-classifier", "fcrn", "fcrn-classifier", "simulations"),
    ("ours, fcrn alone", "fcrn", "none", "simulations"),
    ("DRPnet's FCRN, authors' weights", "published", "none", "EMPIAR-10005, by its authors"),
)
#: Folder of coordinates, program, and its training data.
PUBLISHED_PICKS = (
    ("repic_crYOLO", "crYOLO, general model (REPIC)", "many real sets, **10017 among them**"),
    ("Bgal_crYOLo", "crYOLO (CASSPER's authors)", "not said; crYOLO's general model knows 10017"),
    ("repic_topaz", "Topaz (REPIC)", "not said; its pretrained model: real sets"),
    ("BGAL_CASSPER", "CASSPER (its authors)", "not said; their cross model: 13 other real sets"),
    ("Bgal_Gatm", "Gautomatch (CASSPER's authors)", "nothing: its default command"),
    ("repic_deepPicker", "DeepPicker (REPIC)", "not said; its pretrained model: real sets"),
)


def macro(
    examples: list[Example], picks: Iterable[Positions], border_px: float | None = None
) -> Rates:
    """Return the mean rates; the border is half a diameter unless given."""
    records = [
        record_inside(example, positions, border_px or BORDER_DIAMETERS * example.diameter_px)
        for example, positions in zip(examples, picks, strict=True)
    ]
    return evaluate_picks(records, radii=RADII[:1]).main.macro


def our_picks(picker: Picker, examples: list[Example]) -> list[Positions]:
    found = map(picker.pick, examples)
    return [picks.centers_yx[picks.accepted] for picks in found]


def published_picks(folder: str, examples: list[Example]) -> list[Positions]:
    """Read the picks of one program, whose rows are flipped relative to the JPEG files."""
    found = []
    for example in examples:
        stem = example.name.rpartition(".")[0]
        (path,) = (SHARED / "data/published_picks_10017" / folder).glob(f"{stem}.*")
        found.append(flip_rows(read_coordinates(path).centers_yx, example.micrograph.shape[0]))
        report_alignment(folder, example, found[-1])
    return found


def report_alignment(folder: str, example: Example, picks_yx: Positions) -> None:
    """Print F1 of flipped and unflipped picks, to check that the coordinates agree."""
    flipped = score_picks(picks_yx, example.truth_yx, example.diameter_px)
    stored = flip_rows(picks_yx, example.micrograph.shape[0])
    chance = score_picks(stored, example.truth_yx, example.diameter_px)
    pairs = flipped.matching
    y, x = (picks_yx[pairs.pick_index] - example.truth_yx[pairs.truth_index]).mean(axis=0)
    print(
        f"  {folder} {example.name}: F1 {flipped.tally.rates.f1:.2f}, rows as stored "
        f"{chance.tally.rates.f1:.2f}; mean shift ({y:+.1f}, {x:+.1f}) px"
    )


class LaplacianPicker:
    """Results of the Laplacian-of-Gaussian picker on several sets at all of its settings."""

    def __init__(self) -> None:
        self._picks: dict[str, list[list[Positions]]] = {}
        self._rates: dict[str, list[Rates]] = {}

    def add(self, name: str, examples: list[Example]) -> None:
        """Pick and evaluate a set at each setting."""
        self._picks[name] = []
        for shape in SHAPES:
            found = [find_blobs(example, *shape) for example in examples]
            self._picks[name] += [
                [blobs.centers_yx[blobs.height >= threshold] for blobs in found]
                for threshold in THRESHOLDS
            ]
        self._rates[name] = [macro(examples, picks) for picks in self._picks[name]]

    def best(self, names: Sequence[str]) -> int:
        """Return the setting with the highest mean F1 on these sets."""
        f1 = np.array([[rates.f1 for rates in self._rates[name]] for name in names])
        return int(np.argmax(f1.mean(axis=0)))

    def picks(self, name: str, setting: int) -> list[Positions]:
        """Return the picks of one setting on a set."""
        return self._picks[name][setting]

    def f1(self, name: str, setting: int) -> float:
        """Return the F1 of one setting on a set."""
        return self._rates[name][setting].f1


def compare_on_galactosidase(
    pickers: list[Picker], laplacian: LaplacianPicker, others: list[str]
) -> str:
    examples = examples_of(GALACTOSIDASE)
    laplacian.add(GALACTOSIDASE, examples)
    compared = [
        (title, our_picks(picker, examples), learned)
        for picker, (title, _, _, learned) in zip(pickers, OURS, strict=True)
    ]
    for title, sets in (("best for these", [GALACTOSIDASE]), ("best for the other sets", others)):
        picks = laplacian.picks(GALACTOSIDASE, laplacian.best(sets))
        compared.append((f"Laplacian of Gaussian, setting {title}", picks, "nothing"))
    if is_installed():
        blobs = find_blobs_by_relion(examples, RELION_ANGSTROM, PIXEL_ANGSTROM)
        compared.append(("RELION 3.1, LoG, 150 to 180 Å, other settings default", blobs, "nothing"))
    for folder, title, learned in PUBLISHED_PICKS:
        compared.append((title, published_picks(folder, examples), learned))
    rows = []
    for title, picks, learned in compared:
        rates, labelled = macro(examples, picks), macro(examples, picks, UNLABELLED_PX)
        numbers = (rates.f1, rates.precision, rates.recall, labelled.f1)
        rows.append([title, *(f"{number:.3f}" for number in numbers), learned])
    heading = ["4 micrographs of 10017", "F1", "precision", "recall", "F1 inside", "trained on"]
    return table(heading, rows)


def compare_elsewhere(picker: Picker, laplacian: LaplacianPicker, names: list[str]) -> str:
    ours = []
    for name in names:
        examples = examples_of(name)
        laplacian.add(name, examples)
        ours.append(macro(examples, our_picks(picker, examples)).f1)
    one = laplacian.best(names)
    fixed = [laplacian.f1(name, one) for name in names]
    own = [laplacian.f1(name, laplacian.best([name])) for name in names]
    f1 = np.column_stack([ours, fixed, own])
    rows = [
        [name, *(f"{value:.3f}" for value in values)]
        for name, values in zip([*names, "mean"], [*f1, f1.mean(axis=0)], strict=True)
    ]
    heading = ["F1", "ours, default", "Laplacian, one setting", "Laplacian, the best for each set"]
    return table(heading, rows)


def main() -> None:
    page = page_to_write(__doc__)
    with published_detector():
        pickers = [Picker.load(detector, classifier) for _, detector, classifier, _ in OURS]
    laplacian = LaplacianPicker()
    others = [name for name in [*SCENARIOS, *REAL] if name not in ("empty", GALACTOSIDASE)]
    elsewhere = compare_elsewhere(pickers[0], laplacian, others)
    sections = {
        "side by side": compare_on_galactosidase(pickers, laplacian, others),
        "laplacian": elsewhere,
    }
    for name, body in sections.items():
        print(f"{body}\n")
        if page:
            write_section(page, name, body)


if __name__ == "__main__":
    main()
