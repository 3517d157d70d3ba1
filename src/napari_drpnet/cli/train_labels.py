"""`drpnet train labels`: train a network on the particles that a 2D classification kept."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import click

from napari_drpnet.cli.batch_options import SOURCES
from napari_drpnet.cli.options import build_model, model_options
from napari_drpnet.cli.output import echo
from napari_drpnet.cli.progress import StageBar
from napari_drpnet.cli.train_options import json_option, out_option, require_new
from napari_drpnet.picking.parameters import PickParameters

if TYPE_CHECKING:
    from napari_drpnet.project.files.selection_labels import SelectionLabels
    from napari_drpnet.project.files.selections import Selection
    from napari_drpnet.project.learning.outcome import TrainedNetwork
    from napari_drpnet.project.state.edits import MicrographRecord
    from napari_drpnet.project.state.labels import Labels

Subject = Literal["classifier", "detector"]


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar=SOURCES)
@click.option(
    "--labels",
    "selected",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Selected particles: particles.star of RELION's Select job, a table of csparc2star, .cs",
)
@click.option(
    "--extracted",
    type=click.Path(path_type=Path),
    metavar="FILE|FOLDER",
    help="What they were selected from: particles.star of the Extract job, or the coordinate files "
    "[default: found through RELION's pipeline]",
)
@click.option(
    "--train",
    "subject",
    type=click.Choice(get_args(Subject)),
    default="classifier",
    show_default=True,
    help="Network to train",
)
@click.option(
    "--most",
    type=click.IntRange(1, 1000),
    default=24,
    show_default=True,
    help="Greatest number of micrographs to learn from, spread evenly",
)
@out_option("pick --classifier or --weights")
@click.option("--overwrite", is_flag=True, help="Replace existing weights")
@json_option
@model_options(PickParameters)
def labels(
    sources: tuple[str, ...],
    selected: Path,
    extracted: Path | None,
    subject: Subject,
    most: int,
    path: Path,
    overwrite: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Train on particles that a 2D classification kept, and on those that it had beside them.

    The arguments are micrographs, as for `drpnet pick`. The selected particles are found on them by
    name. If the micrographs were moved, name the folder where they are now.
    """
    from napari_drpnet.picking.networks.weights import save_network
    from napari_drpnet.project.files.selections import read_selection
    from napari_drpnet.project.learning.label_training import learn_from_labels

    require_new(path, overwrite)
    parameters = build_model(PickParameters, values)
    found, asked = _label(sources, read_selection(selected, extracted), parameters)
    with StageBar() as bar:
        try:
            trained = learn_from_labels(asked, parameters, subject, bar, most)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    save_network(path, trained.state, trained.card)
    if as_json:
        echo(_to_json(found, trained, path))
        return
    echo(_summarize(found, trained, path))
    for sentence in found.left_out:
        echo(sentence, err=True)


def _label(
    sources: tuple[str, ...], selection: "Selection", parameters: PickParameters
) -> "tuple[SelectionLabels, list[tuple[MicrographRecord, Labels]]]":
    """Label the micrographs of some sources; return the labels with their micrographs as well."""
    from napari_drpnet.batch import list_entries
    from napari_drpnet.project.files.selection_labels import KnownMicrographs, label_by_selection
    from napari_drpnet.project.learning.label_training import label_reach
    from napari_drpnet.project.state.edits import MicrographRecord
    from napari_drpnet.project.state.moved_micrographs import require_files

    entries = list_entries(sources, Path())
    listed = [MicrographRecord.of(number, entry) for number, entry in enumerate(entries, 1)]
    records = {record.id: record for record in listed}
    names = {record.id: record.name for record in listed}
    known = KnownMicrographs(names, lambda each: label_reach(records[each], parameters))
    found = label_by_selection(selection, known)
    asked = [(records[each], given) for each, given, _ in found.proposals if given]
    require_files((record for record, _ in asked), "in place of the list")
    return found, asked


def _summarize(labels: "SelectionLabels", trained: "TrainedNetwork", path: Path) -> str:
    lines = [
        f"{name}  {accepted:,} selected, {rejected:,} not"
        for name, (accepted, rejected) in labels.counts.items()
    ]
    before, after = trained.before, trained.after
    verdict = "better" if trained.improved else "not clearly better than the old ones"
    lines += [
        labels.summary,
        f"Wrote {path}",
        f"On held-out labels: right {before.right:,} -> {after.right:,} of {after.labels:,}, "
        f"F1 {before.rates.f1:.3f} -> {after.rates.f1:.3f}",
        f"The new weights are {verdict}",
    ]
    return "\n".join(lines)


def _to_json(labels: "SelectionLabels", trained: "TrainedNetwork", path: Path) -> str:
    content = {
        "weights": str(path),
        "accepted": labels.accepted,
        "rejected": labels.rejected,
        "micrographs": {
            name: {"selected": accepted, "not_selected": rejected}
            for name, (accepted, rejected) in labels.counts.items()
        },
        "among": labels.among,
        "unknown": labels.unknown,
        "ambiguous": labels.ambiguous,
        "improved": trained.improved,
        "before": trained.before.rates._asdict(),
        "after": trained.after.rates._asdict(),
        "card": trained.card.model_dump(mode="json"),
    }
    return json.dumps(content)
