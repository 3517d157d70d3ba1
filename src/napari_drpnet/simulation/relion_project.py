"""RELION project of simulated micrographs: its list with the true CTF, and the truth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.text import write_text
from napari_drpnet.images.mrc_files import write_mrc
from napari_drpnet.relion.lists import (
    DEFOCI,
    OPTICS_GROUP,
    OPTICS_GROUP_NAME,
    ORIGINAL_PIXEL_SIZE,
    PIXEL_SIZE,
)
from napari_drpnet.relion.pipeline import GUI_MARK, write_new_pipeline
from napari_drpnet.relion.star_tables import MICROGRAPH_NAME, write_tables
from napari_drpnet.simulation.density import density_map
from napari_drpnet.simulation.micrographs import SimulatedMicrograph
from napari_drpnet.simulation.optics import (
    ICE_AMPLITUDE_CONTRAST,
    SPHERICAL_ABERRATION_MM,
    STAIN_AMPLITUDE_CONTRAST,
)
from napari_drpnet.simulation.parameters import SimulationParameters
from napari_drpnet.simulation.series import PlannedMicrograph
from napari_drpnet.simulation.structures import Structure

Floats = NDArray[np.float64]
Columns = dict[str, list[str]]

#: Folder of the micrographs in the project, and the files beside it.
MICROGRAPHS = "Micrographs"
LIST, TRUTH = "micrographs_ctf.star", "Truth/particles.star"
#: Side of a true density map in particle diameters, and its greatest number of voxels.
_BOX_PER_DIAMETER, _MOST_VOXELS = 1.5, 128


@dataclass(frozen=True, eq=False)
class TrueParticles:
    """The particles of a simulated micrograph.

    Parameters
    ----------
    planned : PlannedMicrograph
        The micrograph.
    centers_yx : (n, 2) float array
        True centres ``(y, x)`` in unbinned pixels.
    kinds : (n,) int array
        Index of the structure of each particle.
    rotations : (n, 3, 3) float array
        Matrices by which the points ``(z, y, x)`` of the structures were rotated.
    """

    planned: PlannedMicrograph
    centers_yx: Floats
    kinds: NDArray[np.intp]
    rotations: Floats

    @classmethod
    def of(cls, planned: PlannedMicrograph, simulated: SimulatedMicrograph) -> "TrueParticles":
        """Take the particles of a simulated micrograph."""
        return cls(planned, simulated.centers_yx, simulated.kinds, simulated.rotations)

    @property
    def name(self) -> str:
        """Name of the micrograph in RELION's list."""
        return f"{MICROGRAPHS}/{self.planned.stem}.mrc"


def project_files(folder: Path, structures: int) -> list[Path]:
    """Return the files that `write_project` writes, without those that it does not replace."""
    maps = [f"Truth/map{number}.mrc" for number in range(1, structures + 1)]
    return [folder / name for name in (LIST, TRUTH, *maps)]


def write_project(
    folder: Path,
    parameters: SimulationParameters,
    structures: Sequence[Structure],
    micrographs: Sequence[TrueParticles],
) -> None:
    """Write the lists of a RELION project whose micrographs are in the folder ``Micrographs``.

    The project gets ``micrographs_ctf.star``, the list with the true defocus of each micrograph;
    ``Truth/particles.star``, with position, orientation and structure of each particle;
    ``Truth/map1.mrc`` and so on, the density of each structure; and an empty pipeline, unless it
    has one.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the project.
    parameters : SimulationParameters
        Parameters of the micrographs.
    structures : sequence of Structure
        Structures of the particles, in the size in which they were simulated.
    micrographs : sequence of TrueParticles
        Particles of each micrograph.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    optics = _optics(parameters, micrographs)
    write_tables(folder / LIST, {"optics": optics, "micrographs": _list_columns(micrographs)})
    write_tables(folder / TRUTH, {"optics": optics, "particles": _truth_columns(micrographs)})
    _, _, *maps = project_files(folder, len(structures))
    for path, structure in zip(maps, structures, strict=True):
        wanted = _BOX_PER_DIAMETER * structure.diameter_angstrom
        voxel = max(parameters.pixel_size_angstrom, wanted / _MOST_VOXELS)
        side = 2 * round(wanted / voxel / 2)
        write_mrc(path, density_map(structure, side, voxel), voxel)
    write_new_pipeline(folder)
    write_text(folder / GUI_MARK, "")


def euler_angles(rotations: Floats) -> Floats:
    """Return the angles with which RELION describes orientations.

    Parameters
    ----------
    rotations : (n, 3, 3) float array
        Matrices by which the points ``(z, y, x)`` of a structure were rotated before they were
        projected along z.

    Returns
    -------
    (n, 3) float array
        ``rlnAngleRot``, ``rlnAngleTilt`` and ``rlnAnglePsi`` in degrees, which rotate the
        coordinate system and not the structure (`euler.cpp`, Euler_angles2matrix).
    """
    from scipy.spatial.transform import Rotation

    if not len(rotations):
        return np.empty((0, 3))
    of_system = np.swapaxes(rotations, 1, 2)[:, ::-1, ::-1]
    return np.asarray(Rotation.from_matrix(of_system).as_euler("ZYZ", degrees=True))


def _optics(parameters: SimulationParameters, micrographs: Sequence[TrueParticles]) -> Columns:
    groups = sorted({each.planned.optics_group for each in micrographs})
    stain = parameters.negative_stain
    amplitude = STAIN_AMPLITUDE_CONTRAST if stain else ICE_AMPLITUDE_CONTRAST
    constants = {
        PIXEL_SIZE: parameters.pixel_size_angstrom,
        ORIGINAL_PIXEL_SIZE: parameters.pixel_size_angstrom,
        "rlnVoltage": parameters.voltage_kv,
        "rlnSphericalAberration": SPHERICAL_ABERRATION_MM,
        "rlnAmplitudeContrast": amplitude,
    }
    return {
        OPTICS_GROUP_NAME: [f"opticsGroup{group}" for group in groups],
        OPTICS_GROUP: [str(group) for group in groups],
        **{label: [f"{value:.6f}"] * len(groups) for label, value in constants.items()},
    }


def _list_columns(micrographs: Sequence[TrueParticles]) -> Columns:
    defocus = [f"{each.planned.defocus_um * 1e4:.2f}" for each in micrographs]
    return {
        MICROGRAPH_NAME: [each.name for each in micrographs],
        OPTICS_GROUP: [str(each.planned.optics_group) for each in micrographs],
        **_ctf_columns(defocus),
        "rlnCtfAstigmatism": ["0"] * len(defocus),
    }


def _truth_columns(micrographs: Sequence[TrueParticles]) -> Columns:
    rows = list(_truth_rows(micrographs))
    columns = zip(*rows, strict=True) if rows else iter([()] * len(_TRUTH_LABELS))
    table = {label: list(column) for label, column in zip(_TRUTH_LABELS, columns, strict=True)}
    return table | _ctf_columns(table[DEFOCI[0]])


_TRUTH_LABELS = (
    *(MICROGRAPH_NAME, OPTICS_GROUP, "rlnCoordinateX", "rlnCoordinateY"),
    *("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnClassNumber", DEFOCI[0]),
)


def _truth_rows(micrographs: Sequence[TrueParticles]) -> Iterator[tuple[str, ...]]:
    for each in micrographs:
        defocus = f"{each.planned.defocus_um * 1e4:.2f}"
        angles = euler_angles(each.rotations)
        for (y, x), its_angles, kind in zip(each.centers_yx, angles, each.kinds, strict=True):
            numbers = (f"{value:.4f}" for value in (x, y, *its_angles))
            group = str(each.planned.optics_group)
            yield (each.name, group, *numbers, str(kind + 1), defocus)


def _ctf_columns(defocus: list[str]) -> Columns:
    """Return the columns of a CTF without astigmatism; `defocus` in Å."""
    return {**dict.fromkeys(DEFOCI, defocus), "rlnDefocusAngle": ["0"] * len(defocus)}
