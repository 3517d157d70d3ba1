"""Numbers that are hardly meant, which would cost minutes of work and pick nothing."""

import click

from napari_drpnet.base.wording import short_number
from napari_drpnet.picking.parameters import ParticleParameters

#: Least particle diameter, and range of pixel sizes, that are taken without a question, Å.
_LEAST_DIAMETER, _PIXEL_SIZES = 20.0, (0.1, 20.0)
#: Least particle diameter in pixels; less is enlarged to images of gigabytes.
_LEAST_PX = 6.0
_CONFIRM = "or give --unusual to pick with it"


def require_plausible(particle: ParticleParameters) -> None:
    """Refuse a diameter or a pixel size that is hardly meant.

    Raises
    ------
    click.UsageError
        If a number is implausible. The message tells how to pick with it all the same.
    """
    diameter, pixel_size = particle.diameter_angstrom, particle.pixel_size_angstrom
    if diameter < _LEAST_DIAMETER:
        raise click.UsageError(
            f"--diameter: {short_number(diameter)} Å is less than any particle that can be seen. "
            f"Give it in Å ({short_number(diameter)} nm are {short_number(10 * diameter)} Å), "
            f"{_CONFIRM}"
        )
    if pixel_size is None:
        return
    least, greatest = _PIXEL_SIZES
    if not least <= pixel_size <= greatest:
        raise click.UsageError(
            f"--pixel-size: {short_number(pixel_size)} Å is unusual. Give it in Å, {_CONFIRM}"
        )
    if diameter / pixel_size < _LEAST_PX:
        raise click.UsageError(
            f"--diameter: a particle is only {diameter / pixel_size:.1f} pixels wide. Check "
            f"diameter and pixel size, take micrographs that are binned less, {_CONFIRM}"
        )
