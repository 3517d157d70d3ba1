"""A command whose arguments RELION puts together, and whose end RELION learns from a file."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from napari_drpnet.relion import JobFolder

#: What RELION adds on its own account: control of its programs, and inputs that no picker needs.
_RELIONS = re.compile(r"--(pipeline[_-].*|in_(movies|parts|coords|3dref|mask))")

_HINT = "Parameters are pairs of label (without dashes) and value on the tab Params."


class RelionCommand(click.Command):
    """Understands the command line of an external job, and always tells RELION when it fails.

    Its option ``--o`` names the folder of the job. Usage errors end it with 1, as in RELION's own
    programs, where 2 means aborted.
    """

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Parse the arguments; a wrong one is the failure of the job."""
        folders = [JobFolder(Path(value)) for name, value in pairwise(args) if name == "--o"]
        with _failures_told(folders[0] if folders else None):
            return super().make_context(info_name, args, parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what is left without the options that are RELION's own affair."""
        ours, relions = split_arguments(args)
        if relions:
            click.echo(f"Ignored: {' '.join(relions)}")
        known = {underscores_to_dashes(name) for option in self.params for name in option.opts}
        for name, value in pairwise([*ours, "--"]):
            if value.startswith("--") and underscores_to_dashes(name) in known:
                raise click.UsageError(f"{name} has no value: fill it in, or clear the label", ctx)
        return super().parse_args(ctx, ours)

    def invoke(self, ctx: click.Context) -> Any:
        """Do the job; whatever error ends it is its failure."""
        with _failures_told(JobFolder(ctx.params["folder"])):
            return super().invoke(ctx)


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Divide arguments into ours and those that RELION adds on its own account, with values.

    Examples
    --------
    >>> split_arguments(["--j", "4", "--pipeline_control", "External/job005/", "--diameter", "9"])
    (['--j', '4', '--diameter', '9'], ['--pipeline_control', 'External/job005/'])
    """
    words, ours, relions = deque(arguments), list[str](), list[str]()
    while words:
        word = words.popleft()
        side = relions if _RELIONS.fullmatch(word.split("=")[0]) else ours
        side.append(word)
        if side is relions and "=" not in word and words and not words[0].startswith("--"):
            side.append(words.popleft())
    return ours, relions


def underscores_to_dashes(option: str) -> str:
    """Return the name of an option as it is spelt here, however its user spells it."""
    return option.replace("_", "-")


@contextmanager
def _failures_told(folder: JobFolder | None) -> Iterator[None]:
    """Tell RELION of an error; where there is no folder, RELION has not started this."""
    try:
        yield
    except click.exceptions.Exit:
        raise
    except KeyboardInterrupt:
        if folder and folder.path.is_dir():
            folder.end("ABORTED")
        raise
    except BaseException as error:
        if folder and folder.path.is_dir():
            folder.end("FAILURE")
        if isinstance(error, click.UsageError):
            raise click.ClickException(f"{error.format_message()}\n{_HINT}") from error
        raise
