from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from napari_drpnet.picking.parameters import (
    ClassifierParameters,
    ParticleParameters,
    PeakParameters,
    PickParameters,
)
from napari_drpnet.project.state.edits import (
    Edit,
    EditGroup,
    LabelEdit,
    MicrographEdit,
    MicrographRecord,
    PaintEdit,
    Settings,
    SettingsEdit,
    combine,
)
from napari_drpnet.project.state.labels import Label
from napari_drpnet.project.state.strokes import Patch


def record(number=1, **changes):
    fields = {"name": "a.mrc", "path": Path("/a.mrc"), "output": "a", "defocus_angstrom": None}
    fields |= {"id": f"m{number:04d}", "pixel_size_angstrom": None}
    return MicrographRecord(**fields | changes)


def label(number=1, accepted=True, y=0.0):
    return Label(id=number, center_yx=(y, 2.5), anchor_yx=(1, 2), accepted=accepted)


def label_edit(before=(), after=(), micrograph="m0001"):
    return LabelEdit(micrograph=micrograph, before=before, after=after)


def settings_edit(before, after):
    return SettingsEdit(
        before=Settings(peaks=PeakParameters(sigma_px=before)),
        after=Settings(peaks=PeakParameters(sigma_px=after)),
    )


def paint_edit():
    patch = Patch(3, 5, np.full((2, 4), 1, np.uint8), np.full((2, 4), 3, np.uint8))
    return PaintEdit.of("m0001", (70, 90), patch, "Paint ice")


EVERY_KIND = [
    paint_edit(),
    label_edit((label(1),), (label(2), label(3, False))),
    settings_edit(1, 2),
    MicrographEdit(before=(record(included=False),), after=()),
    EditGroup(title="Paint", edits=(settings_edit(1, 2), label_edit((), (label(),)))),
]


@pytest.mark.parametrize("edit", EVERY_KIND, ids=lambda edit: edit.kind)
def test_an_edit_comes_back_from_json(edit):
    adapter = TypeAdapter(Edit)
    assert adapter.validate_json(adapter.dump_json(edit)) == edit


@pytest.mark.parametrize("edit", EVERY_KIND, ids=lambda edit: edit.kind)
def test_the_inverse_of_the_inverse_is_the_edit(edit):
    assert edit.inverse() != edit
    assert edit.inverse().inverse() == edit
    assert edit.inverse().title


def test_the_inverse_of_a_group_runs_backwards():
    first, second = settings_edit(1, 2), settings_edit(2, 3)
    group = EditGroup(title="Two", edits=(first, second))
    assert group.inverse().edits == (settings_edit(3, 2), settings_edit(2, 1))


@pytest.mark.parametrize(
    ("edit", "title"),
    [
        (label_edit(), "Change labels"),
        (settings_edit(1, 2), "Change sigma"),
        (SettingsEdit(before=Settings(), after=Settings()), "Change settings"),
        (MicrographEdit(before=(), after=(record(1), record(2))), "Add 2 micrographs"),
        (MicrographEdit(before=(record(),), after=()), "Remove micrograph"),
        (MicrographEdit(before=(record(),), after=(record(included=False),)), "Exclude micrograph"),
        (MicrographEdit(before=(record(included=False),), after=(record(),)), "Include micrograph"),
        (
            MicrographEdit(before=(record(),), after=(record(pixel_size_angstrom=2),)),
            "Change micrograph",
        ),
    ],
)
def test_titles_say_what_is_done(edit, title):
    assert edit.title == title


def test_giving_the_diameter_is_a_change_of_settings():
    given = Settings(particle=ParticleParameters(diameter_angstrom=180))
    assert SettingsEdit(before=Settings(), after=given).title == "Change settings"


def test_settings_are_parameters_once_the_particle_is_known():
    assert Settings().parameters is None
    parameters = PickParameters(
        particle=ParticleParameters(diameter_angstrom=180),
        peaks=PeakParameters(sigma_px=2),
        classifier=ClassifierParameters(accept=0.3),
    )
    assert Settings.model_validate(parameters.model_dump()).parameters == parameters


@pytest.mark.parametrize("output", ["../a", "a/../../b", "/etc/a", "", "."])
def test_outputs_of_micrographs_stay_in_their_folder(output):
    with pytest.raises(ValidationError, match="inside the output folder"):
        record(output=output)


@pytest.mark.parametrize("name", ["x", "m1", "m0001/../..", "M0001", "m0001\n"])
def test_ids_of_micrographs_are_safe_as_file_names(name):
    with pytest.raises(ValidationError, match="id"):
        record(id=name)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_places_are_finite_else_json_would_lose_them(value):
    with pytest.raises(ValidationError, match="finite"):
        label(y=value)


def test_a_stroke_becomes_one_edit():
    stroke = [
        label_edit((), (label(1), label(2))),
        label_edit((label(1), label(7)), (label(1, False), label(7, False))),
        label_edit((label(2),), (label(3),)),
    ]
    (edit,) = combine(stroke)
    assert edit == label_edit((label(7),), (label(1, False), label(7, False), label(3)))


def test_what_comes_to_nothing_is_left_out():
    assert combine([settings_edit(1, 2), settings_edit(2, 1)]) == ()
    assert combine([label_edit((), (label(),)), label_edit((label(),), ())]) == ()
    there, back = label_edit((label(),), (label(y=9),)), label_edit((label(y=9),), (label(),))
    assert combine([there, back]) == ()
    kept = settings_edit(1, 2)
    assert combine([kept, there, back]) == (kept,)


def test_edits_of_different_things_stay_apart():
    edits = (
        label_edit((), (label(),)),
        label_edit((), (label(),), "m0002"),
        settings_edit(1, 2),
        MicrographEdit(before=(), after=(record(),)),
    )
    assert combine(edits) == edits


def test_micrographs_added_in_turn_become_one_edit():
    one, two = (MicrographEdit(before=(), after=(record(k),)) for k in (1, 2))
    assert combine([one, two]) == (MicrographEdit(before=(), after=(record(1), record(2))),)


def test_a_change_of_one_setting_has_its_values_in_words():
    size = [ParticleParameters(diameter_angstrom=99, pixel_size_angstrom=s) for s in (1.06, 1.08)]
    before, after = (Settings(particle=particle) for particle in size)
    edit = SettingsEdit(before=before, after=after)
    assert edit.values == "pixel size 1.06 → 1.08 Å"
    assert edit.inverse().values == "pixel size 1.08 → 1.06 Å"
    weights = Settings(classifier=ClassifierParameters(classifier="/a/mine.safetensors"))
    named = SettingsEdit(before=Settings(), after=weights)
    assert named.values == "classifier default → mine.safetensors"
    accept = Settings(classifier=ClassifierParameters(accept=0.25))
    assert SettingsEdit(before=Settings(), after=accept).values == "accept default → 0.25"
    assert SettingsEdit(before=Settings(), after=before).values == "settings"
