"""From picks to extracted particles: nothing is lost, and everything is centred."""

import csv
import json

import mrcfile
import numpy as np

from napari_drpnet.formats import read_coordinates
from napari_drpnet.project.files.selection_labels import KnownMicrographs, label_by_selection
from napari_drpnet.project.files.selections import read_selection
from running_relion import (
    BOX,
    COORDINATES,
    DIAMETER_ANGSTROM,
    FINISHED,
    LIST,
    PARTICLES,
    PDF,
    PIXEL_ANGSTROM,
    drpnet,
    run,
)

COLUMNS = ["rlnCoordinateY", "rlnCoordinateX"]


def extract(project, folder, place, suffix):
    """Extract as RELION's window does, but outside of the pipeline; return what it prints."""
    done = run(
        f"relion_preprocess --i {LIST} --coord_dir {place}/ --coord_suffix {suffix} "
        f"--part_star {folder}/particles.star --part_dir {folder}/ --extract "
        f"--extract_size {BOX} --norm --bg_radius 45 --white_dust -1 --black_dust -1 "
        "--invert_contrast",
        project.folder,
    )
    assert "unknown label" not in done.stdout + done.stderr
    return done.stdout


def test_the_external_job_is_part_of_the_pipeline(project, picked, extracted):
    coordinates = f"{picked}coords_suffix_autopick.star"
    states, nodes = project.states(), project.nodes()
    assert (states[picked], states[extracted]) == (FINISHED, FINISHED)
    assert nodes[coordinates] == COORDINATES
    assert nodes[f"{picked}logfile.pdf"] == PDF
    assert nodes[f"{extracted}particles.star"] == PARTICLES
    assert project.inputs(picked) == {LIST}
    assert project.inputs(extracted) == {LIST, coordinates}
    assert f"coordinates {coordinates}, box size {BOX} pixels" in project.text(f"{picked}run.out")


def test_no_pick_is_lost_and_nothing_is_complained_about(project, picked, extracted):
    particles = project.table(f"{extracted}particles.star")
    with open(project.folder / picked / "summary.csv", newline="") as file:
        accepted = {row["name"]: int(row["accepted"]) for row in csv.DictReader(file)}
    assert len(accepted) == 6
    assert particles["rlnMicrographName"].value_counts().to_dict() == accepted
    assert len(particles) > 300
    written = read_coordinates(project.folder / picked / "autopick.star").centers_yx
    np.testing.assert_array_equal(particles[COLUMNS], written)
    groups = project.table(LIST, "micrographs").set_index("rlnMicrographName")["rlnOpticsGroup"]
    assert (particles["rlnOpticsGroup"] == particles["rlnMicrographName"].map(groups)).all()
    assert set(particles["rlnOpticsGroup"]) == {1, 2}
    assert project.text(f"{extracted}run.err").strip() == ""
    assert project.text(f"{picked}run.err").strip() == ""


def test_the_picks_are_centred(project, picked):
    """The mean offset of n picks is known to about 3 px / √n; 0.5 px is one and a half Å."""
    truth = project.table("Truth/particles.star")
    offsets = []
    for name, true in truth.groupby("rlnMicrographName"):
        file = project.folder / picked / f"{name.removesuffix('.mrc')}_autopick.star"
        found = read_coordinates(file).centers_yx
        away = found[:, None] - true[COLUMNS].to_numpy()[None]
        nearest = np.hypot(*np.moveaxis(away, -1, 0)).argmin(axis=1)
        offsets.append(away[np.arange(len(found)), nearest])
    offsets = np.concatenate(offsets)
    assert np.median(np.hypot(*offsets.T)) < 3
    assert np.abs(offsets.mean(axis=0)).max() < 0.5


def test_evaluate_finds_the_truth_of_each_pick_file(project, picked):
    scale = ("--diameter", DIAMETER_ANGSTROM, "--pixel-size", PIXEL_ANGSTROM)
    arguments = ("evaluate", picked, "Truth/particles.star", *scale, "--json")
    scores = json.loads(drpnet(project.folder, *arguments))
    (half, *_) = scores["radii"]
    names = [micrograph["name"] for micrograph in half["micrographs"]]
    assert names[-1] == "grid2/sim_0003"
    assert len(names) == 6
    assert half["micro"]["precision"] > 0.95


def test_the_average_of_the_particles_is_centred(project, picked):
    extract(project, "Unscaled", picked, "_autopick.star")
    stacks = sorted((project.folder / "Unscaled").rglob("*.mrcs"))
    images = np.concatenate([mrcfile.read(stack) for stack in stacks])
    assert len(images) == len(project.table("Unscaled/particles.star"))
    average = images.mean(axis=0)
    y, x = np.indices(average.shape) - BOX // 2
    inside = np.hypot(y, x) < DIAMETER_ANGSTROM / PIXEL_ANGSTROM / 2
    weight = np.where(inside, average - average[~inside].mean(), 0).clip(0)
    assert average[BOX // 2, BOX // 2] > average[~inside].max()
    center = np.array([(weight * y).sum(), (weight * x).sum()]) / weight.sum()
    assert np.abs(center).max() < 0.5


def test_particles_split_again_are_extracted_from_the_same_places(project, extracted):
    printed = drpnet(
        project.folder, "convert", f"{extracted}particles.star", "Again", "--split-by", LIST
    )
    assert f"micrographs {LIST}, coordinates Again/coords_suffix_autopick.star" in printed
    extract(project, "Same", "Again", "_autopick.star")
    before, after = (project.table(f"{job}/particles.star") for job in (extracted, "Same"))
    columns = ["rlnMicrographName", *COLUMNS]
    assert before[columns].equals(after[columns])


def test_what_pick_prints_is_what_relion_needs(project):
    """With the index of later versions RELION 3.1 extracts nothing, and reports success."""
    printed = drpnet(project.folder, "pick", LIST, "--diameter", 200, "--out", "DRPnet")
    last = printed.splitlines()[-1]
    assert f"micrographs {LIST}, coordinates DRPnet/coords_suffix_autopick.star" in last
    extract(project, "Picked", "DRPnet", "_autopick.star")
    particles = project.table("Picked/particles.star")
    assert f"{len(particles)} particles accepted in total" in printed
    assert "rlnParticleSelectionType" not in particles
    assert "with 0 particles" in extract(project, "Nothing", "DRPnet", "autopick.star")


def test_what_was_not_selected_is_known_from_the_pipeline(project, extracted):
    particles = project.table(f"{extracted}particles.star")
    middle = float(particles["rlnCoordinateX"].median())
    job = project.add_selection(f"{extracted}particles.star", "rlnCoordinateX", 0, middle)
    project.run(job)
    assert project.states()[job] == FINISHED
    selection = read_selection(project.folder / job / "particles.star")
    assert selection.sources == (project.folder / extracted / "particles.star",)
    names = {name: name for name in particles["rlnMicrographName"].unique()}
    labels = label_by_selection(selection, KnownMicrographs(names, lambda name: 1.0))
    is_selected = particles["rlnCoordinateX"] <= middle
    assert (labels.accepted, labels.rejected) == (is_selected.sum(), (~is_selected).sum())
    assert not labels.left_out
