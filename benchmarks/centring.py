"""Measure how far picks lie from the particle centres on average, and whether that is chance.

Each micrograph is picked as it is and mirrored along both axes. An offset that comes from the
micrographs or from the truth changes its sign in the mirror; one that comes from the networks or
from the search for maxima stays. Prints a table.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet import PickParameters, load_networks, pick
from napari_drpnet.evaluation.matching import match_one_to_one
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.simulation import Structure, read_structure, simulate_micrograph
from napari_drpnet.simulation.parameters import SimulationParameters

PIXEL_SIZE = 3.0  # Å, as in the route of docs/relion.md
#: Of the validation set: neither trained nor tuned on.
STRUCTURE = "5gjv.pdb.gz"
SIMULATED = SimulationParameters(
    pixel_size_angstrom=PIXEL_SIZE, height_px=1001, width_px=1203, particles=90, dose=40.0
)


def offsets(structure: Structure, seeds: range) -> Iterator[NDArray[np.float64]]:
    """Yield offsets ``(n, 2, 2)`` of picks from the truth in px, as is and mirrored."""
    for seed in seeds:
        simulated = simulate_micrograph(SIMULATED, [structure], seed)
        diameter = simulated.diameter_angstrom
        parameters = PickParameters(particle={"diameter_angstrom": diameter})
        networks = load_networks(parameters)
        pixels, centers = simulated.micrograph.pixels, simulated.centers_yx
        last = np.array(pixels.shape) - 1
        found = np.full((len(centers), 2, 2), np.nan)
        for side, (image, truth) in enumerate(
            [(pixels, centers), (mirror(pixels), last - centers)]
        ):
            picks = pick(Micrograph(image, PIXEL_SIZE), parameters, networks)
            accepted = picks.centers_yx[picks.accepted]
            pairs = match_one_to_one(accepted, truth, 0.2 * diameter / PIXEL_SIZE)
            away = accepted[pairs.pick_index] - truth[pairs.truth_index]
            found[pairs.truth_index, side] = away
        yield found[~np.isnan(found).any(axis=(1, 2))]


def mirror(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    return np.ascontiguousarray(pixels[::-1, ::-1])


def describe(values: NDArray[np.float64]) -> str:
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    (y, x), (dy, dx) = values.mean(axis=0), error
    return f"{y:+.3f} ± {dy:.3f}  {x:+.3f} ± {dx:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("structures", type=Path, help="folder of structures")
    parser.add_argument("--micrographs", type=int, default=12)
    given = parser.parse_args()
    structure = read_structure(given.structures / STRUCTURE)
    found = np.concatenate(list(offsets(structure, range(given.micrographs))))
    plain, mirrored = found[:, 0], found[:, 1]
    print(f"{len(found)} particles of {structure.name}, {PIXEL_SIZE:g} Å per pixel\n")
    print(f"{'mean offset, unbinned px':<44} {'y':<15} x")
    print(f"{'as is':<44} {describe(plain)}")
    print(f"{'mirrored':<44} {describe(mirrored)}")
    print(f"{'of the engine: half of the sum':<44} {describe((plain + mirrored) / 2)}")
    print(f"{'of the micrographs: half of the difference':<44} {describe((plain - mirrored) / 2)}")


if __name__ == "__main__":
    main()
