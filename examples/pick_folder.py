"""Pick a folder of micrographs, as ``drpnet pick`` does.

Run ``python examples/pick_folder.py [FOLDER]``. The default is a new temporary folder.
"""

import sys
import tempfile
from pathlib import Path

from napari_drpnet import PickParameters, simulate_micrograph
from napari_drpnet.batch import (
    Outcome,
    Outputs,
    PickedMicrograph,
    list_entries,
    pick_micrographs,
)
from napari_drpnet.simulation.files import write_simulated
from napari_drpnet.simulation.parameters import SimulationParameters


def show(outcome: Outcome) -> None:
    """Print the result of one micrograph, as soon as its files are written."""
    if isinstance(outcome, PickedMicrograph):
        count = f"{outcome.accepted} of {outcome.above_threshold} picks accepted"
        print(f"{Path(outcome.name).name}: {count}")
    else:
        print(f"{Path(outcome.name).name}: {outcome.message}")


def main(folder: Path) -> None:
    """Run the example in a folder."""
    micrographs, picks = folder / "Micrographs", folder / "Picks"
    sample = SimulationParameters(height_px=512, width_px=512, pixel_size_angstrom=4, particles=40)
    for seed in (1, 2):
        write_simulated(micrographs, f"sample_{seed}", simulate_micrograph(sample, seed=seed))
    # A file that cannot be read is reported, and does not stop the others.
    (micrographs / "damaged.mrc").write_bytes(b"not a micrograph")

    report = pick_micrographs(
        list_entries([micrographs], picks),
        PickParameters(particle={"diameter_angstrom": 180}),
        Outputs(picks, formats=(".star", ".csv"), preview=True),
        existing="resume",  # a second run keeps what is finished
        on_outcome=show,
    )
    print(f"{len(report.picked)} picked, {len(report.failed)} failed")
    print(f"index for RELION: {report.index}")
    print("files:", *sorted(file.name for file in picks.iterdir() if file.is_file()))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
