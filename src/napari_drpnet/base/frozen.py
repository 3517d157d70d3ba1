"""Bases of all frozen models: parameters, and what a project keeps in its files."""

from pydantic import BaseModel, ConfigDict

#: How a field says its unit at the end of its name.
_UNITS = {"_angstrom": "Å", "_px": "px", "_um": "µm", "_kv": "kV"}


def split_unit(name: str) -> tuple[str, str]:
    """Return the name of a field without its unit, and the unit; "" where it has none.

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
    """Base of all parameter models: frozen, finite numbers, and no unknown names."""


class Stored(_Frozen):
    """Base of all that is kept in files: frozen, finite numbers, and no unknown names."""
