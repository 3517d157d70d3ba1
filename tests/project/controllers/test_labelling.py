"""Labels of many micrographs at once: files, and automatic ones."""

import mrcfile
import numpy as np
import pytest

from napari_drpnet.base.picks import Picks
from napari_drpnet.formats import Coordinates, write_coordinates
from napari_drpnet.picking.loading import choose_weights
from napari_drpnet.picking.parameters import ParticleParameters, PickParameters
from napari_drpnet.project.files.label_files import read_labels, write_labels
from napari_drpnet.project.stages import auto_labels
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.labels import Label, contradictions, merge_labels
from napari_drpnet.project.storage.store import ProjectStore, StoredCandidates
from napari_drpnet.relion.lists import (
    MicrographEntry,
    write_coords_suffix,
    write_index,
    write_micrographs_star,
)
from waiting import LIMIT_S


def label(number, place, accepted=True, source="person"):
    return Label(id=number, center_yx=place, anchor_yx=place, accepted=accepted, source=source)


@pytest.fixture
def discs(tmp_path):
    """Three micrographs of 16 discs each, every other one faint, by path."""
    return {tmp_path / "discs" / f"disc{k}.mrc": write_discs(tmp_path, k) for k in range(3)}


def write_discs(folder, seed):
    rng = np.random.default_rng(seed)
    centers = np.argwhere(np.ones((4, 4))) * 40.0 + 20 + rng.uniform(-5, 5, (16, 2))
    y, x = np.ogrid[:160, :160]
    image = 100 + rng.normal(size=(160, 160))
    for number, (cy, cx) in enumerate(centers):
        image -= (2 if number % 2 else 8) * (np.hypot(y - cy, x - cx) < 9)
    (folder / "discs").mkdir(exist_ok=True)
    with mrcfile.new(folder / "discs" / f"disc{seed}.mrc") as file:
        file.set_data(image.astype(np.float32))
        file.voxel_size = 2.0
    return centers


@pytest.fixture
def corrected(picked):
    """A desk with three micrographs; on the first, three points are decided and one is added."""
    picked.current.set_label([0, 1], accepted=True)
    picked.current.set_label([2], accepted=False)
    picked.current.add([[3.5, 4.0]])
    return picked


def automatic(desk, name="m00001"):
    return [o for o in desk.project.labels(name) if o.source == "model"]


def given(desk, name="m00001"):
    return [o for o in desk.project.labels(name) if o.source == "person"]


# ---- bringing labels together


def test_what_a_person_has_said_stays():
    here = (label(1, (0, 0)), label(2, (100, 0), source="model"))
    new = (
        label(1, (1, 0), accepted=False),
        label(2, (101, 0), accepted=False),
        label(3, (200, 0)),
        label(4, (300, 0), source="model"),
        label(5, (2, 0), source="model"),
        label(6, (201, 0), source="model"),
    )
    removed, added = merge_labels(here, new, 5.0)
    assert [o.id for o in removed] == [2]
    assert [o.id for o in added] == [2, 3, 4]
    assert contradictions(here, new, 5.0) == 1
    assert contradictions(here, here, 5.0) == 0


def test_a_click_is_stronger_than_a_class_and_a_class_than_a_model():
    here = (
        label(1, (0, 0)),
        label(2, (100, 0), source="classes"),
        label(3, (200, 0), source="model"),
    )
    by_class = tuple(label(k, (100 * k + 1, 0), accepted=False, source="classes") for k in range(4))
    removed, added = merge_labels(here, by_class, 5.0)
    assert [o.id for o in removed] == [3]
    assert [o.id for o in added] == [2, 3]
    removed, added = merge_labels(here, (label(1, (101, 0), accepted=False),), 5.0)
    assert [o.id for o in removed] == [2]
    assert len(added) == 1
    removed, added = merge_labels(here, (label(1, (101, 0), source="model"),), 5.0)
    assert removed == added == ()


def test_on_what_was_never_picked_only_the_same_place_counts():
    here = (label(1, (0, 0)),)
    _, added = merge_labels(here, (label(1, (0, 0)), label(2, (0.5, 0))), 0.0)
    assert [o.id for o in added] == [2]


# ---- files


@pytest.mark.parametrize("suffix", [".csv", ".star"])
def test_labels_go_to_another_project_and_come_back(corrected, new_desk, discs, tmp_path, suffix):
    path = tmp_path / f"labels{suffix}"
    before = given(corrected)
    corrected.session.labeller.save(path)
    assert corrected.texts("info") == [f"4 labels written to labels{suffix}."]
    corrected.close()

    other = new_desk()
    other.session.open_paths(list(discs), tmp_path / "other")
    other.finish()
    other.session.labeller.load(path)
    other.finish()
    assert [o.model_copy(update={"id": 0}) for o in given(other)] == [
        o.model_copy(update={"id": 0}) for o in before
    ]
    assert other.texts("info") == ["4 labels imported."]
    assert other.session.history.undo_title == f"Import labels{suffix}"
    other.session.labeller.load(path)
    other.finish()
    assert other.texts("info")[-1] == "0 labels imported; 4 were there already."
    other.session.undo()
    assert given(other) == []


def test_what_contradicts_is_said_and_left_out(corrected, tmp_path):
    labels = given(corrected)
    turned = [o.model_copy(update={"accepted": not o.accepted}) for o in labels]
    write_labels(tmp_path / "a.csv", {"elsewhere/disc0.mrc": turned})
    corrected.session.labeller.load(tmp_path / "a.csv")
    corrected.finish()
    assert given(corrected) == labels
    assert corrected.texts("warning") == ["Left out 4 labels that contradicted yours."]


def test_unknown_micrographs_are_named_and_the_rest_is_imported(corrected, tmp_path):
    labels = {f"no{k}.mrc": (label(1, (1, 1)),) for k in range(5)}
    write_labels(tmp_path / "a.csv", {**labels, "disc1.mrc": (label(1, (9, 9)),)})
    corrected.session.labeller.load(tmp_path / "a.csv")
    corrected.finish()
    assert len(given(corrected, "m00002")) == 1
    (text,) = corrected.texts("warning")
    names = "no0.mrc, no1.mrc, no2.mrc and 2 more"
    assert text.startswith(f"No micrograph of the project is called {names}.")


def test_names_that_may_be_several_micrographs_are_told(new_desk, write_discs, tmp_path):
    for folder in ("g1", "g2"):
        write_discs(tmp_path / "M" / folder / "a.mrc")
    desk = new_desk()
    desk.open(tmp_path / "M")
    (tmp_path / "all.txt").write_text("image_name\tx_coord\ty_coord\na\t1\t2\n")
    desk.session.labeller.load(tmp_path / "all.txt")
    desk.finish()
    (text,) = desk.texts("warning")
    assert text.startswith("Several micrographs may be meant by a.")


def test_a_damaged_file_changes_nothing(corrected, tmp_path):
    before = corrected.project.state
    (tmp_path / "a.csv").write_text("micrograph,x,y,label\ndisc1.mrc,1,1,1\ndisc1.mrc,1,1,?\n")
    corrected.session.labeller.load(tmp_path / "a.csv")
    corrected.finish()
    assert corrected.project.state is before
    assert "line 3 has '?' as its label" in corrected.texts()[0]


def test_a_folder_that_cannot_be_written_to_is_told(corrected, tmp_path):
    (tmp_path / "file").touch()
    corrected.session.labeller.save(tmp_path / "file" / "a.csv")
    assert corrected.texts()[0].startswith("Cannot write the labels: ")


def test_without_micrographs_there_is_nothing_to_import_for(desk, tmp_path):
    desk.session.labeller.load(tmp_path / "a.csv")
    assert desk.texts("warning") == ["Open micrographs first."]


def test_picks_of_relions_manual_picker_are_accepted_in_one_step(picked, discs, tmp_path):
    """Version 3.1 has a file that gives their ending, later ones have an index of them."""
    job = tmp_path / "ManualPick/job004"
    for place, row in enumerate((12.0, 34.0)):
        points = Coordinates(np.array([[row, 50.0], [row, 70.0]]), np.full(2, -999.0))
        write_coordinates(job / f"discs/disc{place}_manualpick.star", points)
    records = list(picked.project.micrographs.values())
    entries = [MicrographEntry(f"discs/disc{k}.mrc", o.path) for k, o in enumerate(records)]
    write_micrographs_star(tmp_path / "micrographs.star", entries)
    suffix = write_coords_suffix(job, "_manualpick.star", tmp_path / "micrographs.star")
    files = [job / f"discs/disc{k}_manualpick.star" for k in range(2)]
    rows = [(entry.name, file) for entry, file in zip(entries, files, strict=False)]
    write_index(job / "manualpick.star", rows)
    for source in (suffix, job / "manualpick.star", job):
        picked.session.labeller.load(source)
        picked.finish()
        assert [[o.center_yx for o in given(picked, record.id)] for record in records] == [
            [(12.0, 50.0), (12.0, 70.0)],
            [(34.0, 50.0), (34.0, 70.0)],
            [],
        ]
        assert all(o.accepted for o in given(picked))
        assert picked.session.history.undo_title == f"Import {source.name}"
        picked.session.undo()
        assert not any(given(picked, record.id) for record in records)


def test_particles_of_many_micrographs_are_starting_points_beside_own_labels(corrected, tmp_path):
    before = given(corrected)
    y, x = before[0].center_yx
    names = ("Extract/job007/disc0.mrc", "Extract/job007/disc2.mrc", "gone.mrc")
    points = Coordinates(np.array([[y + 1, x], [5.0, 6.0], [7.0, 8.0]]), np.ones(3), names)
    write_coordinates(tmp_path / "particles.star", points)
    corrected.session.labeller.load(tmp_path / "particles.star", 2.0)
    corrected.finish()
    assert [o.center_yx for o in given(corrected, "m00003")] == [(10.5, 12.5)]
    assert given(corrected)[: len(before)] == before
    (text,) = corrected.texts("warning")
    assert text.startswith("No micrograph of the project is called gone.")


# ---- automatic ones


@pytest.fixture
def labelled(corrected):
    """A desk with automatic labels on two micrographs; the third was never picked."""
    corrected.session.change("peaks", threshold=4.0)
    corrected.finish()
    corrected.session.step(1)
    corrected.pick()
    corrected.session.step(-1)
    corrected.session.labeller.label_automatically()
    corrected.finish()
    return corrected


def test_confident_and_weak_picks_are_labelled(labelled):
    assert labelled.session.labeller.has_automatic
    for name in ("m00001", "m00002"):
        verdicts = [o.accepted for o in automatic(labelled, name)]
        assert 0 < len(verdicts) <= 2 * auto_labels.MOST
        assert len(set(verdicts)) == 2
    assert automatic(labelled, "m00003") == []
    assert labelled.session.history.undo_title == "Label automatically"
    labelled.session.undo()
    assert not labelled.session.labeller.has_automatic


def test_noise_above_the_threshold_of_a_classifier_is_not_confident():
    """A classifier recommends a low threshold, and rejects most of what passes it."""
    height = np.repeat([0.8, 0.4], 30)
    picks = Picks(
        np.column_stack([np.arange(60) * 50.0, np.zeros(60)]),
        height,
        height,
        np.where(height > 0.5, 0.9, 0.1),
        np.zeros(60, bool),
    )
    stored = StoredCandidates("key", picks, (3000, 100), 1.0, 40.0, "dark", 1.0)
    parameters = PickParameters(particle=ParticleParameters(diameter_angstrom=40))
    weights = choose_weights(parameters)
    assert weights.classifier.threshold < 0.2 < weights.detector.threshold
    labels = auto_labels.label_candidates(stored, Plan(weights.resolve(parameters), weights))
    assert [label.accepted for label in labels] == [True] * 30 + [False] * 30
    np.testing.assert_array_equal([label.center_yx for label in labels], picks.centers_yx)


def test_candidates_on_dirt_are_not_labelled():
    height = np.repeat([0.8, 0.4], 30)
    clearance = np.where(np.arange(60) % 2, 9.0, 0.0)
    picks = Picks(
        np.column_stack([np.arange(60) * 50.0, np.zeros(60)]),
        height,
        height,
        np.where(height > 0.5, 0.9, 0.1),
        np.zeros(60, bool),
        clearance,
    )
    stored = StoredCandidates("key", picks, (3000, 100), 1.0, 40.0, "dark", 1.0)
    parameters = PickParameters(particle=ParticleParameters(diameter_angstrom=40))
    weights = choose_weights(parameters)
    labels = auto_labels.label_candidates(stored, Plan(weights.resolve(parameters), weights))
    clean = {tuple(center) for center in picks.centers_yx[clearance > 1].tolist()}
    assert {label.center_yx for label in labels} == clean


def test_a_persons_labels_are_not_touched_and_win(labelled):
    own = given(labelled)
    assert len(own) == 4
    reach = 0.25 * labelled.current.diameter_px
    near = [
        o
        for o in automatic(labelled)
        for mine in own
        if (o.anchor_yx[0] - mine.anchor_yx[0]) ** 2 + (o.anchor_yx[1] - mine.anchor_yx[1]) ** 2
        <= reach**2
    ]
    assert near == []
    one = automatic(labelled)[0]
    labelled.current.set_label([labelled.current.row_at(one.center_yx)], not one.accepted)
    assert one not in automatic(labelled)
    assert len(given(labelled)) == 5
    labelled.session.undo()
    assert one in automatic(labelled)
    assert len(given(labelled)) == 4


def test_doing_it_again_replaces_them(labelled):
    before = [o.anchor_yx for o in automatic(labelled)]
    labelled.session.labeller.label_automatically()
    labelled.finish()
    assert [o.anchor_yx for o in automatic(labelled)] == before


def test_they_decide_nothing_and_go_in_one_step(labelled):
    states = labelled.current.states.copy()
    labelled.session.labeller.forget_automatic()
    assert not labelled.session.labeller.has_automatic
    assert len(given(labelled)) == 4
    assert (labelled.current.states == states).all()
    labelled.session.undo()
    assert labelled.session.labeller.has_automatic


def test_both_kinds_go_into_a_file(labelled, tmp_path):
    labelled.session.labeller.save(tmp_path / "a.csv")
    read = read_labels(tmp_path / "a.csv")
    sources = {o.source for labels in read.values() for o in labels}
    assert sources == {"person", "model"}


def test_what_is_missing_for_automatic_labels_is_said(desk, discs):
    labeller = desk.session.labeller
    labeller.label_automatically()
    desk.open(*discs)
    desk.session.change("particle", diameter_angstrom=36.0)
    labeller.label_automatically()
    desk.finish()
    assert desk.texts("warning") == ["Give the particle diameter first.", "Press Pick first."]
    desk.pick(threshold=100.0)
    labeller.label_automatically()
    desk.finish()
    assert desk.texts("warning")[-1].startswith("No pick stands out")
    assert not labeller.has_automatic


def test_it_can_be_cancelled(corrected, gate_before):
    gate = gate_before(auto_labels, "label_candidates")
    corrected.session.labeller.label_automatically()
    assert gate.reached.wait(LIMIT_S)
    corrected.session.labeller.cancel()
    gate.opened.set()
    corrected.finish()
    assert not corrected.session.labeller.has_automatic
    assert corrected.texts() == []


def test_a_micrograph_that_went_meanwhile_is_left_out(corrected, gate_before):
    from napari_drpnet.project.state.edits import MicrographEdit

    gate = gate_before(auto_labels, "label_candidates")
    corrected.session.labeller.label_automatically()
    assert gate.reached.wait(LIMIT_S)
    record = corrected.project.micrographs["m00001"]
    corrected.session.do(MicrographEdit(before=(record,), after=()))
    gate.opened.set()
    corrected.finish()
    assert not corrected.session.labeller.has_automatic


# ---- 2D classes


def places(desk, names=("m00001", "m00002")):
    """All candidates of some micrographs, as the members of a class."""
    return {name: desk.session.store.load_candidates(name).picks.centers_yx for name in names}


def by_class(desk, name="m00001"):
    return [o for o in desk.project.labels(name) if o.source == "classes"]


def test_a_class_is_rejected_on_several_micrographs_as_one_step(labelled):
    session, members = labelled.session, places(labelled)
    before, clicks = dict(labelled.project.state.labels), given(labelled)
    count = session.labeller.label_class(members, 4.0, accepted=False)
    # Three of the candidates of the first micrograph have been decided one by one.
    assert count == sum(map(len, members.values())) - 3
    assert {o.accepted for name in members for o in by_class(labelled, name)} == {False}
    assert given(labelled) == clicks
    assert not labelled.session.labeller.has_automatic
    assert session.history.undo_title == "Reject 2D class"
    session.undo()
    assert dict(labelled.project.state.labels) == before


def test_a_class_that_is_accepted_after_all_replaces_its_labels(labelled):
    labeller, members = labelled.session.labeller, places(labelled)
    count = labeller.label_class(members, 4.0, accepted=False)
    assert labeller.label_class(members, 4.0, accepted=False) == 0
    assert labeller.label_class(members, 4.0, accepted=True) == count
    assert {o.accepted for name in members for o in by_class(labelled, name)} == {True}


def test_a_point_that_was_moved_by_hand_is_not_labelled_again(picked):
    picked.current.move(0, tuple(picked.current.review.centers_yx[0] + 7))
    members = {"m00001": picked.current.review.centers_yx}
    count = picked.session.labeller.label_class(members, 4.0, accepted=False)
    assert count == len(members["m00001"]) - 1
    assert [o.accepted for o in given(picked)] == [True]


def test_a_class_is_decided_if_all_members_have_labels_and_those_of_classes_agree(labelled):
    labeller, members = labelled.session.labeller, places(labelled)
    assert labeller.class_verdict(members, 4.0) is None
    labeller.label_class(members, 4.0, accepted=False)
    assert labeller.class_verdict(members, 4.0) is False
    name, centers = next(iter(members.items()))
    labeller.label_class({name: centers}, 4.0, accepted=True)
    assert labeller.class_verdict({name: centers}, 4.0) is True
    assert labeller.class_verdict(members, 4.0) is None  # they disagree
    more = {name: np.concatenate([centers, centers[:1] + 1000])}
    assert labeller.class_verdict(more, 4.0) is None


def test_labels_of_a_class_are_saved(labelled):
    session = labelled.session
    session.labeller.label_class(places(labelled), 4.0, accepted=False)
    kept, folder = by_class(labelled), session.store.folder
    journal = (folder / "journal.jsonl").read_text()
    assert '"classes"' in journal
    session.close()
    store, project = ProjectStore.open(folder)
    store.close(project)
    assert [o for o in project.labels("m00001") if o.source == "classes"] == kept
