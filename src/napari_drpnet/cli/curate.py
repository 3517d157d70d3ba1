"""`drpnet curate`: which micrographs to go on with."""

import json
from pathlib import Path
from typing import Any

import click

from napari_drpnet.batch.results.curation import CurationRules, Selection, curate
from napari_drpnet.cli.options import build_model, model_options
from napari_drpnet.relion.lists import SELECTED

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("folder", metavar="FOLDER", type=FILE)
@model_options(CurationRules)
@click.option(
    "--in-mics",
    type=FILE,
    metavar="STAR",
    help="RELION's list to choose from, which keeps its columns and optics groups "
    "[default: a new list of what is picked]",
)
@click.option(
    "--out", type=FILE, metavar="STAR", default=SELECTED, show_default=True, help="List to write"
)
@click.option(
    "--exclude", type=FILE, metavar="FILE", help="Names of micrographs that go, one in each line"
)
@click.option(
    "--include", type=FILE, metavar="FILE", help="Names of those that stay whatever the rules say"
)
@click.option("--overwrite", is_flag=True, help="Replace the list that is there")
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
    """Choose micrographs by what `drpnet pick` has found in them, and write RELION's list.

    FOLDER is what `drpnet pick` has written to. Tells which micrographs are excluded, and why.
    Those that are not picked are excluded too.
    """
    rules = build_model(CurationRules, values)
    if out.exists() and not overwrite:
        raise click.UsageError(f"{out} is there already; replace it with --overwrite")
    if in_mics and out.exists() and in_mics.exists() and out.samefile(in_mics):
        raise click.UsageError("--out would replace --in-mics itself")
    selection = curate(
        folder, out, rules, micrographs_star=in_mics, include=include, exclude=exclude
    )
    click.echo(_to_json(selection, out) if as_json else _describe(selection, out))


def _describe(selection: Selection, out: Path) -> str:
    total = len(selection.kept) + len(selection.excluded)
    lines = [f"{name}  excluded: {reason}" for name, reason in selection.excluded.items()]
    lines += [
        f"{len(selection.kept)} of {total} micrographs stay, with {selection.particles} particles",
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
