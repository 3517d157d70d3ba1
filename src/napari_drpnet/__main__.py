"""The program `drpnet`, also as `python -m napari_drpnet`: Ctrl-C ends it at any moment."""

import os
import signal
from types import FrameType

_INTERRUPTED = 130


def main() -> None:
    """Run the command line.

    Before a command runs, and after it, nothing needs to be kept: Ctrl-C then ends the process at
    once. An exception in the middle of an import would show a traceback, or be lost.
    """
    _end_at_interrupt()
    try:
        from napari_drpnet.cli.group import main as command

        command(prog_name="drpnet")
    finally:
        _end_at_interrupt()


def _end_at_interrupt() -> None:
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:  # as set by nohup, and by shells for &
        signal.signal(signal.SIGINT, _end)


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, b"Interrupted\n")
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
