"""What a batch writes for each micrograph, and where."""

import math
from dataclasses import dataclass
from pathlib import Path

from napari_drpnet.batch.entries import PICKS, PREVIEW, BatchEntry
from napari_drpnet.formats import FORMATS, Coordinates, write_coordinates
from napari_drpnet.micrograph import Micrograph
from napari_drpnet.picks import Picks
from napari_drpnet.preview import write_preview

BOX_PER_DIAMETER = 1.5
#: Endings of the coordinate files that RELION's index can name, the better one first.
INDEXED = (f"{PICKS}.star", f"{PICKS}.box")


@dataclass(frozen=True)
class Outputs:
    """What to write, and into which folder.

    Parameters
    ----------
    folder : pathlib.Path
        The output folder.
    formats : tuple of str
        Suffixes of coordinate files to write, of `FORMATS`.
    box_size_px : int, optional
        Side of the boxes in ``.box`` files, unbinned pixels; by default 1.5 particle diameters,
        rounded up to an even number.
    all_candidates : bool
        Also write ``candidates.csv``, with all candidates of all micrographs.
    preview : bool
        Also write a picture of each micrograph with its picks.
    """

    folder: Path
    formats: tuple[str, ...] = (".star",)
    box_size_px: int | None = None
    all_candidates: bool = False
    preview: bool = False

    def __post_init__(self) -> None:
        if not self.formats or not set(self.formats) <= set(FORMATS):
            raise ValueError(f"formats must be some of {', '.join(FORMATS)}, not {self.formats}")

    def endings(self) -> list[str]:
        """Return the endings of the files of one micrograph."""
        pictures = [PREVIEW] if self.preview else []
        return [f"{PICKS}{suffix}" for suffix in self.formats] + pictures

    def paths(self, entry: BatchEntry) -> list[Path]:
        """Return the files of one micrograph."""
        return [self.folder / f"{entry.output}{ending}" for ending in self.endings()]

    @property
    def index(self) -> Path:
        """RELION's index of the coordinate files."""
        return self.folder / "autopick.star"

    @property
    def candidates(self) -> Path:
        """The table of all candidates."""
        return self.folder / "candidates.csv"


def write_outputs(
    outputs: Outputs,
    entry: BatchEntry,
    micrograph: Micrograph,
    picks: Picks,
    diameter_px: float,
    note: str,
) -> None:
    """Write the files of one micrograph, each whole or not at all.

    Parameters
    ----------
    outputs : Outputs
        What to write.
    entry : BatchEntry
        Whose files they are.
    micrograph : Micrograph
        Its pixels.
    picks : Picks
        Those above the threshold; coordinate files get the accepted ones.
    diameter_px : float
        Particle diameter, unbinned pixels.
    note : str
        For the caption of the preview.

    Raises
    ------
    OSError
        When a file cannot be written.
    """
    box_size = outputs.box_size_px or 2 * math.ceil(BOX_PER_DIAMETER * diameter_px / 2)
    coordinates = Coordinates.from_picks(picks.where(picks.accepted), box_size)
    for path in outputs.paths(entry):
        if path.name.endswith(PREVIEW):
            write_preview(path, micrograph, picks, diameter_px, note)
        else:
            write_coordinates(path, coordinates, micrograph.shape)
