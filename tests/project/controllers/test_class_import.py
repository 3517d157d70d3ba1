"""Particles that a 2D classification kept become labels of a project."""

import numpy as np
import pytest

from napari_drpnet.project.state.labels import given_by
from relion_jobs import PARTICLES_OF_EXTRACT, SELECT, write_selected_project


@pytest.fixture
def select(picked, tmp_path):
    """A function that writes the jobs of RELION that kept some of the picks, and imports them."""
    places = np.rint(picked.current.stored.picks.centers_yx[:16])
    project = tmp_path / "relion"

    def run(rows, extracted=None, **others):
        write_selected_project(project, {"disc0": (places[rows], places), **others})
        picked.session.class_importer.load(project / SELECT / "particles.star", extracted)
        picked.finish()
        return project

    return run


def of_classes(desk, micrograph="m00001"):
    return given_by("classes", desk.project.labels(micrograph))


def test_a_selection_is_imported_as_one_step(picked, select):
    assert picked.session.class_importer.knows_extraction(select([0, 1, 2, 5]) / SELECT / "x.star")
    labels = of_classes(picked)
    assert [label.accepted for label in labels].count(True) == 4
    assert len(labels) == 16
    assert picked.texts("info") == [
        f"4 of 16 particles on 1 micrograph selected from {PARTICLES_OF_EXTRACT}. 16 new labels."
    ]
    assert picked.current.accepted_count == 4
    assert picked.session.history.undo_title == "Import 2D classes of particles.star"
    picked.session.undo()
    assert of_classes(picked) == ()


def test_a_click_is_stronger_and_a_later_selection_replaces_an_earlier_one(picked, select):
    picked.current.set_label([0], accepted=False)
    select([0, 1])
    assert len(of_classes(picked)) == 15
    select([0, 2])
    assert picked.texts("info")[-1].endswith("2 new labels.")
    assert [label.accepted for label in of_classes(picked)].count(True) == 1
    assert len(given_by("person", picked.project.labels("m00001"))) == 1


def test_without_a_pipeline_the_accepted_picks_stand_for_what_was_extracted(picked, select):
    project = select([0, 1, 2])
    picked.session.undo()
    alone = project / "mine.star"
    alone.write_bytes((project / SELECT / "particles.star").read_bytes())
    assert not picked.session.class_importer.knows_extraction(alone)
    picked.session.class_importer.load(alone)
    picked.finish()
    assert picked.texts("info")[-1].startswith(
        "3 of 16 particles on 1 micrograph selected from the"
    )
    assert [label.accepted for label in of_classes(picked)].count(False) == 13


def test_what_earlier_classes_rejected_is_still_among_the_accepted_picks(picked, select):
    alone = select([0]) / "mine.star"
    alone.write_bytes((alone.parent / SELECT / "particles.star").read_bytes())
    picked.session.class_importer.load(alone)
    picked.finish()
    assert picked.texts("info")[-1].startswith("1 of 16 particles")


def test_micrographs_that_are_not_here_are_named(picked, select):
    select([0], elsewhere=([[5, 5]], [[5, 5], [9, 9]]))
    (text,) = picked.texts("warning")
    assert text.startswith("1 selected particle left out, on micrographs that are not here: Motion")


def test_particles_of_other_picks_are_an_error_and_change_nothing(picked, tmp_path):
    write_selected_project(tmp_path, {"disc0": ([[1, 1]], [[90, 90]])})
    picked.session.class_importer.load(tmp_path / SELECT / "particles.star")
    picked.finish()
    failure = picked.session.failures["read labels"]
    assert f"only 0% of its particles are among {PARTICLES_OF_EXTRACT}" in failure
    assert of_classes(picked) == ()


def test_a_file_that_cannot_be_used_is_an_error(picked, tmp_path):
    (tmp_path / "bad.star").write_text("nothing")
    picked.session.class_importer.load(tmp_path / "bad.star")
    picked.finish()
    assert "bad.star" in picked.session.failures["read labels"]
    assert of_classes(picked) == ()


def test_a_damaged_pipeline_is_said_by_the_import(picked, select):
    project = select([0])
    (project / "default_pipeline.star").write_text("nothing")
    path = project / SELECT / "particles.star"
    assert picked.session.class_importer.knows_extraction(path)
    picked.session.class_importer.load(path)
    picked.finish()
    assert "default_pipeline.star" in picked.session.failures["read labels"]


def test_without_a_diameter_the_reason_is_said(desk, discs, tmp_path):
    desk.open(*discs)
    desk.session.class_importer.load(tmp_path / "particles.star")
    assert desk.texts("warning") == ["Give the particle diameter first."]
