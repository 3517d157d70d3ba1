"""`drpnet weights`: list, describe and import network weights."""

import json
import re
from pathlib import Path
from typing import Any

import click

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.cli.output import echo
from napari_drpnet.picking.networks.weights import (
    find_weights,
    list_weights,
    read_card,
    read_card_and_hash,
    user_weights_folder,
)

#: Names that users cannot give to their weights: shipped weights, and names with a meaning.
RESERVED = ("default", "none", "detector-default", "segmenter-default", "classifier-default")


@click.group()
def command() -> None:
    """List, describe and import network weights."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array")
def list_all(as_json: bool) -> None:
    """List the weights that can be used by name with --weights and --classifier."""
    known, damaged = [], []
    for name, path in list_weights().items():
        try:
            known.append(_describe(name, path))
        except InputFileError as error:
            damaged.append(str(error))
    if as_json:
        echo(json.dumps(known))
    else:
        lines = [*map(_format, known), f"Imported weights are kept in {user_weights_folder()}"]
        echo("\n".join(lines))
    if damaged:
        raise click.ClickException("; ".join(damaged))


@command.command()
@click.argument("weights", metavar="NAME|FILE")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object")
def info(weights: str, as_json: bool) -> None:
    """Describe weights: settings, training data, licence and hash."""
    content = _describe(weights, find_weights(weights, "detector"))
    if as_json:
        echo(json.dumps(content))
        return
    width = max(map(len, content))
    for key, value in content.items():
        if key == "accept" and value is None:
            value = "automatic"
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        echo(f"{key:{width}}  {value}")


@command.command("import")
@click.argument("mat_file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--name", default="published", show_default=True, help="Name for the weights")
@click.option("--overwrite", is_flag=True, help="Replace weights of this name")
def import_published(mat_file: Path, name: str, overwrite: bool) -> None:
    """Import the published detector from the authors' models/cnet_1.mat.

    The file is in their repository, emcoregit/DRPnet. It may be used for academic purposes only.
    """
    from napari_drpnet.picking.networks.matlab import import_published_detector

    if not re.fullmatch(r"\w[\w-]*", name) or name in RESERVED:
        raise click.BadParameter(f"{name!r} cannot be a name of weights", param_hint="--name")
    if name in list_weights() and not overwrite:
        raise click.UsageError(f"weights {name!r} already exist; replace them with --overwrite")
    path = import_published_detector(mat_file, name)
    echo(f"Imported to {path}\nLicence: {read_card(path).licence}")
    echo(f"Use it with: drpnet pick ... --weights {name} --classifier none")


def _format(weights: dict[str, Any]) -> str:
    classes = f"  classes: {', '.join(weights['classes'])}\n" if "classes" in weights else ""
    return (
        f"{weights['name']}  ({weights['kind']}, particle {weights['particle_px']:g} px, "
        f"sha256 {weights['sha256'][:8]})\n"
        f"{classes}"
        f"  trained on: {weights['trained_on']}\n"
        f"  licence: {weights['licence']}"
    )


def _describe(name: str, path: Path) -> dict[str, Any]:
    card, sha256 = read_card_and_hash(path)
    return {"name": name, "path": str(path), "sha256": sha256, **card.model_dump(mode="json")}
