from pathlib import Path

import pytest

from napari_drpnet.picking.parameters import PeakParameters
from napari_drpnet.project.state.edits import (
    EditGroup,
    LabelEdit,
    MicrographEdit,
    MicrographRecord,
    Settings,
    SettingsEdit,
)
from napari_drpnet.project.state.labels import Label
from napari_drpnet.project.state.model import Project

OTHER = Settings(peaks=PeakParameters(sigma_px=3))


def record(number, **changes):
    fields = {"name": "a", "path": Path("/a"), "output": "a", "defocus_angstrom": None}
    fields |= {"id": f"m{number:04d}", "pixel_size_angstrom": None}
    return MicrographRecord(**fields | changes)


def label(number, accepted=True):
    return Label(id=number, center_yx=(1, 2), anchor_yx=(1, 2), accepted=accepted)


def add_labels(*labels, micrograph="m0001"):
    return LabelEdit(micrograph=micrograph, before=(), after=labels)


@pytest.fixture
def project():
    project = Project()
    project.apply(MicrographEdit(before=(), after=tuple(map(record, (1, 2, 3)))))
    return project


@pytest.fixture
def heard(project):
    heard = []
    project.micrographs_changed.connect(heard.append)
    project.labels_changed.connect(heard.append)
    project.settings_changed.connect(lambda old, new: heard.append((old, new)))
    return heard


def test_a_new_project_is_empty():
    project = Project(OTHER)
    assert (project.micrographs, project.settings) == ({}, OTHER)
    assert project.labels("m0001") == ()
    assert project.next_label_id("m0001") == 1
    assert project.next_micrograph_number() == 1


def test_edits_change_it_and_tell(project, heard):
    project.apply(add_labels(label(2), label(1)))
    project.apply(SettingsEdit(before=Settings(), after=OTHER))
    assert project.labels("m0001") == (label(1), label(2))
    assert project.settings == OTHER
    project.apply(MicrographEdit(before=(record(2),), after=(record(2, included=False),)))
    assert not project.micrographs["m0002"].included
    assert heard == ["m0001", (Settings(), OTHER), ("m0002",)]


def test_a_removed_micrograph_comes_back_in_its_place_with_its_labels(project, heard):
    project.apply(add_labels(label(1), micrograph="m0002"))
    removal = MicrographEdit(before=(record(2), record(1)), after=())
    project.apply(removal)
    assert list(project.micrographs) == ["m0003"]
    project.apply(removal.inverse())
    assert list(project.micrographs) == ["m0001", "m0002", "m0003"]
    assert project.labels("m0002") == (label(1),)
    assert heard == ["m0002", ("m0001", "m0002"), ("m0001", "m0002")]


def test_the_order_is_that_of_numbers():
    project = Project()
    edit = MicrographEdit(before=(), after=(record(10000), record(9999), record(2)))
    project.apply(edit)
    assert list(project.micrographs) == ["m0002", "m9999", "m10000"]
    assert project.next_micrograph_number() == 10001


def test_ids_are_never_given_twice(project):
    edit = add_labels(label(4))
    project.apply(edit)
    project.apply(edit.inverse())
    assert project.next_label_id("m0001") == 5
    added = MicrographEdit(before=(), after=(record(7),))
    project.apply(added)
    project.apply(added.inverse())
    assert project.next_micrograph_number() == 8
    assert project.next_micrograph_number() == 8


MISFITS = {
    "label that is absent": LabelEdit(micrograph="m0001", before=(label(1),), after=()),
    "label that has changed": LabelEdit(micrograph="m0002", before=(label(1),), after=()),
    "label that is there": add_labels(label(1), micrograph="m0002"),
    "label twice": add_labels(label(1), label(1).model_copy()),
    "label removed twice": LabelEdit(micrograph="m0002", before=(label(1, False),) * 2, after=()),
    "no such micrograph": add_labels(label(1), micrograph="m0004"),
    "other settings": SettingsEdit(before=OTHER, after=Settings()),
    "micrograph that is there": MicrographEdit(before=(), after=(record(2),)),
    "micrograph that has changed": MicrographEdit(before=(record(1, included=False),), after=()),
}


@pytest.mark.parametrize("misfit", MISFITS.values(), ids=MISFITS)
@pytest.mark.parametrize("is_grouped", [False, True])
def test_an_edit_that_does_not_fit_changes_nothing(project, heard, misfit, is_grouped):
    project.apply(add_labels(label(1, False), micrograph="m0002"))
    heard.clear()
    fits = (
        add_labels(label(9)),
        MicrographEdit(before=(record(3),), after=()),
        SettingsEdit(before=Settings(), after=Settings()),
    )
    edit = EditGroup(title="Both", edits=(*fits, misfit)) if is_grouped else misfit
    before = project.state
    with pytest.raises(ValueError):
        project.apply(edit, lambda: heard.append("applied"))
    assert project.state is before
    assert heard == []


def test_a_group_tells_once_and_only_when_all_is_done(project):
    seen = []
    project.micrographs_changed.connect(lambda _: seen.append(project.labels("m0001")))
    project.labels_changed.connect(lambda name: seen.append(name))
    edits = (
        add_labels(label(1)),
        add_labels(label(2)),
        MicrographEdit(before=(record(3),), after=()),
    )
    project.apply(EditGroup(title="Three", edits=edits))
    assert seen == [(label(1), label(2)), "m0001"]


def test_views_are_told_even_when_recording_fails(project, heard):
    def fail():
        assert heard == []
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        project.apply(add_labels(label(1)), fail)
    assert project.labels("m0001") == (label(1),)
    assert heard == ["m0001"]


def test_a_project_is_its_state(project):
    project.apply(add_labels(label(1)))
    again = Project.from_state(project.state)
    assert again.state == project.state
    assert again.next_label_id("m0001") == 2
    again.apply(add_labels(label(2)))
    assert project.labels("m0001") == (label(1),)
