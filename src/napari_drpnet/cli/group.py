"""The command `drpnet`: the list of its commands, and how errors are shown."""

import errno
import logging
import os
from importlib import import_module
from typing import Any

import click

from napari_drpnet import __version__
from napari_drpnet.base.errors import InputFileError, explain_os_error
from napari_drpnet.cli.interrupts import interrupts_raise
from napari_drpnet.cli.output import echo, print_anywhere, printable
from napari_drpnet.cli.unexpected import SHOW_TRACEBACK, explain_unexpected

_SUMMARIES = {
    "gui": "Open the picker in napari.",
    "pick": "Pick the particles of micrographs.",
    "segment": "Find ice, carbon and particles; write masks.",
    "report": "Write an HTML report about the picks.",
    "curate": "Select micrographs by their picks.",
    "relion": "Pick as an external job of RELION.",
    "evaluate": "Compare picks with true particles.",
    "quality": "Judge picks by their reconstruction in RELION.",
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
        interrupts_raise()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_SUMMARIES.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; show errors as one line, with an exit code."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            error.message = printable(error.message)  # type: ignore[misc] # not quite final
            raise
        except InputFileError as error:
            raise _failure(str(error)) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            raise _failure(explain_os_error(error) + _remedy_of(error)) from error
        except KeyboardInterrupt:
            echo("Interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except (click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get(SHOW_TRACEBACK):
                raise
            raise _failure(explain_unexpected(error)) from error


def _remedy_of(error: OSError) -> str:
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return ". Free some space there, and repeat the command" if is_full else ""


def _failure(message: str) -> click.ClickException:
    return click.ClickException(printable(message))


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
    print_anywhere()
    # For damaged TIFF files our own message is clearer than what tifffile logs.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
