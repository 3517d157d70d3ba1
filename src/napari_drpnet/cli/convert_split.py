"""`drpnet convert --split-by`: a file for each micrograph of RELION's list."""

from collections.abc import Mapping
from pathlib import Path

import click

from napari_drpnet.base.wording import counted, listed
from napari_drpnet.batch import Outputs
from napari_drpnet.batch.split import split_coordinates
from napari_drpnet.cli.output import echo
from napari_drpnet.cli.pick_report import describe_extraction
from napari_drpnet.formats import Coordinates
from napari_drpnet.relion.pipeline import NEWEST, find_project_version


def split(
    source: Path, coordinates: Coordinates, folder: Path, micrographs_star: Path, overwrite: bool
) -> None:
    """Write the coordinates of each micrograph into a folder, and print what was left out.

    Parameters
    ----------
    source : pathlib.Path
        File of the coordinates, for messages.
    coordinates : Coordinates
        Coordinates with the name of the micrograph of each row.
    folder : pathlib.Path
        Output folder.
    micrographs_star : pathlib.Path
        RELION's list of the micrographs.
    overwrite : bool
        Whether to replace coordinate files in the folder.

    Raises
    ------
    InputFileError
        As in `split_coordinates`.
    click.UsageError
        If the coordinates have no names of micrographs.
    """
    if coordinates.micrograph_names is None:
        raise click.UsageError(f"--split-by: {source} does not name the micrograph of each row")
    relion = find_project_version(Path.cwd())
    outputs = Outputs(folder, micrographs_star=micrographs_star, relion=relion or NEWEST)
    done = split_coordinates(source, coordinates, outputs, overwrite=overwrite)
    filled = sum(count > 0 for count in done.written.values())
    echo(
        f"{counted(sum(done.written.values()), 'particle')} of {counted(filled, 'micrograph')}: "
        f"{source} -> {folder}"
    )
    empty = len(done.written) - filled
    if empty:
        echo(f"{counted(empty, 'micrograph')} of {micrographs_star} without particles")
    for line in describe_extraction(outputs, relion):
        echo(line)
    if done.outside:
        _warn(f"{counted(done.outside, 'particle')} left out: outside of their micrographs")
    _warn_of(done.unknown, f"not in {micrographs_star}")
    _warn_of(done.ambiguous, f"may be several micrographs of {micrographs_star}")


def _warn_of(left_out: Mapping[str, int], reason: str) -> None:
    if left_out:
        what = f"{counted(sum(left_out.values()), 'particle')} of {listed(left_out)}"
        _warn(f"{what} left out: {reason}")


def _warn(text: str) -> None:
    echo(f"Warning: {text}", err=True)
