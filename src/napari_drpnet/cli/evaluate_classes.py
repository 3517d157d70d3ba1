"""`drpnet evaluate --classes`: compare class maps with true ones."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from napari_drpnet.evaluation.class_files import evaluate_class_files
from napari_drpnet.evaluation.class_report import classes_to_json, format_classes

#: Options of `drpnet evaluate` that class maps can have.
_OPTIONS = {"picks", "truth", "classes", "json_file", "flip_truth_rows"}


def compare_classes(found: Path, truth: Path, rows_of_truth: int | None) -> tuple[Any, str]:
    """Compare class maps, and return the result as JSON-compatible values and as a table.

    Raises
    ------
    click.UsageError
        If an option was given that only picks can have.
    InputFileError
        If a file cannot be used.
    """
    _refuse_options_of_picks(click.get_current_context())
    evaluations = evaluate_class_files(found, truth, rows_of_truth)
    return classes_to_json(evaluations), format_classes(evaluations)


def _refuse_options_of_picks(context: click.Context) -> None:
    given = [
        option.opts[0]
        for option in context.command.params
        if option.name not in _OPTIONS
        and context.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(f"--classes compares class maps: leave out {', '.join(given)}")
