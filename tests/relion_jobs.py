"""Small folders of RELION jobs, with the files and columns that RELION 3.1 writes."""

from pathlib import Path

import mrcfile
import numpy as np

from napari_drpnet.base.text import write_text
from napari_drpnet.relion.star_tables import format_table

SIDE, PIXEL = 24, 9.0
JOB, POSTPROCESS, CLASS2D = "Refine3D/job005", "PostProcess/job006", "Class2D/job004"
SELECT, LOCAL = "Select/job008", "LocalRes/job007"


def random_directions(count, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def values(block, **fields):
    """Format a block of single values."""
    lines = [f"_{label} {value}" for label, value in fields.items()]
    return "\n".join(["", f"data_{block}", "", *lines, "", ""])


def table(block, **columns):
    words = {label: [str(value) for value in column] for label, column in columns.items()}
    return format_table(block, words)


def angles(directions):
    x, y, z = directions.T
    return {
        "rlnAngleRot": np.round(np.degrees(np.arctan2(y, x)), 6),
        "rlnAngleTilt": np.round(np.degrees(np.arccos(z)), 6),
    }


def write_data(path, count, classes=None, **columns):
    """Write particles on three micrographs, with the columns of RELION and the given ones."""
    rows = np.arange(count)
    columns = {
        "rlnImageName": [f"{row + 1:06d}@Extract/job003/a.mrcs" for row in rows],
        "rlnMicrographName": [f"Micrographs/m{row % 3}.mrc" for row in rows],
        "rlnCoordinateX": 40.0 * (rows // 3) + 20,
        "rlnCoordinateY": 100.0 + 0 * rows,
        "rlnAutopickFigureOfMerit": np.round(0.9 - 0.5 * rows / count, 4),
        "rlnClassNumber": np.ones(count, int) if classes is None else classes,
        "rlnRandomSubset": rows % 2 + 1,
        **columns,
    }
    optics = table("optics", rlnOpticsGroup=[1], rlnMicrographOriginalPixelSize=[2.0])
    write_text(path, optics + table("particles", **columns))


def half_maps(side=SIDE, noise=0.075, seed=24):
    """Return two maps of the same density with different noise."""
    generator = np.random.default_rng(seed)
    grid = np.indices((side, side, side)) - side // 2
    centers = generator.normal(0, side / 8, (8, 3))
    density = sum(
        np.exp(-((grid - center[:, None, None, None]) ** 2).sum(axis=0) / 4) for center in centers
    )
    return [
        (density + generator.normal(0, noise, density.shape)).astype(np.float32) for _ in range(2)
    ]


def write_map(path, density, pixel=PIXEL):
    path.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(np.asarray(density, np.float32))
        file.voxel_size = pixel


def write_refinement(folder, directions, symmetry="C1", order=5, start="run", maps=True, split=1):
    """Write a refinement: converged with maps, or an iteration of it without."""
    write_data(folder / f"{start}_data.star", len(directions), **angles(directions))
    sampling = values(
        "sampling_general", rlnIs3DSampling=1, rlnHealpixOrder=order, rlnSymmetryGroup=symmetry
    )
    write_text(folder / f"{start}_sampling.star", sampling)
    general = values("model_general", rlnOriginalImageSize=SIDE, rlnPixelSize=PIXEL, rlnNrClasses=1)
    curve = np.clip(1.1 - np.arange(SIDE // 2 + 1) / 8, 0, 1)
    write_text(
        folder / f"{start}_model.star",
        general
        + table("model_class_1", rlnGoldStandardFsc=curve)
        + table("model_pdf_orient_class_1", rlnOrientationDistribution=np.ones(48) / 48),
    )
    options = values("optimiser_general", rlnParticleDiameter=260.0, rlnDoSplitRandomHalves=split)
    write_text(folder / "run_it010_optimiser.star", options)
    if maps:
        for half, density in enumerate(half_maps(), 1):
            write_map(folder / f"{start}_half{half}_class001_unfil.mrc", density)
    return folder


def write_postprocess(folder, final=36.0, half_map=f"{JOB}/run_half1_class001_unfil.mrc"):
    shells = np.arange(SIDE // 2 + 1)
    curve = np.clip(1.2 - shells / 7, -0.05, 1)
    general = values(
        "general",
        rlnFinalResolution=final,
        rlnUnfilteredMapHalf1=half_map,
        rlnMaskName="mask.mrc",
    )
    fsc = table(
        "fsc",
        rlnSpectralIndex=shells,
        rlnResolution=shells / (SIDE * PIXEL),
        rlnFourierShellCorrelationCorrected=curve,
        rlnFourierShellCorrelationUnmaskedMaps=curve**2,
    )
    write_text(folder / "postprocess.star", general + fsc)
    return folder


def write_classes(folder, classes, accuracy, share, resolution):
    """Write the 25th iteration of a 2D classification of particles with the given classes."""
    write_data(folder / "run_it025_data.star", len(classes), classes)
    write_text(folder / "run_it025_sampling.star", values("sampling_general", rlnIs3DSampling=0))
    write_text(
        folder / "run_it025_model.star",
        values("model_general", rlnNrClasses=len(share))
        + table(
            "model_classes",
            rlnReferenceImage=class_names(range(1, len(share) + 1)),
            rlnClassDistribution=share,
            rlnAccuracyRotations=accuracy,
            rlnEstimatedResolution=resolution,
        ),
    )
    return folder


def write_selection(folder, numbers, count):
    write_data(folder / "particles.star", count)
    averages = table("", rlnReferenceImage=class_names(numbers))
    write_text(folder / "class_averages.star", averages)
    return folder


def class_names(numbers):
    return [f"{number:06d}@{CLASS2D}/run_it025_classes.mrcs" for number in numbers]


def write_local_resolution(project):
    """Write a mask, and the resolution inside a larger sphere: 20 Å in the mask, else 30 Å."""
    radius = np.linalg.norm(np.indices((SIDE, SIDE, SIDE)) - SIDE // 2, axis=0)
    write_map(project / "mask.mrc", radius < 6)
    resolution = np.where(radius < 6, 20, np.where(radius < 9, 30, 0))
    write_map(project / LOCAL / "relion_locres.mrc", resolution)


def write_project(project, count=300):
    """Write a project with all jobs: a refinement of random views, and four 2D classes."""
    project = Path(project)
    write_refinement(project / JOB, random_directions(count))
    write_postprocess(project / POSTPROCESS)
    classes = np.repeat([1, 2, 3, 4], [count - 30, 20, 10, 0])
    write_classes(
        project / CLASS2D,
        classes,
        accuracy=[2.0, 3.0, 5.0, 999.0],
        share=[0.5, 0.3, 0.2, 0.0],
        resolution=[20.0, 22.0, 40.0, 20.0],
    )
    write_selection(project / SELECT, [1, 2], count - 10)
    write_local_resolution(project)
    return project


PARTICLES_OF_EXTRACT = "Extract/job003/particles.star"


def write_selected_project(project, particles):
    """Write the jobs from an extraction to a selection, and the pipeline between them.

    `particles` has the places ``(y, x)`` of the selected and of all particles, by the stem of the
    micrograph.
    """
    project = Path(project)
    for number, path in enumerate((f"{SELECT}/particles.star", PARTICLES_OF_EXTRACT)):
        rows = [(name, *place) for name, both in particles.items() for place in both[number]]
        names, y, x = zip(*rows, strict=True)
        columns = {
            "rlnMicrographName": [f"MotionCorr/job002/Micrographs/{name}.mrc" for name in names],
            "rlnCoordinateX": x,
            "rlnCoordinateY": y,
        }
        write_data(project / path, len(rows), **columns)
    steps = {PARTICLES_OF_EXTRACT: CLASS2D, f"{CLASS2D}/run_it025_model.star": SELECT}
    nodes, jobs = [*steps], [f"{job}/" for job in steps.values()]
    edges = table(
        "pipeline_input_edges", rlnPipeLineEdgeFromNode=nodes, rlnPipeLineEdgeProcess=jobs
    )
    write_text(project / "default_pipeline.star", edges)
