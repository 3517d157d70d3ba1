import math

import pytest
from pydantic import BaseModel, ValidationError

from napari_drpnet.base.frozen import Parameters
from napari_drpnet.picking import parameters
from napari_drpnet.picking.parameters import ParticleParameters, PeakParameters, PickParameters
from napari_drpnet.simulation.parameters import SimulationParameters

STAGES = [
    model
    for model in vars(parameters).values()
    if isinstance(model, type) and issubclass(model, Parameters) and model is not Parameters
]


def leaves(model):
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from leaves(kind)
        else:
            yield name, field


def test_only_the_diameter_must_be_given():
    chosen = PickParameters.model_validate({"particle": {"diameter_angstrom": 120}})
    assert chosen.peaks.level == 1
    assert chosen.classifier.classifier == "default"
    required = [name for name, field in leaves(PickParameters) if field.is_required()]
    assert required == ["diameter_angstrom"]
    assert SimulationParameters().negative_stain is False


@pytest.mark.parametrize("model", STAGES, ids=lambda model: model.__name__)
def test_every_parameter_has_a_title_for_forms_and_flags(model):
    for name, field in leaves(model):
        assert field.title, name


@pytest.mark.parametrize("model", STAGES, ids=lambda model: model.__name__)
def test_every_length_says_its_unit(model):
    units = {"_angstrom": "Å", "_kv": "kV", "_um": "µm"}
    for name, field in leaves(model):
        for suffix, unit in units.items():
            assert not name.endswith(suffix) or unit in field.title, name


def test_round_trip_through_json():
    chosen = PickParameters(
        particle=ParticleParameters(diameter_angstrom=120, polarity="dark"),
        peaks=PeakParameters(threshold=0.3, max_count=9),
    )
    assert PickParameters.model_validate_json(chosen.model_dump_json()) == chosen


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (ParticleParameters, {}),
        (ParticleParameters, {"diameter_angstrom": 0}),
        (ParticleParameters, {"diameter_angstrom": -5}),
        (ParticleParameters, {"diameter_angstrom": math.nan}),
        (ParticleParameters, {"diameter_angstrom": math.inf}),
        (ParticleParameters, {"diameter_angstrom": 100, "pixel_size_angstrom": 0}),
        (ParticleParameters, {"diameter_angstrom": 100, "polarity": "grey"}),
        (ParticleParameters, {"diameter_angstrom": 100, "diametre": 1}),
        (PeakParameters, {"sigma_px": -1}),
        (PeakParameters, {"threshold": math.nan}),
        (PeakParameters, {"level": 4}),
        (PeakParameters, {"score": "depth"}),
        (PeakParameters, {"max_count": 0}),
        (SimulationParameters, {"width_px": 10}),
        (SimulationParameters, {"clumped": 1.5}),
    ],
)
def test_values_out_of_bounds_are_refused(model, values):
    with pytest.raises(ValidationError):
        model(**values)


def test_parameters_do_not_change():
    chosen = PeakParameters()
    with pytest.raises(ValidationError, match="frozen"):
        chosen.level = 2
