import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.quality.classes import read_classes, read_selection
from napari_drpnet.quality.job_folders import find_refinement
from napari_drpnet.quality.particles import read_particles
from napari_drpnet.quality.truth import ClassTruth
from relion_jobs import CLASS2D, SELECT, class_names, table, write_data, write_project


@pytest.fixture
def project(tmp_path):
    return write_project(tmp_path)


def classes_of(project, *arguments):
    files = find_refinement(project / CLASS2D)
    return read_classes(files, read_particles(files.data), *arguments)


def test_good_by_the_rule(project):
    classes = classes_of(project)
    assert [each.particles for each in classes] == [270, 20, 10, 0]
    assert [each.follows_rule for each in classes] == [True, True, False, False]
    assert [each.is_good for each in classes] == [True, True, False, False]
    low, median, high = classes[0].score_quartiles
    assert low < median < high
    assert classes[3].score_quartiles is None
    assert classes[0].precision is None


def test_a_resolution_at_the_limit_is_good_whatever_its_rounding(project):
    model = project / CLASS2D / "run_it025_model.star"
    text = model.read_text().replace(" 20.0 ", " 25.133333 ").replace(" 22.0 ", " 37.700000 ")
    model.write_text(text)
    assert [each.follows_rule for each in classes_of(project)][:2] == [True, True]


def test_a_selection_overrules_the_rule(project):
    averages = project / SELECT / "class_averages.star"
    averages.write_text(table("", rlnReferenceImage=class_names([3])))
    selection = read_selection(project / SELECT)
    assert selection.particles == 290
    classes = classes_of(project, selection)
    assert [each.is_good for each in classes] == [False, False, True, False]


def test_a_selection_of_something_else_leaves_the_rule(project):
    (project / SELECT / "class_averages.star").unlink()
    selection = read_selection(project / SELECT)
    assert selection.classes is None
    assert [each.is_good for each in classes_of(project, selection)] == [True, True, False, False]


def test_scores_of_the_automatic_selection(project):
    ranked = table("model_classes", rlnReferenceImage=class_names([1, 2]), rlnClassScore=[0.8, 0.2])
    (project / SELECT / "rank_model.star").write_text(ranked)
    classes = classes_of(project, read_selection(project / SELECT))
    assert [each.relion_score for each in classes] == [0.8, 0.2, None, None]


def test_precision_by_class(project):
    classes = classes_of(project, None, ClassTruth({1: 260, 2: 5}, {1: 10, 2: 15}, 0))
    assert classes[0].precision == pytest.approx(260 / 270)
    assert classes[1].precision == 0.25
    assert classes[2].precision is None


def test_an_empty_class_has_no_resolution(project):
    model = project / CLASS2D / "run_it025_model.star"
    head, _, tail = model.read_text().rpartition(" 20.0 ")
    model.write_text(f"{head} inf {tail}")
    classes = classes_of(project)
    assert [each.resolution_angstrom for each in classes] == [20, 22, 40, None]
    assert [each.is_good for each in classes] == [True, True, False, False]


def test_the_rule_without_any_good_class(project):
    model = project / CLASS2D / "run_it025_model.star"
    text = model.read_text()
    for accuracy in ("2.0", "3.0", "5.0"):
        text = text.replace(f" {accuracy} ", " 999.0 ")
    model.write_text(text)
    assert not any(each.is_good for each in classes_of(project))


def test_damaged_jobs_are_named(project):
    model = project / CLASS2D / "run_it025_model.star"
    whole = model.read_text().rstrip().splitlines()
    model.write_text("\n".join(whole[:-2]) + "\n")
    with pytest.raises(InputFileError, match=r"run_it025_model.star: ends after 2 of 4 rows"):
        classes_of(project)
    model.unlink()
    with pytest.raises(InputFileError, match="has no classes of particles"):
        classes_of(project)
    averages = project / SELECT / "class_averages.star"
    averages.write_text(table("", rlnReferenceImage=["Class3D/job009/run_class001.mrc"]))
    with pytest.raises(InputFileError, match="without a number"):
        read_selection(project / SELECT)
    (project / SELECT / "particles.star").unlink()
    with pytest.raises(InputFileError, match=r"particles.star: is missing"):
        read_selection(project / SELECT)


def test_empty_selections_are_refused(project):
    write_data(project / SELECT / "particles.star", 0, classes=np.empty(0))
    with pytest.raises(InputFileError, match=r"particles.star: has no rows"):
        read_selection(project / SELECT)
