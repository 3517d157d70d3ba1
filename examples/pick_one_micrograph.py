"""Pick one micrograph, write the picks for RELION, and compare them with the true particles.

Run ``python examples/pick_one_micrograph.py [FOLDER]``. The default is a new temporary folder.
"""

import sys
import tempfile
from pathlib import Path

import napari_drpnet as drpnet
from napari_drpnet.evaluation.scores import ScoredMicrograph, leave_out_border
from napari_drpnet.formats import Coordinates
from napari_drpnet.simulation.files import write_simulated
from napari_drpnet.simulation.parameters import SimulationParameters


def main(folder: Path) -> None:
    """Run the example in a folder."""
    # A simulated micrograph stands for your own. Its true particles are known.
    sample = SimulationParameters(
        height_px=600, width_px=600, pixel_size_angstrom=4, particles=40, dose=15, ice_crystals=10
    )
    simulated = drpnet.simulate_micrograph(sample, seed=1)
    write_simulated(folder, "sample", simulated)

    # The diameter is the only parameter without a default.
    parameters = drpnet.PickParameters(particle={"diameter_angstrom": 180})
    networks = drpnet.load_networks(parameters)  # load them once for many micrographs
    micrograph = drpnet.read_micrograph(folder / "sample.mrc")

    # The result has one row for each maximum above the threshold, the best first.
    picks = drpnet.pick(micrograph, parameters, networks)
    accepted = picks.where(picks.accepted)
    print(f"{len(accepted)} of {len(picks)} picks accepted")
    y, x = accepted.centers_yx[0]
    print(f"best pick at y = {y:.1f} px, x = {x:.1f} px, P = {accepted.probability[0]:.3f}")

    coordinates = Coordinates.from_picks(accepted)
    drpnet.write_coordinates(folder / "sample_autopick.star", coordinates, micrograph.shape)
    print(f"written: {folder / 'sample_autopick.star'}")

    # Particles closer to the edge than half a diameter are never picked, so they do not count.
    diameter_px = 180 / micrograph.pixel_size_angstrom
    scored = ScoredMicrograph(
        "sample", accepted.centers_yx, accepted.figure_of_merit, simulated.centers_yx, diameter_px
    )
    scored = leave_out_border(scored, micrograph.shape, diameter_px / 2)
    rates = drpnet.evaluate_picks([scored]).main.micro
    print(f"precision {rates.precision:.2f}, recall {rates.recall:.2f}, F1 {rates.f1:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
