"""Refusal of implausible options."""

import click

from napari_drpnet.picking.parameters import ParticleParameters
from napari_drpnet.picking.plausibility import find_implausible


def require_plausible(particle: ParticleParameters) -> None:
    """Refuse an implausible diameter or pixel size.

    Raises
    ------
    click.UsageError
        If a number is implausible. The message tells how to pick with it all the same.
    """
    found = find_implausible(particle.diameter_angstrom, particle.pixel_size_angstrom)
    if found:
        option = f"--{found.name.replace(' ', '-')}"
        confirm = "or give --unusual to pick with it"
        raise click.UsageError(f"{option}: {found.reason}. {found.remedy}, {confirm}")
