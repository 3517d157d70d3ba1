from typing import Literal

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel, Field

from napari_drpnet.cli.options import build_model, flag, model_options
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.simulation.parameters import SimulationParameters


class Inner(BaseModel):
    size_angstrom: float = Field(gt=0, title="Size")
    kind: Literal["a", "b"] | None = Field(None, title="Kind")


class Outer(BaseModel):
    inner: Inner
    count: int = Field(3, ge=1, le=9, title="Count")
    is_wet: bool = Field(False, title="Wet")
    most: int | None = Field(None, title="Most; default: no limit")


@click.command()
@model_options(Outer)
def command(**values):
    click.echo(build_model(Outer, values).model_dump_json())


def run(*arguments):
    return CliRunner().invoke(command, arguments)


def test_values_reach_nested_models():
    shown = run("--size", "2.5", "--kind", "b", "--count", "4", "--is-wet", "--most", "7").stdout
    expected = Outer(inner=Inner(size_angstrom=2.5, kind="b"), count=4, is_wet=True, most=7)
    assert Outer.model_validate_json(shown) == expected


def test_what_is_not_given_keeps_the_default_of_the_model():
    shown = run("--size", "1").stdout
    assert Outer.model_validate_json(shown) == Outer(inner=Inner(size_angstrom=1))


def test_help_has_title_unit_bounds_choice_and_default():
    words = " ".join(run("--help").stdout.split())
    assert "--size Å Size [> 0] [required]" in words
    assert "--kind [a|b] Kind [default: as the weights recommend]" in words
    assert "--count INTEGER Count [≥ 1, ≤ 9, default: 3]" in words
    assert "--is-wet Wet" in words
    assert "--most INTEGER Most; default: no limit" in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Missing option '--size'"),
        (("--size", "0"), "--size: Input should be greater than 0"),
        (("--size", "x"), "'x' is not a valid float"),
        (("--size", "1", "--count", "10"), "--count: Input should be less than or equal to 9"),
        (("--size", "1", "--kind", "c"), "'c' is not one of 'a', 'b'"),
        (("--size", "1", "--colour", "c"), "No such option"),
    ],
)
def test_wrong_values_are_usage_errors(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize("model", [PickParameters, SimulationParameters])
def test_flags_are_unique(model):
    def names(model):
        for name, field in model.model_fields.items():
            kind = field.annotation
            is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
            yield from names(kind) if is_model else [name]

    flags = [flag(name) for name in names(model)]
    assert len(flags) == len(set(flags))
    assert "--diameter" in flags
