"""`drpnet doctor`: check the installation, and show what will be used."""

import json
import platform
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import click

from napari_drpnet import __version__
from napari_drpnet.base.devices import choose_device
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.cli.output import echo
from napari_drpnet.picking.networks.weights import (
    list_weights,
    load_classifier,
    load_detector,
    user_weights_folder,
)

Findings = dict[str, str]

_CORE = ("torch", "numpy", "scipy", "numba", "mrcfile", "tifffile", "pydantic")
_WINDOW = ("napari", "npe2", "qtpy", "PyQt6", "PySide6", "PyQt5", "PySide2")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object")
def command(as_json: bool) -> None:
    """Check this installation: versions, devices, weights, window, folders.

    The exit code is 0 if micrographs can be picked, and 1 if something required is missing.
    """
    problems: list[str] = []
    sections = {
        "Versions": _versions(),
        "Devices": _devices(),
        "Weights": _weights(problems),
        "Window": _window(),
        "Folders": _folders(),
    }
    if as_json:
        echo(json.dumps({"problems": problems, **sections}))
    else:
        for title, findings in sections.items():
            click.secho(title, bold=True)
            for name, finding in findings.items():
                echo(f"  {name:14} {finding}")
        echo("Everything is here." if not problems else "PROBLEMS:")
        for problem in problems:
            echo(f"  {problem}")
    click.get_current_context().exit(1 if problems else 0)


def _versions() -> Findings:
    here = {"napari-drpnet": __version__, "python": f"{platform.python_version()} {sys.executable}"}
    system = {"system": platform.platform()}
    return here | {name: _version(name) for name in _CORE} | system


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def _devices() -> Findings:
    import torch

    chosen = choose_device()
    findings = {
        "chosen": f"{chosen.name} ({chosen.reason})",
        "cpu": f"{torch.get_num_threads()} threads",
    }
    for number in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(number)
        memory = f"{properties.total_memory / 2**30:.0f} GiB"
        findings[f"cuda:{number}"] = f"{properties.name}, {memory}"
    return findings


def _weights(problems: list[str]) -> Findings:
    """List all weights, and check that the default networks can be loaded."""
    findings = {name: str(path) for name, path in list_weights().items()}
    loaders: tuple[Callable[[], object], ...] = (load_detector, load_classifier)
    for load in loaders:
        try:
            load()
        except InputFileError as error:
            problems.append(f"default weights: {error}")
    return findings


def _window() -> Findings:
    findings = {name: _version(name) for name in _WINDOW}
    installed = {name: version for name, version in findings.items() if version != "not installed"}
    return (installed or {"napari": "not installed: pip install 'napari-drpnet[gui]'"}) | {
        "manifest": _manifest()
    }


def _manifest() -> str:
    """Check the plugin manifest as far as possible without napari."""
    if _version("npe2") == "not installed":
        return "not checked: npe2 is not installed"
    from npe2 import PluginManifest

    path = Path(__file__).parents[1] / "napari.yaml"
    try:
        manifest = PluginManifest.from_file(path)
        manifest.validate_imports()
    except (ValueError, ImportError, AttributeError, OSError) as error:
        return f"INVALID: {error}"
    return f"valid: {path}"


def _folders() -> Findings:
    from napari_drpnet.picking.detectors.peak_loops import smooth_rows

    compiled: Any = smooth_rows
    return {
        "package": str(Path(__file__).parents[1]),
        "weights": str(user_weights_folder()),
        "compiled loops": compiled.dispatcher.stats.cache_path,
    }
