"""`drpnet report`: write an HTML report about the picks."""

from pathlib import Path

import click

from napari_drpnet.batch.results.report import write_report
from napari_drpnet.cli.output import echo
from napari_drpnet.cli.progress import StageBar


@click.command()
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Write an HTML report about the picks in FOLDER, an output folder of `drpnet pick`.

    The report, FOLDER/report.html, shows counts and scores, outliers among the micrographs, and
    micrographs that failed. It is a single self-contained file.
    """
    with StageBar() as bar:
        path = write_report(folder, bar)
    echo(f"Report: {path}")
