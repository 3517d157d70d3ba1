"""`drpnet curate`: select micrographs by their picks."""

import json
from pathlib import Path
from typing import Any

import click

from napari_drpnet.base.wording import counted
from napari_drpnet.batch.results.curation import CurationRules, Selection, curate
from napari_drpnet.cli.options import build_model, model_options
from napari_drpnet.cli.output import echo
from napari_drpnet.relion.lists import SELECTED

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("folder", metavar="FOLDER", type=FILE)
@model_options(CurationRules)
@click.option(
    "--in-mics",
    type=FILE,
    metavar="STAR",
    help="RELION's list to select from; its columns and optics groups are kept "
    "[default: a new list of the picked micrographs]",
)
@click.option(
    "--out", type=FILE, metavar="STAR", default=SELECTED, show_default=True, help="List to write"
)
@click.option(
    "--exclude", type=FILE, metavar="FILE", help="Names of micrographs to exclude, one on each line"
)
@click.option(
    "--include",
    type=FILE,
    metavar="FILE",
    help="Names of micrographs to keep regardless of the rules",
)
@click.option("--overwrite", is_flag=True, help="Replace an existing list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else")
def command(
    folder: Path,
    in_mics: Path | None,
    out: Path,
    exclude: Path | None,
    include: Path | None,
    overwrite: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Select micrographs by their picks, and write a list of them for RELION.

    FOLDER is an output folder of `drpnet pick`. Prints the micrographs that are excluded, with
    reasons. Micrographs that are not picked are excluded too.
    """
    rules = build_model(CurationRules, values)
    if out.exists() and not overwrite:
        raise click.UsageError(f"{out} already exists; replace it with --overwrite")
    if in_mics and out.exists() and in_mics.exists() and out.samefile(in_mics):
        raise click.UsageError("--out would replace --in-mics itself")
    selection = curate(
        folder, out, rules, micrographs_star=in_mics, include=include, exclude=exclude
    )
    echo(_to_json(selection, out) if as_json else _describe(selection, out))


def _describe(selection: Selection, out: Path) -> str:
    total = len(selection.kept) + len(selection.excluded)
    lines = [f"{name}  excluded: {reason}" for name, reason in selection.excluded.items()]
    lines += [
        f"{len(selection.kept):,} of {counted(total, 'micrograph')} kept, "
        f"with {counted(selection.particles, 'particle')}",
        f"Wrote {out}",
    ]
    return "\n".join(lines)


def _to_json(selection: Selection, out: Path) -> str:
    content = {
        "out": str(out),
        "kept": selection.kept,
        "excluded": selection.excluded,
        "particles": selection.particles,
    }
    return json.dumps(content)
