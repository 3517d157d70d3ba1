"""Files of particles that a 2D classification kept, and of those that it had."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.evaluation.pairing import read_coordinate_set
from napari_drpnet.formats import Coordinates, fitting_formats, read_coordinates
from napari_drpnet.formats.coordinates import rows_by_name
from napari_drpnet.relion.job_inputs import find_extractions

#: Centres ``(n, 2)`` in unbinned pixels, by the name of the micrograph in a file.
Places = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Selection:
    """Selected particles, and those that they were selected from.

    Parameters
    ----------
    path : pathlib.Path
        File of the selected particles.
    readings : tuple of dict
        Centres ``(n, 2)`` of the selected particles in unbinned pixels, by the name of the
        micrograph in the file; once for each way to read the file.
    extracted : dict or None
        Centres of all particles that were extracted, in the same form; None if unknown.
    sources : tuple of pathlib.Path
        Files or folders of the extracted particles.
    """

    path: Path
    readings: tuple[Places, ...]
    extracted: Places | None
    sources: tuple[Path, ...]

    @property
    def among(self) -> str:
        """Name of what the particles were selected from."""
        if self.extracted is None:
            return "the accepted picks"
        return " and ".join("/".join(source.parts[-3:]) for source in self.sources)


def read_selection(path: Path, extracted: Path | None = None) -> Selection:
    """Read selected particles, and find those that they were selected from.

    Parameters
    ----------
    path : pathlib.Path
        File with positions of selected particles and the micrograph of each: ``particles.star`` of
        RELION's Select job, a table of pyem's csparc2star, ``.cs`` particles of cryoSPARC, or any
        other file of coordinates with names. A ``.cs`` file is read in both ways in which its rows
        may count.
    extracted : pathlib.Path, optional
        File of all particles that were extracted, or folder of the coordinate files that they were
        extracted from. By default it is found through RELION's pipeline.

    Raises
    ------
    InputFileError
        If a file cannot be used, or the particles have no names of micrographs.
    """
    formats = fitting_formats(path) if path.is_file() else []
    names = [each.name for each in formats] if len(formats) > 1 else [None]
    readings = tuple(_by_micrograph(path, read_coordinates(path, name)) for name in names)
    sources = find_extractions(path) if extracted is None else (extracted,)
    return Selection(path, readings, _read_all(sources) if sources else None, sources)


def _read_all(sources: Iterable[Path]) -> Places:
    """Read files or folders of coordinates; a micrograph may be in several."""
    parts: dict[str, list[NDArray[np.float64]]] = {}
    for source in sources:
        if source.is_dir():
            found = {str(key): each.centers_yx for key, each in read_coordinate_set(source).items()}
        else:
            found = _by_micrograph(source, read_coordinates(source))
        for name, centers in found.items():
            parts.setdefault(name, []).append(centers)
    return {name: np.unique(np.concatenate(its), axis=0) for name, its in parts.items()}


def _by_micrograph(path: Path, coordinates: Coordinates) -> Places:
    """Return the centres on each micrograph, each once."""
    if coordinates.micrograph_names is None:
        reason = "does not say on which micrograph each particle is"
        remedy = "Give a file that does, such as particles.star of a Select job"
        raise InputFileError(path, reason, remedy)
    rows = rows_by_name(coordinates.micrograph_names)
    return {name: np.unique(coordinates.centers_yx[its], axis=0) for name, its in rows.items()}
