"""Run a command in processes that end themselves by SIGKILL, each at another moment.

    python kill_points.py COUNT COMMAND...

The command is run once to its end into the folder ``whole``, then COUNT times into the folders
``killed0``, ``killed1``, ...; the words of the command contain OUT in place of the folder. Moments
are the calls that bring a file to the disk or put it in its place. A file that is about to be
brought to the disk is cut in half before the process ends.
"""

import os
import signal
import stat
import sys
from collections.abc import Callable
from itertools import count

from napari_drpnet.cli import main


def run(command: list[str], folder: str, last: int | None = None) -> int:
    """Run the command; end this process at a moment if one is given. Return how many there are."""
    moments, real = count(), (os.fsync, os.replace)

    def counted(call: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*arguments: object) -> object:
            if next(moments) == last:
                if call is real[0] and stat.S_ISREG(os.fstat(arguments[0]).st_mode):
                    os.ftruncate(arguments[0], os.fstat(arguments[0]).st_size // 2)
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments)

        return wrapped

    os.fsync, os.replace = map(counted, real)
    try:
        main([word.replace("OUT", folder) for word in command], standalone_mode=False)
    finally:
        os.fsync, os.replace = real
    return next(moments)


if __name__ == "__main__":
    wanted, command = int(sys.argv[1]), sys.argv[2:]
    moments = run(command, "whole")
    for number in range(wanted):
        child = os.fork()
        if not child:
            run(command, f"killed{number}", number * moments // wanted)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            sys.exit(f"moment {number} of {moments} has not come")
