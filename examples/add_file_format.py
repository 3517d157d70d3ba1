"""Add a coordinate file format: picks as a JSON list of [x, y, score].

Run ``python examples/add_file_format.py [FOLDER]``. The default is a new temporary folder.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from napari_drpnet import read_coordinates, simulate_micrograph, write_coordinates
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import swap_xy
from napari_drpnet.base.text import AnyPath, read_text, write_text
from napari_drpnet.formats import FORMATS, WRITTEN, Coordinates, Format
from napari_drpnet.formats.coordinates import coordinates_from_xy
from napari_drpnet.simulation.parameters import SimulationParameters


def read_json(path: AnyPath) -> Coordinates:
    """Read the centres, in unbinned pixels, and the scores."""
    try:
        rows = np.array(json.loads(read_text(path)), float).reshape(-1, 3)
    except (TypeError, ValueError) as error:
        reason = "is not a JSON list of [x, y, score]"
        raise InputFileError(path, reason, "Choose another file") from error
    return coordinates_from_xy(path, rows[:, :2], rows[:, 2])


def write_json(path: AnyPath, coordinates: Coordinates, shape: tuple[int, int] | None) -> None:
    """Write the same; positions are not rounded, so that `shape` is not needed."""
    rows = np.column_stack([swap_xy(coordinates.centers_yx), coordinates.score])
    write_text(path, json.dumps(rows.tolist()))


def main(folder: Path) -> None:
    """Run the example in a folder."""
    # For this process only: a format of the package is an entry in formats/table.py.
    FORMATS["json"] = Format("json", "JSON list of picks", ".json", read_json, write_json)
    WRITTEN[".json"] = FORMATS["json"]  # the format that is written to files of this suffix

    sample = SimulationParameters(height_px=512, width_px=512, pixel_size_angstrom=4, particles=20)
    simulated = simulate_micrograph(sample, seed=1)
    scores = np.linspace(1, 0.5, len(simulated.centers_yx))
    write_coordinates(folder / "sample.json", Coordinates(simulated.centers_yx, scores))

    read = read_coordinates(folder / "sample.json", "json")
    same = np.array_equal(read.centers_yx, simulated.centers_yx)
    print(f"{len(read)} picks read, {'equal to' if same else 'different from'} those written")
    # It converts to all other formats.
    write_coordinates(folder / "sample.star", read, simulated.micrograph.shape)
    print(f"{len(read_coordinates(folder / 'sample.star'))} picks in sample.star")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
