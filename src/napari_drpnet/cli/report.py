"""`drpnet report`: a page about what was picked."""

from pathlib import Path

import click

from napari_drpnet.batch.results.report import write_report
from napari_drpnet.cli.progress import StageBar


@click.command()
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Write FOLDER/report.html about what `drpnet pick` has written to FOLDER.

    The page shows counts and scores, micrographs that stand out, and those that failed. It is
    one file, which can be sent to others.
    """
    with StageBar() as bar:
        path = write_report(folder, bar)
    click.echo(f"Report: {path}")
