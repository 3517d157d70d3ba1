"""Base classes of frozen models: parameters, and data stored in project files."""

from pydantic import BaseModel, ConfigDict

#: Unit of a field by the ending of its name.
_UNITS = {"_angstrom": "Å", "_px": "px", "_um": "µm", "_kv": "kV"}


def split_unit(name: str) -> tuple[str, str]:
    """Split the name of a field into the name without its unit, and the unit ("" if none).

    Examples
    --------
    >>> split_unit("pixel_size_angstrom")
    ('pixel_size', 'Å')
    """
    for ending, unit in _UNITS.items():
        if name.endswith(ending):
            return name.removesuffix(ending), unit
    return name, ""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Parameters(_Frozen):
    """Base class of parameter models: frozen, with finite numbers and no unknown fields."""


class Stored(_Frozen):
    """Base class of models stored in files: frozen, with finite numbers and no unknown fields."""
