"""What RELION's PostProcess and Refine3D jobs say about Fourier shell correlation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath
from napari_drpnet.quality.fsc import (
    Resolution,
    find_resolution,
    read_half_maps,
    shell_frequencies,
)
from napari_drpnet.quality.job_folders import RefinementFiles, file_in_project, file_of_job
from napari_drpnet.quality.tables import finite_numbers, positive_number, read_block, require_rows
from napari_drpnet.relion.star_tables import Table

Floats = NDArray[np.float64]
Source = Literal["PostProcess", "half maps", "model.star"]

POSTPROCESS = "postprocess.star"
_CORRECTED, _UNMASKED, _MASKED, _RANDOMISED = "corrected", "unmasked", "masked", "phase-randomised"
_CURVES = {
    _CORRECTED: "rlnFourierShellCorrelationCorrected",
    _UNMASKED: "rlnFourierShellCorrelationUnmaskedMaps",
    _MASKED: "rlnFourierShellCorrelationMaskedMaps",
    _RANDOMISED: "rlnCorrectedFourierShellCorrelationPhaseRandomizedMaskedMaps",
}
_RESOLUTION, _SPECTRAL_RESOLUTION = "rlnFinalResolution", "rlnResolution"
_HALF, _MASK = "rlnUnfilteredMapHalf1", "rlnMaskName"
#: Limits of plausible numbers: side of a box in pixels, pixel size in Å, distance of shells in 1/Å.
_LARGEST_SIDE, _LARGEST_PIXEL, _LEAST_STEP = 10_000, 1000.0, 1e-6
_GOLD, _SIDE, _PIXEL = "rlnGoldStandardFsc", "rlnOriginalImageSize", "rlnPixelSize"


@dataclass(frozen=True, eq=False)
class FscCurves:
    """Fourier shell correlations of two half maps, and the resolution.

    Parameters
    ----------
    source : {'PostProcess', 'half maps', 'model.star'}
        Where the curves are from.
    frequency : (n,) float array
        Spatial frequency of each shell in 1/Å.
    curves : dict of str to (n,) float array
        Correlations by name; the first one gives the resolution.
    resolution : Resolution or None
        Resolution at 0.143; None if nothing correlates.
    mask, half_map : pathlib.Path or None
        Mask of the PostProcess job, and its first half map, where they are inside the project.
    """

    source: Source
    frequency: Floats
    curves: Mapping[str, Floats]
    resolution: Resolution | None
    mask: Path | None = None
    half_map: Path | None = None

    @property
    def name(self) -> str:
        """Name of the curve that gives the resolution."""
        return next(iter(self.curves))


def read_postprocess(job: AnyPath) -> FscCurves:
    """Read the curves and the resolution of a PostProcess job.

    Parameters
    ----------
    job : path-like
        Folder of the job, or its file ``postprocess.star``.

    Returns
    -------
    FscCurves
        Curves of the job. The resolution in Å is the one that RELION states.

    Raises
    ------
    InputFileError
        If the file is missing or damaged.
    """
    path = file_of_job(job, POSTPROCESS)
    general = read_block(path, {"general"}, _RESOLUTION)
    table = read_block(path, {"fsc"}, _SPECTRAL_RESOLUTION)
    frequency = finite_numbers(path, table, _SPECTRAL_RESOLUTION)
    if not np.all(np.diff(frequency, prepend=-_LEAST_STEP) >= _LEAST_STEP):
        reason = f"has values of _{_SPECTRAL_RESOLUTION} that do not rise from 0"
        raise InputFileError(path, reason, "Let RELION write it again")
    curves = {
        name: finite_numbers(path, table, label)
        for name, label in _CURVES.items()
        if label in table
    }
    if not curves:
        remedy = "Give the folder of a PostProcess job of RELION 3 to 5"
        raise InputFileError(path, "has no Fourier shell correlation", remedy)
    found = find_resolution(frequency, next(iter(curves.values())))
    angstrom = positive_number(path, general, _RESOLUTION, 1 / _LEAST_STEP)
    return FscCurves(
        source="PostProcess",
        frequency=frequency,
        curves=curves,
        resolution=found and replace(found, angstrom=angstrom),
        mask=_named_file(path, general, _MASK),
        half_map=_named_file(path, general, _HALF),
    )


def _named_file(path: Path, table: Table, column: str) -> Path | None:
    return file_in_project(path, table[column][0]) if column in table else None


def refinement_curves(files: RefinementFiles) -> FscCurves | None:
    """Return the Fourier shell correlation of a refinement without a mask.

    Parameters
    ----------
    files : RefinementFiles
        Files of the refinement. Its unfiltered half maps are compared if there are any; else the
        curve is that of its model.

    Returns
    -------
    FscCurves or None
        None if there is neither.

    Raises
    ------
    InputFileError
        If a file is damaged.
    """
    if files.model is None:
        return None
    general = read_block(files.model, {"model_general"}, _SIDE, _PIXEL)
    side = int(positive_number(files.model, general, _SIDE, _LARGEST_SIDE))
    pixel = positive_number(files.model, general, _PIXEL, _LARGEST_PIXEL)
    if files.half_maps:
        frequency, correlation = read_half_maps(*files.half_maps, pixel)
        return _unmasked("half maps", frequency, correlation)
    table = read_block(files.model, {"model_class_1"}, _GOLD)
    require_rows(files.model, table, side // 2 + 1, "the first class")
    correlation = finite_numbers(files.model, table, _GOLD)
    frequency = shell_frequencies(len(correlation), side, pixel)
    return _unmasked("model.star", frequency, correlation)


def _unmasked(source: Source, frequency: Floats, correlation: Floats) -> FscCurves:
    resolution = find_resolution(frequency, correlation)
    return FscCurves(source, frequency, {_UNMASKED: correlation}, resolution)
