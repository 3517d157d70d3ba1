"""Options that the commands of `drpnet train` share."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from napari_drpnet.cli.weights import RESERVED
from napari_drpnet.picking.networks.weights import user_weights_folder

Function = TypeVar("Function", bound=Callable[..., Any])

device_option = click.option(
    "--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps"
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout"
)


def out_option(used_with: str) -> Callable[[Function], Function]:
    """Return the option ``--out``, which gives the function the ``path`` of the weights.

    Parameters
    ----------
    used_with : str
        Option that takes a name of such weights.
    """
    return click.option(
        "--out",
        "path",
        required=True,
        callback=_parse_target,
        metavar="NAME|FILE",
        help=f"Name for the weights, to be used with {used_with}, or a .safetensors file",
    )


def _parse_target(context: click.Context, option: click.Parameter, value: str) -> Path:
    path = Path(value)
    if path.suffix == ".safetensors":
        return path
    if not re.fullmatch(r"\w[\w-]*", value) or value in RESERVED:
        raise click.BadParameter(f"{value!r} is neither a name for weights nor a .safetensors file")
    return user_weights_folder() / f"{value}.safetensors"


def require_new(path: Path, overwrite: bool) -> None:
    """Raise a usage error if weights exist that may not be replaced."""
    if path.exists() and not overwrite:
        raise click.UsageError(f"{path} exists: choose another name, or give --overwrite")
