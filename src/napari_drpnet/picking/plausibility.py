"""Implausible numbers, which would cost minutes of work and pick nothing."""

from typing import Literal, NamedTuple

from napari_drpnet.base.wording import short_number

#: Least particle diameter in pixels that can be detected; less is enlarged to gigabytes.
LEAST_PARTICLE_PX = 6.0
#: Least particle diameter, and range of pixel sizes, that are taken without a question, Å.
_LEAST_DIAMETER, _PIXEL_SIZES = 20.0, (0.1, 20.0)


class Implausible(NamedTuple):
    """An implausible number: its name, what is wrong with it, and what to do."""

    name: Literal["diameter", "pixel size"]
    reason: str
    remedy: str


def find_implausible(
    diameter_angstrom: float, pixel_size_angstrom: float | None
) -> Implausible | None:
    """Return what is implausible about a particle diameter and a pixel size, or None.

    Parameters
    ----------
    diameter_angstrom : float
        Particle diameter in Å.
    pixel_size_angstrom : float or None
        Pixel size in Å; None if unknown.
    """
    if diameter_angstrom < _LEAST_DIAMETER:
        given = short_number(diameter_angstrom)
        return Implausible(
            "diameter",
            f"{given} Å is less than any particle that can be seen",
            f"Give it in Å ({given} nm are {short_number(10 * diameter_angstrom)} Å)",
        )
    if pixel_size_angstrom is None:
        return None
    least, greatest = _PIXEL_SIZES
    if not least <= pixel_size_angstrom <= greatest:
        reason = f"{short_number(pixel_size_angstrom)} Å is unusual"
        return Implausible("pixel size", reason, "Give it in Å")
    diameter_px = diameter_angstrom / pixel_size_angstrom
    if diameter_px < LEAST_PARTICLE_PX:
        return Implausible(
            "diameter",
            f"a particle is only {diameter_px:.1f} pixels wide",
            "Check diameter and pixel size, take micrographs that are binned less",
        )
    return None
