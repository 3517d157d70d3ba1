"""Everything that RELION's jobs say about a set of picks, in one call."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.text import AnyPath
from napari_drpnet.quality.classes import (
    ClassAverage,
    Selection,
    read_classes,
    read_selection,
)
from napari_drpnet.quality.efficiency import DIAMETER, FEWEST, orientation_efficiency
from napari_drpnet.quality.equal_count import at_equal_count
from napari_drpnet.quality.job_folders import RefinementFiles, find_refinement
from napari_drpnet.quality.local_resolution import LocalResolution, read_local_resolution
from napari_drpnet.quality.particles import (
    Particles,
    count_particles,
    micrograph_pixel_size,
    read_particles,
)
from napari_drpnet.quality.postprocess import FscCurves, read_postprocess, refinement_curves
from napari_drpnet.quality.reconstructions import reconstruct_subsets
from napari_drpnet.quality.results import Quality, ViewQuality
from napari_drpnet.quality.rosenthal_henderson import Point, fit_points
from napari_drpnet.quality.symmetry import point_group
from napari_drpnet.quality.tables import finite_number, positive_number, read_block
from napari_drpnet.quality.truth import compare_with_truth
from napari_drpnet.quality.views import count_views, pool_views
from napari_drpnet.relion.star_tables import Table, find_table

_DIAMETER, _SPLIT = "rlnParticleDiameter", "rlnDoSplitRandomHalves"
_ORDER, _SYMMETRY, _IS_3D = "rlnHealpixOrder", "rlnSymmetryGroup", "rlnIs3DSampling"
#: Diameters in Å: one that is assumed, and one that no particle exceeds.
_LARGEST_DIAMETER = 1e5
#: Order of RELION's grid that with its oversampling has as many directions as views are counted in.
_FINEST_ORDER = 4


@dataclass(frozen=True)
class JobChoice:
    """The jobs of RELION that show the quality of one set of picks.

    Parameters
    ----------
    job : path-like
        Folder of a Refine3D, Class3D or Class2D job.
    postprocess, select, local_resolution : path-like, optional
        Folders of a PostProcess, a Select and a LocalRes job.
    classes : path-like, optional
        Folder of a Class2D job; `job` itself, if it is one.
    truth : path-like, optional
        True centres, as `pair_coordinates` reads them.
    refined : sequence of path-like
        PostProcess jobs of refinements of random subsets, for the Rosenthal-Henderson plot.
    reconstruct : bool
        Whether subsets are reconstructed with the angles of the full set, if none were refined.
    diameter_angstrom : float, optional
        Particle diameter in Å; by default that of the mask of the refinement.
    """

    job: AnyPath
    postprocess: AnyPath | None = None
    select: AnyPath | None = None
    local_resolution: AnyPath | None = None
    classes: AnyPath | None = None
    truth: AnyPath | None = None
    refined: Sequence[AnyPath] = ()
    reconstruct: bool = False
    diameter_angstrom: float | None = None


def assess(choice: JobChoice, job: Job | None = None) -> Quality:
    """Read what RELION's jobs say about a set of picks.

    Parameters
    ----------
    choice : JobChoice
        Folders of the jobs.
    job : Job, optional
        Progress callback of the reconstructions; it may cancel the work.

    Returns
    -------
    Quality

    Raises
    ------
    InputFileError
        If a folder is not what it is given for, or a file in it is missing or damaged.
    """
    notes: list[str] = []
    files = find_refinement(choice.job)
    particles = read_particles(files.data)
    options = _options(files)
    sampling = read_block(files.sampling, {"sampling_general"}, _IS_3D)
    is_3d = finite_number(files.sampling, sampling, _IS_3D) == 1
    diameter = _diameter(choice, files, options, notes)
    views = _views(files, particles, sampling, diameter, notes) if is_3d else None
    fsc = _curves(choice, files, options, notes) if is_3d else None
    points = _points(choice, files, particles, views, fsc, job)
    selection = read_selection(choice.select) if choice.select else None
    return Quality(
        name="/".join(files.folder.absolute().parts[-2:]),
        iteration=files.iteration,
        particles=particles.count,
        diameter_angstrom=diameter,
        views=views,
        fsc=fsc,
        local_resolution=_local_resolution(choice, fsc, notes),
        points=points,
        fit=fit_points(points),
        classes=_classes(choice, files, particles, selection, diameter, is_3d),
        selection=selection,
        notes=tuple(notes),
    )


def assess_all(choices: Sequence[JobChoice], job: Job | None = None) -> list[Quality]:
    """Read what RELION's jobs say about several sets of picks, see `assess`.

    Jobs of the same name, in different projects, get the names of their projects before theirs.
    Their views are also counted at an equal number of particles.
    """
    qualities = at_equal_count([assess(choice, job) for choice in choices])
    folders = [Path(choice.job).absolute().parts for choice in choices]
    for count in range(2, max(map(len, folders))):
        names = ["/".join(parts[-count:]) for parts in folders]
        if len(set(names)) == len(set(folders)):
            return [replace(each, name=name) for each, name in zip(qualities, names, strict=True)]
    return qualities


def _options(files: RefinementFiles) -> Table | None:
    """Return the options of the job; None if their file is missing."""
    if files.optimiser is None:
        return None
    return read_block(files.optimiser, {"optimiser_general"}, _DIAMETER)


def _diameter(
    choice: JobChoice, files: RefinementFiles, options: Table | None, notes: list[str]
) -> float:
    if choice.diameter_angstrom:
        return choice.diameter_angstrom
    if options is not None and files.optimiser is not None:
        return positive_number(files.optimiser, options, _DIAMETER, _LARGEST_DIAMETER)
    notes.append(f"The diameter is unknown: {DIAMETER:g} Å is assumed.")
    return DIAMETER


def _views(
    files: RefinementFiles,
    particles: Particles,
    sampling: Table,
    diameter: float,
    notes: list[str],
) -> ViewQuality:
    sampling = find_table(files.sampling, {"": sampling}, _SYMMETRY, _ORDER)
    directions, symmetry = particles.directions, sampling[_SYMMETRY][0]
    if directions is None:
        remedy = "Give a refinement that has run"
        raise InputFileError(files.data, "has no angles _rlnAngleRot and _rlnAngleTilt", remedy)
    try:
        operators = point_group(symmetry)
    except ValueError as error:
        raise InputFileError(files.sampling, str(error), "Correct _rlnSymmetryGroup") from error
    efficiency = efficiency_c1 = None
    if particles.count >= FEWEST:
        efficiency = orientation_efficiency(directions, operators, diameter)
        efficiency_c1 = efficiency
        if len(operators) > 1:
            efficiency_c1 = orientation_efficiency(directions, point_group("C1"), diameter)
    else:
        notes.append(f"E_od needs {FEWEST} particles: it is not computed.")
    _note_grid(files, sampling, notes)
    return ViewQuality(
        symmetry,
        directions,
        pool_views(directions),
        count_views(directions, operators),
        efficiency,
        efficiency_c1,
    )


def _note_grid(files: RefinementFiles, sampling: Table, notes: list[str]) -> None:
    if files.iteration is not None:
        notes.append(f"The refinement has not converged: this is iteration {files.iteration}.")
    order = finite_number(files.sampling, sampling, _ORDER)
    if order < _FINEST_ORDER:
        grid = 12 * 4 ** (order + 1)
        notes.append(
            f"The last angular step allows {grid:,.0f} directions only, which limits the number of "
            "views. Compare refinements that ended with the same step."
        )


def _curves(
    choice: JobChoice, files: RefinementFiles, options: Table | None, notes: list[str]
) -> FscCurves | None:
    is_split = options is None or _SPLIT not in options or options[_SPLIT][0] != "0"
    if not is_split:
        notes.append("Both half maps come from one refinement: the FSC is not gold standard.")
    if choice.postprocess:
        fsc: FscCurves | None = read_postprocess(choice.postprocess)
    else:
        fsc = refinement_curves(files) if is_split else None
    if fsc is None:
        return None
    if fsc.resolution is None:
        notes.append("The half maps do not correlate: there is no resolution.")
    elif fsc.resolution.at_nyquist:
        notes.append("The FSC is never below 0.143: the resolution is limited by the pixel size.")
    elif fsc.resolution.rises_again:
        notes.append(
            "The FSC rises above 0.143 again: the first crossing counts. Look at the curve."
        )
    return fsc


def _points(
    choice: JobChoice,
    files: RefinementFiles,
    particles: Particles,
    views: ViewQuality | None,
    fsc: FscCurves | None,
    job: Job | None,
) -> tuple[Point, ...]:
    if views is None:
        return ()
    if choice.refined:
        points = [_refined_point(postprocess) for postprocess in choice.refined]
        if choice.postprocess and fsc and fsc.resolution:
            angstrom, at_nyquist = fsc.resolution.angstrom, fsc.resolution.at_nyquist
            points.append(Point(particles.count, angstrom, at_nyquist, "refinement"))
        return tuple(sorted(points, key=lambda point: point.count))
    if choice.reconstruct:
        return tuple(reconstruct_subsets(files.data, views.symmetry, job))
    return ()


def _refined_point(postprocess: AnyPath) -> Point:
    """Return the point of a refinement, whose particles are found through its half map."""
    curves = read_postprocess(postprocess)
    if curves.half_map is None or curves.resolution is None:
        reason = "names no half map in its project" if curves.resolution else "has no resolution"
        raise InputFileError(postprocess, reason, "Leave it out, or copy the whole project")
    count = count_particles(find_refinement(curves.half_map.parent).data)
    return Point(count, curves.resolution.angstrom, curves.resolution.at_nyquist, "refinement")


def _local_resolution(
    choice: JobChoice, fsc: FscCurves | None, notes: list[str]
) -> LocalResolution | None:
    if not choice.local_resolution:
        return None
    mask = fsc.mask if fsc else None
    if mask is None:
        notes.append("Local resolution is that of all voxels that have one: no mask is known.")
    return read_local_resolution(choice.local_resolution, mask)


def _classes(
    choice: JobChoice,
    files: RefinementFiles,
    particles: Particles,
    selection: Selection | None,
    diameter: float,
    is_3d: bool,
) -> tuple[ClassAverage, ...]:
    if choice.classes:
        files = find_refinement(choice.classes)
        particles = read_particles(files.data)
    elif is_3d:
        return ()
    truth = None
    if choice.truth:
        pixel = micrograph_pixel_size(files.data)
        if pixel is None:
            reason = "has no _rlnMicrographOriginalPixelSize, which the comparison with truth needs"
            raise InputFileError(files.data, reason, "Add it to its optics groups")
        truth = compare_with_truth(files.data, particles, choice.truth, diameter / pixel)
    return read_classes(files, particles, selection, truth)
