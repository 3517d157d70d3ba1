"""Score weights on real and simulated micrographs; writes the tables of docs/accuracy.md.

Run ``python benchmarks/accuracy.py`` (or ``make accuracy``) where the data folder `shared` lies
beside the checkout, or is named by DRPNET_SHARED. The published detector takes part when the
authors' own file is there to import.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_drpnet import read_coordinates, read_micrograph, simulate_micrograph
from napari_drpnet.detection import Networks, load_networks
from napari_drpnet.evaluate import ScoredMicrograph, evaluate_picks, leave_out_border
from napari_drpnet.micrograph import Micrograph
from napari_drpnet.networks.matlab import import_published_detector
from napari_drpnet.parameters import (
    ClassifierParameters,
    DetectorParameters,
    ParticleParameters,
    PickParameters,
    SimulationParameters,
)
from napari_drpnet.picking import pick, ranking_score, resolve
from napari_drpnet.simulate import read_structure

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("DRPNET_SHARED", ROOT.parent / "shared"))

#: Never seen in training, nor used to choose a threshold.
HELD_OUT = (
    "1qvr.pdb.gz",
    "1igy.pdb.gz",
    "3cf3.pdb.gz",
    "map5A_4v4r.mrc.gz",
    "map5A_4v7r.mrc.gz",
    "map5A_2uv8.mrc.gz",
    "map10A_4v94.mrc.gz",
)
SCENARIOS: dict[str, dict[str, object]] = {
    "clean": {"particles": 150},
    "crowded": {"particles": 400, "min_distance": 0.85, "clumped": 0.3},
    "faint": {"particles": 150, "dose": 8.0, "defocus_um": 0.8, "b_factor": 300.0},
    "carbon + ice": {
        "particles": 120,
        "carbon": True,
        "ice_crystals": 8,
        "junk": 5,
        "ice_variation": 0.12,
    },
    "negative stain": {"particles": 130, "negative_stain": True, "junk": 3, "defocus_um": 1.0},
    "empty": {"particles": 0, "ice_crystals": 6, "junk": 3, "ice_variation": 0.1},
}
#: Folder, pattern, particle diameter in pixels.
REAL = {
    "ribosome 10028": ("ribosome_10028", "*.png", 56.0),
    "apoferritin 10146": ("apoferritin_10146", "*.png", 85.0),
    "EMPIAR-10017 (denoised)": ("bgal_10017", "*.jpg", 180 / 1.77),
}
DIAMETER_PX, SIDE_PX = 64, 1280


@dataclass(frozen=True)
class Example:
    """A micrograph with its truth and the particle diameter, unbinned pixels."""

    name: str
    micrograph: Micrograph
    truth_yx: np.ndarray
    diameter_px: float
    polarity: str


def simulated_examples(scenario: str) -> Iterator[Example]:
    for seed, name in enumerate(HELD_OUT):
        structure = read_structure(SHARED / "data/structures" / name)
        parameters = SimulationParameters(
            height_px=SIDE_PX,
            width_px=SIDE_PX,
            pixel_size_angstrom=structure.diameter_angstrom / DIAMETER_PX,
            **SCENARIOS[scenario],
        )
        result = simulate_micrograph(parameters, [structure], seed=7000 + seed)
        polarity = "bright" if parameters.negative_stain else "dark"
        yield Example(name, result.micrograph, result.centers_yx, DIAMETER_PX, polarity)


def real_examples(dataset: str) -> Iterator[Example]:
    folder, pattern, diameter = REAL[dataset]
    for path in sorted((SHARED / "data/micrographs" / folder).glob(pattern)):
        truth = read_coordinates(path.with_suffix(".csv")).centers_yx
        yield Example(path.name, read_micrograph(path), truth, diameter, "dark")


def empty_pictures() -> Iterator[Example]:
    pictures = sorted((SHARED / "data/micrographs/unlabelled").glob("micassess_*.png"))
    for path in pictures[1::2]:  # the default detector has seen the others
        micrograph = read_micrograph(path)
        diameter = min(micrograph.shape) / 20
        yield Example(path.name, micrograph, np.empty((0, 2)), diameter, "dark")


def score(
    examples: Iterator[Example], networks: Networks, parameters: PickParameters
) -> tuple[list[ScoredMicrograph], int]:
    """Pick every example; return all candidates scored, and how many were picked in all."""
    scored, picked = [], 0
    for example in examples:
        pixel = example.micrograph.pixel_size_angstrom or 1.0
        particle = ParticleParameters(
            diameter_angstrom=example.diameter_px * pixel,
            pixel_size_angstrom=pixel,
            polarity=example.polarity,
        )
        wanted = parameters.model_copy(update={"particle": particle})
        picks = pick(example.micrograph, wanted, networks, all_candidates=True)
        picked += int(picks.accepted.sum())
        resolved = resolve(wanted, networks)
        ranked_by = ranking_score(picks, resolved)
        accept = resolved.classifier.accept or 0.0
        kept = ~(picks.probability < accept)
        record = ScoredMicrograph(
            example.name,
            picks.centers_yx[kept],
            ranked_by[kept],
            example.truth_yx,
            example.diameter_px,
        )
        border = (resolved.peaks.border or 0.0) * example.diameter_px
        scored.append(leave_out_border(record, example.micrograph.shape, border))
    return scored, picked


def rows(networks: Networks, parameters: PickParameters) -> dict[str, list[str]]:
    """Return for each set: F1 at the one fixed threshold, recall, precision, best F1."""
    threshold = resolve(parameters, networks).peaks.threshold
    table: dict[str, list[str]] = {}
    means = []
    for name in [*SCENARIOS, *REAL, "MicAssess empty and bad"]:
        if name in SCENARIOS:
            examples = simulated_examples(name)
        elif name in REAL:
            examples = real_examples(name)
        else:
            examples = empty_pictures()
        scored, picked = score(examples, networks, parameters)
        if not any(len(record.truth_yx) for record in scored):
            table[name] = [f"{picked / len(scored):.1f} false picks each", "", "", ""]
            continue
        evaluation = evaluate_picks(scored, threshold=threshold).main
        best = evaluation.curve.best
        table[name] = [
            f"{evaluation.macro.f1:.3f}",
            f"{evaluation.macro.precision:.3f}",
            f"{evaluation.macro.recall:.3f}",
            f"{best.rates.f1:.3f}" if best else "-",
        ]
        if name in SCENARIOS:
            means.append(evaluation.macro.f1)
    table["mean of the simulated sets"] = [f"{np.mean(means):.3f}", "", "", ""]
    return table


def markdown(title: str, table: dict[str, list[str]]) -> str:
    lines = [
        f"**{title}**",
        "",
        "| set | F1 | precision | recall | best F1 |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in table.items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="replace the tables in this page")
    parser.add_argument("--weights", nargs="*", help="detector:classifier pairs to score")
    arguments = parser.parse_args()
    pairs = arguments.weights or [
        "default:default",
        "fcrn:none",
        "fcrn:fcrn-classifier",
        "published:none",
    ]
    tables = []
    with tempfile.TemporaryDirectory() as folder:
        if not arguments.weights:
            os.environ["DRPNET_WEIGHTS"] = folder
            import_published_detector(SHARED / "data/weights/drpnet_published_fcrn.mat")
        for pair in pairs:
            detector, _, classifier = pair.rpartition(":")
            parameters = PickParameters(
                particle=ParticleParameters(diameter_angstrom=1),
                detector=DetectorParameters(weights=detector),
                classifier=ClassifierParameters(classifier=classifier),
            )
            networks = load_networks(parameters)
            title = f"detector {detector}, classifier {classifier}"
            tables.append(markdown(title, rows(networks, parameters)))
            print(tables[-1], flush=True)
    if arguments.write:
        text = arguments.write.read_text()
        start, rest = text.split("<!-- tables -->\n", 1)
        _, end = rest.split("<!-- end of tables -->", 1)
        body = "\n\n".join(tables)
        arguments.write.write_text(
            f"{start}<!-- tables -->\n\n{body}\n\n<!-- end of tables -->{end}"
        )


if __name__ == "__main__":
    main()
