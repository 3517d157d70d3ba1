"""What is known of a particle before its diameter in Å is."""

import pytest
from pydantic import ValidationError

from napari_drpnet.picking.parameters import ParticleParameters
from napari_drpnet.project.state.particle_draft import ParticleDraft


def test_every_parameter_but_the_diameter_can_wait():
    parameters = dict(ParticleParameters.model_fields)
    waiting = dict(ParticleDraft.model_fields)
    del parameters["diameter_angstrom"], waiting["diameter_px"]
    assert waiting.keys() == parameters.keys()
    for name, field in parameters.items():
        assert (waiting[name].annotation, waiting[name].default) == (
            field.annotation,
            field.default,
        )
    values = {"pixel_size_angstrom": 1.06, "polarity": "bright"}
    assert ParticleDraft().with_values(values).waiting() == values


def test_values_that_wait_are_validated():
    for wrong in ({"pixel_size_angstrom": 0}, {"polarity": "green"}, {"nothing": 1}):
        with pytest.raises(ValidationError):
            ParticleDraft().with_values(wrong)


def test_a_measured_diameter_is_converted_with_the_pixel_size():
    draft = ParticleDraft(diameter_px=170.3)
    assert draft.complete({"pixel_size_angstrom": 1.06})["diameter_angstrom"] == 180.5
    for values in (
        {"polarity": "dark"},
        {"pixel_size_angstrom": None},
        {"pixel_size_angstrom": 1.06, "diameter_angstrom": 200.0},
    ):
        assert draft.complete(values) == values
    values = {"pixel_size_angstrom": 1.06}
    assert draft.without_diameter().complete(values) == values
