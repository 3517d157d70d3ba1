"""Sets of micrographs that accuracy is measured on, and functions that pick and score them.

The data folder `shared` must be beside the checkout, or be named by DRPNET_SHARED.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_drpnet import load_networks, pick, read_coordinates, read_micrograph
from napari_drpnet.base.geometry import inside
from napari_drpnet.base.picks import Picks
from napari_drpnet.evaluation.scores import (
    Evaluation,
    ScoredMicrograph,
    evaluate_picks,
    leave_out_border,
)
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.images.preprocess import Polarity
from napari_drpnet.picking.cuts import find_cut, on_dirt, ranking_score
from napari_drpnet.picking.loading import Networks
from napari_drpnet.picking.networks.matlab import import_published_detector
from napari_drpnet.picking.parameters import (
    ClassifierParameters,
    DetectorParameters,
    ParticleParameters,
    PickParameters,
    SegmenterParameters,
)
from napari_drpnet.picking.resolve import ResolvedParameters
from napari_drpnet.simulation import read_structure, simulate_micrograph
from napari_drpnet.simulation.parameters import SimulationParameters

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("DRPNET_SHARED", ROOT.parent / "shared"))

#: Structures that were used neither in training nor to choose a threshold.
HELD_OUT = (
    "1qvr.pdb.gz",
    "1igy.pdb.gz",
    "3cf3.pdb.gz",
    "map5A_4v4r.mrc.gz",
    "map5A_4v7r.mrc.gz",
    "map5A_2uv8.mrc.gz",
    "map10A_4v94.mrc.gz",
)
SCENARIOS: dict[str, dict[str, Any]] = {
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
#: Folder, file name pattern, and particle diameter in pixels.
REAL = {
    "ribosome 10028": ("ribosome_10028", "*.png", 56.0),
    "apoferritin 10146": ("apoferritin_10146", "*.png", 85.0),
    "EMPIAR-10017 (denoised)": ("bgal_10017", "*.jpg", 180 / 1.77),
}
EMPTY_PICTURES = "MicAssess empty and bad"
DIAMETER_PX, SIDE_PX = 64, 1280


@dataclass(frozen=True)
class Example:
    """Micrograph with true centres ``(n, 2)`` and particle diameter, unbinned pixels."""

    name: str
    micrograph: Micrograph
    truth_yx: NDArray[np.float64]
    diameter_px: float
    polarity: Polarity


def examples_of(name: str) -> list[Example]:
    """Return the micrographs of a set, and print its name."""
    print(f"  {name} …", flush=True)
    if name in SCENARIOS:
        return [simulated_example(structure, SCENARIOS[name]) for structure in HELD_OUT]
    return list(real_examples(name) if name in REAL else empty_pictures())


def simulated_example(
    structure_name: str,
    scenario: dict[str, Any],
    side_diameters: float = SIDE_PX / DIAMETER_PX,
    seed: int = 7000,
) -> Example:
    """Simulate one structure, with a diameter of 64 px unless the scenario has a pixel size."""
    structure = read_structure(SHARED / "data/structures" / structure_name)
    standard = {"pixel_size_angstrom": structure.diameter_angstrom / DIAMETER_PX}
    parameters = SimulationParameters(**standard | scenario)
    diameter = structure.diameter_angstrom / parameters.pixel_size_angstrom
    side = round(side_diameters * diameter)
    parameters = parameters.model_copy(update={"height_px": side, "width_px": side})
    result = simulate_micrograph(parameters, [structure], seed + HELD_OUT.index(structure_name))
    polarity: Polarity = "bright" if parameters.negative_stain else "dark"
    return Example(structure_name, result.micrograph, result.centers_yx, diameter, polarity)


def real_examples(dataset: str) -> Iterator[Example]:
    folder, pattern, diameter = REAL[dataset]
    for path in sorted((SHARED / "data/micrographs" / folder).glob(pattern)):
        truth = read_coordinates(path.with_suffix(".csv")).centers_yx
        yield Example(path.name, read_micrograph(path), truth, diameter, "dark")


def empty_pictures() -> Iterator[Example]:
    pictures = sorted((SHARED / "data/micrographs/unlabelled").glob("micassess_*.png"))
    for path in pictures[1::2]:  # the default detector was trained on the others
        micrograph = read_micrograph(path)
        diameter = min(micrograph.shape) / 20
        yield Example(path.name, micrograph, np.empty((0, 2)), diameter, "dark")


@dataclass(frozen=True)
class Picker:
    """Networks with the settings that their cards recommend."""

    networks: Networks
    parameters: ResolvedParameters

    @classmethod
    def load(
        cls, detector: str = "default", classifier: str = "default", segmenter: str = "none"
    ) -> "Picker":
        """Load weights by their names."""
        asked = PickParameters(
            particle=ParticleParameters(diameter_angstrom=1),
            detector=DetectorParameters(weights=detector),
            classifier=ClassifierParameters(classifier=classifier),
            segmenter=SegmenterParameters(segmenter=segmenter),
        )
        networks = load_networks(asked)
        return cls(networks, networks.resolve(asked))

    @property
    def threshold(self) -> float:
        """Least score of a pick."""
        return self.parameters.peaks.threshold

    def pick(
        self,
        example: Example,
        diameter_error: float = 0.0,
        *,
        all_candidates: bool = False,
        find_polarity: bool = False,
    ) -> Picks:
        """Pick an example, with a relative error of the diameter, and polarity given or found."""
        wanted = self.parameters_for(example, diameter_error, find_polarity=find_polarity)
        return pick(example.micrograph, wanted, self.networks, all_candidates=all_candidates)

    def parameters_for(
        self, example: Example, diameter_error: float = 0.0, *, find_polarity: bool = False
    ) -> ResolvedParameters:
        """Return the parameters with the diameter and the polarity of an example."""
        pixel = example.micrograph.pixel_size_angstrom or 1.0
        particle = ParticleParameters(
            diameter_angstrom=example.diameter_px * (1 + diameter_error) * pixel,
            pixel_size_angstrom=pixel,
            polarity="auto" if find_polarity else example.polarity,
        )
        return self.parameters.model_copy(update={"particle": particle})

    def rank(self, example: Example, diameter_error: float = 0.0) -> ScoredMicrograph:
        """Return the candidates that are not on dirt and that the classifier accepts.

        Their scores are those of the detector.
        """
        picks = self.pick(example, diameter_error, all_candidates=True)
        picks = picks.where(~on_dirt(picks, self.parameters))
        cut = find_cut(picks, self.parameters)
        if cut is not None:
            picks = picks.where(cut.accepts(picks.probability))
        scores = ranking_score(picks, self.parameters)
        return self.record(example, picks, scores, diameter_error)

    def record(
        self,
        example: Example,
        picks: Picks,
        scores: NDArray[np.float64],
        diameter_error: float = 0.0,
    ) -> ScoredMicrograph:
        """Combine picks and truth, both without the border that the picker leaves out."""
        record = ScoredMicrograph(
            example.name, picks.centers_yx, scores, example.truth_yx, example.diameter_px
        )
        border = (self.parameters.peaks.border or 0.0) * example.diameter_px * (1 + diameter_error)
        return leave_out_border(record, example.micrograph.shape, border)

    def evaluate(self, examples: list[Example], diameter_error: float = 0.0) -> Evaluation:
        """Evaluate examples at the threshold of the picker."""
        records = [self.rank(example, diameter_error) for example in examples]
        return evaluate_picks(records, threshold=self.threshold)


def record_inside(
    example: Example,
    picks_yx: NDArray[np.float64],
    border_px: float,
    scores: NDArray[np.float64] | None = None,
) -> ScoredMicrograph:
    """Combine picks and truth, both without those nearer to the edge than the border."""
    shape = example.micrograph.shape
    inner = inside(picks_yx, shape, border_px)
    kept = np.ones(np.count_nonzero(inner)) if scores is None else scores[inner]
    record = ScoredMicrograph(
        example.name, picks_yx[inner], kept, example.truth_yx, example.diameter_px
    )
    return leave_out_border(record, shape, border_px)


@contextmanager
def published_detector() -> Iterator[None]:
    """Import the weights of the authors as ``published`` into a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DRPNET_WEIGHTS"] = folder
        import_published_detector(SHARED / "data/weights/drpnet_published_fcrn.mat")
        yield


def page_to_write(description: str | None) -> Path | None:
    """Parse the command line of a script whose only option is ``--write``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--write", type=Path, help="replace this script's part of the page")
    page: Path | None = parser.parse_args().write
    return page


def table(heading: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write_section(page: Path, name: str, body: str) -> None:
    """Replace the text between the markers of a name."""
    start, rest = page.read_text().split(f"<!-- {name} -->\n", 1)
    _, end = rest.split(f"<!-- end of {name} -->", 1)
    page.write_text(f"{start}<!-- {name} -->\n\n{body}\n\n<!-- end of {name} -->{end}")
