"""The command `drpnet`: the list of its commands, and how errors are shown."""

import errno
import logging
from importlib import import_module
from typing import Any

import click

from napari_drpnet import __version__
from napari_drpnet.base.errors import InputFileError, explain_os_error

_SUMMARIES = {
    "gui": "Open the picker in napari.",
    "pick": "Pick the particles of micrographs.",
    "segment": "Find ice, carbon and particles; write masks.",
    "report": "Write an HTML report about the picks.",
    "curate": "Select micrographs by their picks.",
    "relion": "Pick as an external job of RELION.",
    "evaluate": "Compare picks with true particles.",
    "simulate": "Simulate micrographs with known particles.",
    "convert": "Convert a coordinate file to another format.",
    "train": "Train networks on simulated micrographs.",
    "weights": "List, describe and import network weights.",
    "doctor": "Check this installation.",
}
INTERRUPTED = 130


class _LazyGroup(click.Group):
    """Group that imports a command only when it is called, so that help is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _SUMMARIES:
            return None
        command: click.Command = import_module(f"napari_drpnet.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_SUMMARIES.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; show expected errors as one line, with an exit code."""
        try:
            return super().invoke(ctx)
        except InputFileError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            raise click.ClickException(explain_os_error(error)) from error
        except KeyboardInterrupt:
            click.echo("Interrupted", err=True)
            ctx.exit(INTERRUPTED)


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 success; 1 a file could not be used or written; 2 wrong usage; "
    "130 interrupted.",
)
@click.version_option(__version__, prog_name="drpnet")
def main() -> None:
    """Pick particles in cryo-EM micrographs with DRPnet.

    Start with: drpnet pick Micrographs --diameter 180 --out Picks
    """
    # For damaged TIFF files our own message is clearer than what tifffile logs.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
