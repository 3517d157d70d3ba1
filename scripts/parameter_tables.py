"""Write the tables of options into docs/command-line.md, from the commands themselves.

Run ``python scripts/parameter_tables.py`` after a change to a parameter model or a verb. Between
the markers ``<!-- drpnet pick -->`` and ``<!-- end -->`` everything is replaced: how the verb is
called, and its options. Options of a parameter model have their titles, bounds and defaults from
there, and a heading for each stage; the others come last.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import click
from pydantic import BaseModel

from napari_drpnet.cli import main
from napari_drpnet.cli.options import flag
from napari_drpnet.parameters import PickParameters, SimulationParameters

PAGE = Path(__file__).parent.parent / "docs" / "command-line.md"
MODELS: dict[str, type[BaseModel]] = {"pick": PickParameters, "simulate": SimulationParameters}

_BLOCK = re.compile(r"<!-- (drpnet [a-z ]+) -->\n.*?<!-- end -->", re.DOTALL)
_NOTES = re.compile(r"\s*\[([^\[\]]*)\]\s*$")

_RANGE = re.compile(r"([\d.]+)<=x<=([\d.]+)")
_BOUND = re.compile(r"x(>=|<=|>|<)")
_SYMBOLS = {">=": "≥ ", "<=": "≤ ", ">": "> ", "<": "< "}


def update(text: str) -> str:
    """Return the text of the page with new tables between its markers."""
    return _BLOCK.sub(lambda block: _render(block[1]), text)


def verbs() -> Iterator[str]:
    """Yield all verbs, such as ``drpnet weights list``."""
    context = click.Context(main, info_name="drpnet")
    for name in main.list_commands(context):
        verb = main.get_command(context, name)
        names = verb.list_commands(context) if isinstance(verb, click.Group) else [""]
        yield from (f"drpnet {name} {sub}".strip() for sub in names)


def context_of(name: str) -> click.Context:
    """Return the context in which a verb, such as ``drpnet weights list``, would run."""
    first, *rest = name.split()
    context = click.Context(main, info_name=first, **main.context_settings)
    for word in rest:
        assert isinstance(context.command, click.Group)
        command = context.command.get_command(context, word)
        if command is None:
            raise SystemExit(f"{PAGE.name} has a table for {name!r}, which is no verb")
        context = click.Context(command, info_name=word, parent=context)
    return context


def _render(name: str) -> str:
    context = context_of(name)
    usage = " ".join([name, *context.command.collect_usage_pieces(context)])
    options = {
        option.opts[0]: option
        for option in context.command.get_params(context)
        if isinstance(option, click.Option) and "--help" not in option.opts
    }
    tables = []
    for heading, flags in _stages(name.split()[1]):
        tables.append(_table(heading, [options.pop(each) for each in flags], context))
    if options:
        tables.append(_table("Options", list(options.values()), context))
    return "\n\n".join([f"<!-- {name} -->", f"    {usage}", *tables, "<!-- end -->"])


def _stages(verb: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the stages of the model of a verb, with the options of each."""
    if verb not in MODELS:
        return
    fields = {name: field.annotation for name, field in MODELS[verb].model_fields.items()}
    stages = {
        name: kind
        for name, kind in fields.items()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }
    for name, model in (stages or {"micrograph": MODELS[verb]}).items():
        yield name.capitalize(), [flag(field) for field in model.model_fields]


def _table(heading: str, options: list[click.Option], context: click.Context) -> str:
    rows = [f"| {heading} | | |", "|---|---|---|"]
    for option in options:
        record = option.get_help_record(context)
        assert record is not None
        signature, text = record
        notes: list[str] = []
        while match := _NOTES.search(text):
            bounds = _RANGE.sub(r"x>=\1, x<=\2", match[1])
            notes.insert(0, _BOUND.sub(_symbol, bounds).replace(";", ","))
            text = text[: match.start()]
        cells = [f"`{signature.removesuffix(' RANGE')}`", text, ", ".join(notes)]
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(rows)


def _symbol(bound: re.Match[str]) -> str:
    """Write click's ``x>=2`` as the parameter models do: ``≥ 2``."""
    return _SYMBOLS[bound[1]]


if __name__ == "__main__":
    PAGE.write_text(update(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
