"""Command class for external jobs of RELION: its arguments, and how it reports failures."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from napari_drpnet.cli.output import echo
from napari_drpnet.relion import JobFolder

#: Options that RELION adds: control of its own programs, and inputs that a picker does not need.
_RELION_OPTION = re.compile(r"--(pipeline[_-].*|in_(movies|parts|coords|3dref|mask))")

_HINT = "Parameters are pairs of label (without dashes) and value on the tab Params."


class RelionCommand(click.Command):
    """Command that RELION runs as an external job, and that reports every failure to RELION.

    The option ``--o`` names the folder of the job. The exit code of usage errors is 1, because 2
    means aborted in RELION's own programs.
    """

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Parse the arguments; mark the job as failed if they are wrong."""
        folders = [JobFolder(Path(value)) for name, value in pairwise(args) if name == "--o"]
        with _report_failure(folders[0] if folders else None):
            return super().make_context(info_name, args, parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, without the options that RELION adds for its own programs."""
        ours, relions = split_arguments(args)
        if relions:
            echo(f"Ignored: {' '.join(relions)}")
        known = {underscores_to_dashes(name) for option in self.params for name in option.opts}
        for name, value in pairwise([*ours, "--"]):
            if value.startswith("--") and underscores_to_dashes(name) in known:
                raise click.UsageError(f"{name} has no value: fill it in, or clear the label", ctx)
        return super().parse_args(ctx, ours)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the job; mark it as failed if any error ends it."""
        with _report_failure(JobFolder(ctx.params["folder"])):
            return super().invoke(ctx)


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split arguments into our own and those that RELION adds, with their values.

    Examples
    --------
    >>> split_arguments(["--j", "4", "--pipeline_control", "External/job005/", "--diameter", "9"])
    (['--j', '4', '--diameter', '9'], ['--pipeline_control', 'External/job005/'])
    """
    words, ours, relions = deque(arguments), list[str](), list[str]()
    while words:
        word = words.popleft()
        side = relions if _RELION_OPTION.fullmatch(word.split("=")[0]) else ours
        side.append(word)
        if side is relions and "=" not in word and words and not words[0].startswith("--"):
            side.append(words.popleft())
    return ours, relions


def underscores_to_dashes(option: str) -> str:
    """Return the name of an option with dashes instead of underscores."""
    return option.replace("_", "-")


@contextmanager
def _report_failure(folder: JobFolder | None) -> Iterator[None]:
    """Report an error to RELION, unless the folder of the job does not exist."""
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
