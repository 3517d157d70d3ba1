import math
from typing import Literal, get_args

import pytest

from napari_drpnet.picking.parameters import (
    ClassifierParameters,
    DetectorParameters,
    ParticleParameters,
    PeakParameters,
)
from napari_drpnet.plugin.fields.field_facts import FieldFacts
from napari_drpnet.project.files.export_options import ExportChoice


def test_units_come_from_the_name_or_the_title():
    facts = FieldFacts.read(ParticleParameters, "pixel_size_angstrom")
    assert (facts.label, facts.unit, facts.suffix) == ("Pixel size", "Å", " Å")
    assert FieldFacts.read(PeakParameters, "sigma_px").unit == "px"
    assert FieldFacts.read(PeakParameters, "min_distance").unit == "diameters"
    assert FieldFacts.read(PeakParameters, "threshold").suffix == ""


def test_bounds_are_those_of_the_model():
    sigma = FieldFacts.read(PeakParameters, "sigma_px")
    assert (sigma.low, sigma.high) == (0, 50)
    threshold = FieldFacts.read(PeakParameters, "threshold")
    assert (threshold.low, threshold.high) == (0, math.inf)


def test_an_open_bound_becomes_the_nearest_number_that_can_be_shown():
    assert FieldFacts.read(ParticleParameters, "diameter_angstrom").low == pytest.approx(0.1)


def test_the_tooltip_is_the_title_with_bounds():
    tooltip = FieldFacts.read(PeakParameters, "sigma_px").tooltip
    assert tooltip.startswith(PeakParameters.model_fields["sigma_px"].title)
    assert tooltip.endswith("at least 0 and at most 50 px")
    tooltip = FieldFacts.read(ExportChoice, "box_size_px").tooltip
    assert tooltip.endswith("at least 2 and at most 1000000 px")


@pytest.mark.parametrize(
    ("model", "name", "meaning"),
    [
        (ParticleParameters, "pixel_size_angstrom", "from its header"),
        (PeakParameters, "max_count", "no limit"),
        (ClassifierParameters, "accept", "the cut of best expected F1 on each micrograph"),
        (ClassifierParameters, "least_f1", "as recommended"),
    ],
)
def test_what_none_means_is_read_from_the_title(model, name, meaning):
    facts = FieldFacts.read(model, name)
    assert facts.optional
    assert facts.none_text == meaning


def test_the_kind_is_without_none():
    assert FieldFacts.read(PeakParameters, "max_count").kind is int
    kind = FieldFacts.read(DetectorParameters, "normalization").kind
    assert get_args(kind) == ("robust", "published")
    kind = FieldFacts.read(DetectorParameters, "precision").kind
    assert kind == Literal["float32", "bfloat16"]
