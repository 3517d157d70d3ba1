"""Unit, bounds and texts of a parameter, read from its model for use in forms."""

import math
from dataclasses import dataclass
from types import NoneType
from typing import Any, Self, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from napari_drpnet.base.frozen import split_unit

_DECIMALS = {"pixel_size_angstrom": 4, "diameter_angstrom": 1}


@dataclass(frozen=True)
class FieldFacts:
    """Properties of one parameter, as a form shows them.

    Parameters
    ----------
    label : str
        Name of the parameter in plain words, with a capital and without unit.
    unit : str
        Unit of the numbers; empty for none.
    kind : type
        Type of the parameter, without the None of an optional one.
    optional : bool
        Whether the parameter may be None.
    default : object
        Default value; None if there is none.
    low, high : float
        Least and greatest allowed number; infinite if there is no bound.
    decimals : int
        Number of decimals that are shown.
    tooltip : str
        Title and bounds of the parameter.
    none_text : str
        Meaning of None.
    """

    label: str
    unit: str
    kind: Any
    optional: bool
    default: Any
    low: float
    high: float
    decimals: int
    tooltip: str
    none_text: str

    @classmethod
    def read(cls, model: type[BaseModel], name: str) -> Self:
        """Read the properties from a field of a parameter model."""
        field = model.model_fields[name]
        kinds = [kind for kind in get_args(field.annotation) if kind is not NoneType]
        optional = NoneType in get_args(field.annotation)
        kind = kinds[0] if optional else field.annotation
        title = field.title or ""
        unit = _unit(name, title)
        decimals = 0 if kind is int else _DECIMALS.get(name, 2)
        return cls(
            label=_label(name),
            unit=unit,
            kind=kind,
            optional=optional,
            default=None if field.is_required() else field.default,
            low=_bound(field, "ge", "gt", 10.0**-decimals, -math.inf),
            high=_bound(field, "le", "lt", -(10.0**-decimals), math.inf),
            decimals=decimals,
            tooltip="\n".join(filter(None, (title, _bounds_text(field, unit)))),
            none_text=title.partition("default: ")[2] or "as recommended",
        )

    @property
    def suffix(self) -> str:
        """The unit with a space before it, to follow a number; empty for none."""
        return f" {self.unit}" if self.unit else ""


def _label(name: str) -> str:
    bare, _ = split_unit(name)
    words = bare.replace("_", " ")
    return words[:1].upper() + words[1:]


def _unit(name: str, title: str) -> str:
    if title.endswith("in particle diameters"):
        return "diameters"
    return split_unit(name)[1]


def _bound(field: FieldInfo, closed: str, opened: str, inward: float, none: float) -> float:
    """Return a bound; for an open bound, the nearest number inside that can be shown."""
    for metadata in field.metadata:
        if (bound := getattr(metadata, closed, None)) is not None:
            return float(bound)
        if (bound := getattr(metadata, opened, None)) is not None:
            return float(bound) + inward
    return none


def _bounds_text(field: FieldInfo, unit: str) -> str:
    signs = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    bounds = [
        f"{sign} {bound:.10g}"
        for metadata in field.metadata
        for name, sign in signs.items()
        if (bound := getattr(metadata, name, None)) is not None
    ]
    return " and ".join(bounds) + (f" {unit}" if bounds and unit else "")
