"""Command-line options made from parameter models, with their titles, bounds and defaults."""

from collections.abc import Callable, Collection, Iterator, Mapping
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin

import click
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from napari_drpnet.base.frozen import split_unit

Model = TypeVar("Model", bound=BaseModel)
Function = TypeVar("Function", bound=Callable[..., Any])

_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def model_options(
    model: type[BaseModel], names: Collection[str] | None = None
) -> Callable[[Function], Function]:
    """Return a decorator that gives a command an option for each field of a parameter model.

    Parameters
    ----------
    model : type
        Parameter model. If a field is a model itself, its fields become options.
    names : collection of str, optional
        Names of the fields that become options; by default all do.

    Returns
    -------
    callable
        Decorator of the command's function. The function is called with the values as keyword
        arguments by field name, None for options that are not given; `build_model` makes a model
        of them.
    """

    def decorate(function: Function) -> Function:
        for name, field in reversed(list(_leaves(model))):
            if names is not None and name not in names:
                continue
            click.option(flag(name), name, **_settings(name, field))(function)
        return function

    return decorate


def build_model(
    model: type[Model], values: Mapping[str, Any], config: Mapping[str, Any] | None = None
) -> Model:
    """Make a model from the values of its options; errors name the options.

    Parameters
    ----------
    model : type
        Parameter model whose options the command has.
    values : mapping
        Values by field name; None or none for options that are not given.
    config : mapping, optional
        Values by field name, nested like the model, for options that are not given.

    Returns
    -------
    model
        Instance of `model`.

    Raises
    ------
    click.UsageError
        If a value is not valid.
    """
    try:
        return model.model_validate(_merge(config or {}, _nested(model, values)))
    except ValidationError as error:
        messages = (f"{flag(str(e['loc'][-1]))}: {e['msg']}" for e in error.errors())
        raise click.UsageError("; ".join(messages)) from error


def flag(name: str) -> str:
    """Return the name of the option for a field: without the unit, with dashes.

    Examples
    --------
    >>> flag("pixel_size_angstrom")
    '--pixel-size'
    """
    bare, _ = split_unit(name)
    return f"--{bare.replace('_', '-')}"


def _leaves(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if submodel := _submodel(field):
            yield from _leaves(submodel)
        else:
            yield name, field


def _nested(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    nested = {}
    for name, field in model.model_fields.items():
        submodel = _submodel(field)
        value = _nested(submodel, values) if submodel else values.get(name)
        if value is not None:
            nested[name] = value
    return nested


def _merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**under, **over}
    for name, value in over.items():
        if isinstance(value, Mapping) and isinstance(under.get(name), Mapping):
            merged[name] = _merge(under[name], value)
    return merged


def _submodel(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _settings(name: str, field: FieldInfo) -> dict[str, Any]:
    kind = _kind(field)
    settings: dict[str, Any] = {"help": _describe(field), "required": field.is_required()}
    if kind is bool:
        return settings | {"is_flag": True, "default": None}
    if get_origin(kind) is Literal:
        return settings | {"type": click.Choice(get_args(kind))}
    _, unit = split_unit(name)
    return settings | {"type": kind, "metavar": "PX" if unit == "px" else unit or None}


def _kind(field: FieldInfo) -> Any:
    """Return the type of a field, without None if it is optional."""
    kinds = get_args(field.annotation)
    if NoneType not in kinds:
        return field.annotation
    return next(kind for kind in kinds if kind is not NoneType)


def _describe(field: FieldInfo) -> str:
    """Return the help text of a field: title, bounds and default."""
    notes = [
        f"{sign} {bound:g}"
        for metadata in field.metadata
        for name, sign in _BOUNDS.items()
        if (bound := getattr(metadata, name, None)) is not None
    ]
    title = field.title or ""
    if "default:" not in title:
        notes += _note_default(field)
    return f"{title} [{', '.join(notes)}]" if notes else title


def _note_default(field: FieldInfo) -> list[str]:
    if field.is_required() or field.default is False:
        return []
    default = "as the weights recommend" if field.default is None else field.default
    return [f"default: {default}"]
