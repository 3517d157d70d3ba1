from pathlib import Path

import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.quality.assess import JobChoice, assess, assess_all
from relion_jobs import (
    CLASS2D,
    JOB,
    LOCAL,
    POSTPROCESS,
    SELECT,
    random_directions,
    write_postprocess,
    write_project,
    write_refinement,
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(write_project(tmp_path))
    return tmp_path


def test_all_jobs_together(project):
    quality = assess(JobChoice(JOB, POSTPROCESS, SELECT, LOCAL, CLASS2D))
    assert (quality.name, quality.iteration, quality.particles) == (JOB, None, 300)
    assert quality.views.symmetry == "C1"
    assert quality.views.counts.stored == pytest.approx(quality.views.counts.expected, abs=6)
    assert quality.views.efficiency.value > 0.9
    assert quality.diameter_angstrom == 260
    assert quality.fsc.resolution.angstrom == 36
    assert quality.local_resolution.quartiles == (20, 20, 20)
    assert quality.selection.particles == 290
    assert [each.number for each in quality.good_classes] == [1, 2]
    assert quality.notes == ()


def test_one_job_alone(project):
    quality = assess(JobChoice(JOB))
    assert quality.fsc.source == "half maps"
    assert quality.classes == quality.points == ()
    assert quality.local_resolution is quality.selection is quality.fit is None


def test_a_2d_job_has_classes_and_no_views(project):
    quality = assess(JobChoice(CLASS2D, select=SELECT))
    assert quality.views is quality.fsc is None
    assert len(quality.classes) == 4
    assert quality.notes == ("The diameter is unknown: 300 Å is assumed.",)


def test_symmetry_changes_the_efficiency(project):
    views = random_directions(2000)
    views = views[views @ (0, 0.7, 0.7) > 0.7]
    write_refinement(project / JOB, views, symmetry="D2")
    quality = assess(JobChoice(JOB))
    assert quality.views.efficiency.value > quality.views.efficiency_c1.value + 0.1
    assert quality.views.counts.possible == 3072


def test_notes_say_what_limits_the_numbers(project):
    for path in (project / JOB).glob("run_*"):
        path.unlink()
    views = random_directions(50)
    write_refinement(project / JOB, views, order=2, start="run_it007", maps=False, split=0)
    notes = " ".join(assess(JobChoice(JOB)).notes)
    for part in ("iteration 7", "768 directions", "needs 100 particles", "not gold standard"):
        assert part in notes
    assert assess(JobChoice(JOB)).fsc is None


def test_local_resolution_without_a_mask_is_noted(project):
    quality = assess(JobChoice(JOB, local_resolution=LOCAL))
    assert "no mask is known" in quality.notes[-1]


def test_precision_by_class_with_truth(project):
    (project / "truth").mkdir()
    for name in ("m0", "m1", "m2"):
        rows = "\n".join(f"{40 * row + 20},100" for row in range(90))
        (project / "truth" / f"{name}.csv").write_text(f"x,y\n{rows}\n")
    choice = JobChoice(JOB, classes=CLASS2D, truth="truth", diameter_angstrom=30)
    classes = assess(choice).classes
    assert [each.precision for each in classes] == [1, 0, 0, None]


def test_jobs_of_the_same_name_have_those_of_their_projects(tmp_path):
    jobs = [write_project(tmp_path / name) / JOB for name in ("first", "second")]
    names = [each.name for each in assess_all([JobChoice(job) for job in jobs])]
    assert names == [f"first/{JOB}", f"second/{JOB}"]
    assert [each.name for each in assess_all([JobChoice(jobs[0])] * 2)] == [JOB, JOB]


def test_points_of_refined_subsets(project):
    postprocesses = []
    for number, (count, final) in enumerate([(100, 60), (200, 50), (1000, 40)], 20):
        job = f"Refine3D/job{number}"
        write_refinement(project / job, random_directions(count))
        half = f"{job}/run_half1_class001_unfil.mrc"
        postprocesses.append(write_postprocess(project / f"PostProcess/job{number}", final, half))
    quality = assess(JobChoice(JOB, POSTPROCESS, refined=postprocesses))
    points = [(point.count, point.angstrom) for point in quality.points]
    assert points == [(100, 60), (200, 50), (300, 36), (1000, 40)]
    assert {point.method for point in quality.points} == {"refinement"}
    assert quality.fit.points == 4


def test_a_refined_subset_whose_job_is_lost_is_named(project):
    lost = write_postprocess(project / "PostProcess/job021", half_map="Refine3D/gone/half1.mrc")
    with pytest.raises(InputFileError, match=r"job021: names no half map in its project"):
        assess(JobChoice(JOB, refined=[lost]))


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("run_data.star", "rlnAngleTilt", "rlnOther", "has no angles"),
        ("run_data.star", "data_particles", "data_lost", "no table with _rlnImageName"),
        ("run_sampling.star", "rlnSymmetryGroup C1", "rlnSymmetryGroup Q7", "is no point group"),
        ("run_sampling.star", "_rlnSymmetryGroup C1", "", "no table with _rlnSymmetryGroup and"),
        ("run_it010_optimiser.star", "260.0", "wide", "_rlnParticleDiameter has a value"),
        ("run_model.star", "rlnPixelSize 9.0", "rlnPixelSize nan", "no number as _rlnPixelSize"),
    ],
)
def test_damaged_jobs_are_named(project, file, old, new, reason):
    path = project / JOB / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputFileError, match=reason) as caught:
        assess(JobChoice(JOB))
    assert caught.value.path.endswith(file)


def outcome():
    """Return the number of particles, or the path of the file that is refused."""
    try:
        return assess(JobChoice(JOB)).particles
    except InputFileError as error:
        return Path(error.path).name


@pytest.mark.parametrize("file", ["run_data.star", "run_sampling.star"])
@pytest.mark.parametrize("share", [0, 0.3, 0.6, 0.95])
def test_files_cut_anywhere_are_refused_or_read_in_part(project, file, share):
    path = project / JOB / file
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert outcome() in {file, *range(1, 300)}
