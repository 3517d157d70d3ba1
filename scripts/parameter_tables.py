"""Write the tables of the documentation that repeat the code: options, parameters and keys.

Run ``python scripts/parameter_tables.py`` after a change to a parameter model, a command or a key.
Between a marker and ``<!-- end -->`` everything is replaced. The markers are

``<!-- drpnet pick -->``
    How a command is called, and its options. Options of a parameter model have their titles, bounds
    and defaults from there, and a heading for each stage; the others come last.
``<!-- peaks: threshold, sigma_px (sigma) -->``
    Fields of a parameter model, with the label of each in the window where it is not the name.
``<!-- keys -->``, ``<!-- keys: next, previous -->``
    All actions that have a key, or these.
``<!-- mouse -->``, ``<!-- painting -->``
    What the mouse does on the micrograph; what keys and mouse do while strokes are painted.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Literal, get_args, get_origin

import click
from pydantic import BaseModel

from napari_drpnet.batch.results.curation import CurationRules
from napari_drpnet.cli import main
from napari_drpnet.cli.options import flag
from napari_drpnet.images.display import DisplayParameters
from napari_drpnet.picking.loading import choose_weights
from napari_drpnet.picking.parameters import ParticleParameters, PickParameters
from napari_drpnet.plugin.fields.field_facts import FieldFacts
from napari_drpnet.project.actions import ACTIONS, GESTURES, PAINTING
from napari_drpnet.project.files.export_options import ExportChoice
from napari_drpnet.simulation.parameters import SimulationParameters
from napari_drpnet.training.common.recipe import ClassifierRecipe, DetectorRecipe, SegmenterRecipe

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "command-line.md"
PAGES = (PAGE, DOCS / "keys.md", *sorted((DOCS / "panels").glob("*.md")))

#: Models of commands, and models of the window.
MODELS: dict[str, type[BaseModel]] = {
    "drpnet pick": PickParameters,
    "drpnet segment": PickParameters,
    "drpnet relion": PickParameters,
    "drpnet curate": CurationRules,
    "drpnet simulate": SimulationParameters,
    "drpnet train detector": DetectorRecipe,
    "drpnet train classifier": ClassifierRecipe,
    "drpnet train segmenter": SegmenterRecipe,
    "drpnet train labels": PickParameters,
}
#: Of the fields of a model that belong to no stage.
_HEADINGS = {"curate": "Rules", "simulate": "Micrograph", "train": "Training"}
FORMS: dict[str, type[BaseModel]] = {"display": DisplayParameters, "export": ExportChoice}

_BLOCK = re.compile(r"<!-- (?!end )([^\n]+?) -->\n.*?<!-- end -->", re.DOTALL)
_NOTES = re.compile(r"\s*\[([^\[\]]*)\]\s*$")

_RANGE = re.compile(r"([\d.]+)<=x<=([\d.]+)")
_BOUND = re.compile(r"x(>=|<=|>|<)")
_RANGE_TEXT = re.compile(r"at least (\S+) and at most (\S+)")
_SYMBOLS = {">=": "≥ ", "<=": "≤ ", ">": "> ", "<": "< "}


def update(text: str) -> str:
    """Return the text of a page with new tables between its markers."""
    return _BLOCK.sub(lambda block: _render(block[1]), text)


def _render(marker: str) -> str:
    kind, _, rest = marker.partition(": ")
    names = rest.split(", ") if rest else []
    if kind.startswith("drpnet "):
        table = _verb_tables(kind)
    elif kind == "keys":
        table = _key_table(names)
    elif kind == "mouse":
        table = _markdown(("mouse on the micrograph", "what it does"), GESTURES)
    elif kind == "painting":
        table = _markdown(("while strokes are painted", "what it does"), PAINTING)
    else:
        table = _form_table(kind, names)
    return "\n\n".join([f"<!-- {marker} -->", table, "<!-- end -->"])


def commands() -> Iterator[str]:
    """Yield all commands, such as ``drpnet weights list``."""
    context = click.Context(main, info_name="drpnet")
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        names = command.list_commands(context) if isinstance(command, click.Group) else [""]
        yield from (f"drpnet {name} {sub}".strip() for sub in names)


def context_of(name: str) -> click.Context:
    """Return the context in which a command, such as ``drpnet weights list``, would run."""
    first, *rest = name.split()
    context = click.Context(main, info_name=first, **main.context_settings)
    for word in rest:
        assert isinstance(context.command, click.Group)
        command = context.command.get_command(context, word)
        if command is None:
            raise SystemExit(f"{PAGE.name} has a table for {name!r}, which is no command")
        context = click.Context(command, info_name=word, parent=context)
    return context


def _verb_tables(name: str) -> str:
    context = context_of(name)
    usage = " ".join([name, *context.command.collect_usage_pieces(context)])
    options = {
        option.opts[0]: option
        for option in context.command.get_params(context)
        if isinstance(option, click.Option) and "--help" not in option.opts
    }
    tables = []
    for heading, flags in _stages(name):
        if stage := [options.pop(each) for each in flags if each in options]:
            tables.append(_table(heading, stage, context))
    if options:
        tables.append(_table("Options", list(options.values()), context))
    return "\n\n".join([f"    {usage}", *tables])


def _stages(command: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the stages of the model of a command, with the options of each."""
    if command not in MODELS:
        return
    fields = {name: field.annotation for name, field in MODELS[command].model_fields.items()}
    stages = {
        name: kind
        for name, kind in fields.items()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }
    for name, model in stages.items():
        yield name.capitalize(), [flag(field) for field in model.model_fields]
    if others := [flag(name) for name in fields if name not in stages]:
        yield _HEADINGS[command.split()[1]], others


def _table(heading: str, options: list[click.Option], context: click.Context) -> str:
    rows = []
    for option in options:
        record = option.get_help_record(context)
        assert record is not None
        signature, text = record
        notes: list[str] = []
        while match := _NOTES.search(text):
            bounds = _RANGE.sub(r"x>=\1, x<=\2", match[1])
            notes.insert(0, _BOUND.sub(_symbol, bounds).replace(";", ","))
            text = text[: match.start()]
        rows.append((f"`{signature.removesuffix(' RANGE')}`", text, ", ".join(notes)))
    return _markdown((heading, "", ""), rows)


def _symbol(bound: re.Match[str]) -> str:
    """Write click's ``x>=2`` as the parameter models do: ``≥ 2``."""
    return _SYMBOLS[bound[1]]


def _key_table(names: list[str]) -> str:
    actions = [ACTIONS[name] for name in names or ACTIONS]
    rows = [(f"`{action.key}`", action.tooltip) for action in actions if action.key]
    return _markdown(("key", "what it does"), rows)


def _form_table(form: str, fields: list[str]) -> str:
    """Return the rows of fields ``name`` or ``name (label in the window)``."""
    rows = []
    for field in fields:
        name, _, label = field.removesuffix(")").partition(" (")
        facts = FieldFacts.read(_form(form), name)
        title, _, bounds = facts.tooltip.partition("\n")
        meaning = title.partition("; default: ")[0]
        choices = get_args(facts.kind) if get_origin(facts.kind) is Literal else ()
        values = ", ".join(choices) or _RANGE_TEXT.sub(r"\1 to \2", bounds)
        rows.append((f"**{label or facts.label}**", meaning, values, _default(form, name, facts)))
    return _markdown(("setting", "what it is", "values", "default"), rows)


def _form(name: str) -> type[BaseModel]:
    model = FORMS.get(name) or PickParameters.model_fields[name].annotation
    assert isinstance(model, type)
    return model


def _default(form: str, name: str, facts: FieldFacts) -> str:
    """Return what holds where nothing is given; of the default weights, where they decide."""
    if _form(form).model_fields[name].is_required():
        return "you give it"
    if facts.default is not None:
        return _text(facts.default)
    if form in PickParameters.model_fields:
        recommended = getattr(getattr(_recommended(), form), name)
        if recommended is not None:
            return f"{_text(recommended)}, from the weights"
    return facts.none_text


@cache
def _recommended() -> PickParameters:
    parameters = PickParameters(particle=ParticleParameters(diameter_angstrom=100))
    return choose_weights(parameters).resolve(parameters)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(head), "|---" * len(head) + "|", *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(update(page.read_text(encoding="utf-8")), encoding="utf-8")
